"""The colours of things."""

from parley_training.corpus.exchange import Fact, Writer
from parley_training.corpus.frames import wording
from parley_training.corpus.world import facts

colour = Writer(
    "colour",
    wording(
        direct="((what|which) color is {thing}|what is the color of {thing}|what's the color of {thing}|(what|which) color does {thing} have|what color would you say {thing} is|{thing} is (what|which) color|"
        "{thing}, (what|which) color is (it|that)|(what|which) color has {thing} got|in (what|which) color do you see {thing}|what kind of color (is {thing}|does {thing} have)|of (what|which) color is {thing}|"
        "what color should i paint {thing}|how would you color {thing}|(what|which) color do you paint {thing}|(what|which) color goes with {thing}|(what|which) is the color of {thing}|what color is {thing} (usually|normally))",
        clause="((what|which) color {thing} (is|has)|what the color of {thing} is|(what|which) color {thing} (usually|normally) (is|has)|of (what|which) color {thing} is|what is the color of {thing})",
        topic="(the color of {thing}|the usual color of {thing}|the color that {thing} has|the color {thing} has)",
        fragment="(color of {thing}|{thing}, color|{thing}, (what|which) color|{thing} is (what|which) color|and the color of {thing}|color, {thing}|{thing} has the color)",
    ),
    [Fact({"thing": row["thing"]}, f"{row['thing'].capitalize()} is {row['colour']}.", row["colour"]) for row in facts("colours")],
    weight=6,
)
