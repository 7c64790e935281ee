"""The planets: their order and what they are known for."""

from parley_training.corpus.exchange import Fact, Writer
from parley_training.corpus.frames import wording
from parley_training.corpus.world import ORDINALS, facts

_ROWS = facts("planets")

nth_planet = Writer(
    "nth_planet",
    wording(
        direct="((what|which) planet is {nth} from the sun|(what|which) is the {nth} planet [from the sun]|(what's|what is) the {nth} planet [from the sun]|what is the name of the {nth} planet|the {nth} planet [from the sun] is (what|which)|"
        "what do you call the {nth} planet [from the sun]|(what|which) planet is (the {nth}|number {n}|planet number {n}|in {nth} place) [from the sun]|counting from the sun, (what|which) planet is {nth}|"
        "(what|which) planet comes {nth}|{nth} from the sun is (what|which) planet)",
        clause="((what|which) planet is {nth} from the sun|what the {nth} planet [from the sun] is [called]|(what|which) planet is (the {nth}|number {n}) [from the sun]|(what|which) planet comes {nth} [from the sun])",
        topic="(the {nth} planet [from the sun]|the name of the {nth} planet [from the sun]|planet number {n} [from the sun])",
        fragment="({nth} planet|{nth} planet from the sun|planet number {n}|planet {n} from the sun|planets, the {nth}|the {nth} of the planets|and the {nth} planet)",
    ),
    [
        Fact(
            {"nth": nth, "n": str(n)},
            f"The {nth} planet is {row['planet']}.",
            row["planet"].lower(),
        )
        for nth, n, row in zip(ORDINALS, "one two three four five six seven eight".split(), _ROWS, strict=True)
    ],
    weight=2,
)

planet = Writer(
    "planet",
    wording(
        direct="((what|which) planet is {known}|(what|which) is {known}|(what|which) one is {known}|what do you call {known}|what's {known} called|what is {known} called|what is the name of {known}|what's the name of {known}|{known} is (what|which) one|"
        "{known}, (what|which) one is (it|that)|(what|which) of the planets is {known}|by what name do we call {known})",
        clause="((what|which) planet is {known}|(what|which) one is {known}|what {known} is called|what the name of {known} is|what you call {known}|(what|which) of the planets is {known})",
        topic="({known}|the name of {known})",
        fragment="({known}|{known}, (what|which) one|name of {known}|and {known}|{known}, its name)",
    ),
    [
        Fact({"known": row["known_as"]}, f"{row['planet']} is {row['known_as']}.", row["planet"].lower())
        for row in _ROWS
        if row["known_as"] != "-"
    ],
    weight=2,
)
