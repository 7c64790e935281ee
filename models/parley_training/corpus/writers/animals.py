"""What animals say, how many legs they have, where they live."""

from parley_training.corpus.exchange import Fact, Writer
from parley_training.corpus.frames import wording
from parley_training.corpus.world import Row, article, facts, plural


def _about(column: str) -> list[Row]:
    return [row for row in facts("animals") if row[column] != "-"]


def _slots(row: Row) -> dict[str, str]:
    animal = row["animal"]
    return {"a_cow": f"{article(animal)} {animal}", "cow": animal, "cows": plural(animal)}


def _subject(row: Row) -> str:
    return f"{article(row['animal']).capitalize()} {row['animal']}"


sound = Writer(
    "animal_sound",
    wording(
        one="({a_cow}|{a_cow}|the {cow})",
        noise="(sound|noise)",
        direct="(what does <one> (say|say|sound like)|what do {cows} (say|sound like)|(what|which) <noise> does <one> make|(what|which) <noise> do {cows} make|how does <one> (sound|go)|how do {cows} (sound|go)|"
        "what (kind of|sort of) <noise> (does <one>|do {cows}) make|what <noise> comes from <one>|<one>, what does it say|what is the <noise> of <one>|what's the <noise> of <one>|"
        "what would <one> say|what does it sound like when <one> (talks|calls)|which <noise> can i hear from <one>)",
        clause="(what (<one> says|{cows} say)|(what|which) <noise> (<one> makes|{cows} make)|how <one> (sounds|goes)|how {cows} (sound|go)|what <one> sounds like|what {cows} sound like|what the <noise> of <one> is)",
        topic="(the <noise> of <one>|the <noise> <one> makes|the <noise> that <one> makes|the <noise> {cows} make|the {cow} <noise>)",
        fragment="({cow} <noise>|<noise> of <one>|<one> says|{cows} say|the {cow} goes|<one>, what <noise>|and <one>, what does it say|{cow}, <noise>)",
        order="((make|do) (the <noise> of <one>|a {cow} <noise>)|sound like <one>|talk like <one>|show me (how <one> sounds|what <one> says))",
    ),
    [Fact(_slots(row), f"{_subject(row)} says {row['sound']}.", row["sound"].replace("-", " ")) for row in _about("sound")],
    weight=4,
)

legs = Writer(
    "animal_legs",
    wording(
        one="({a_cow}|{a_cow}|the {cow})",
        direct="(how many legs does <one> have|how many legs do {cows} have|how many legs has <one> got|how many legs have {cows} got|how many legs are there on <one>|on how many legs does <one> (walk|stand)|"
        "<one> has how many legs|{cows} have how many legs|<one>, how many legs does it have|what is the number of legs of <one>|what's the number of legs (of|on) <one>|what number of legs does <one> have|the legs (of|on) <one>, how many (do you count|has it|would that be)|{cow} legs, how many has it got|if you count the legs of <one>, how many (do you get|is that))",
        clause="(how many legs (<one> has|{cows} have)|how many legs <one> has got|how many legs there are on <one>|on how many legs <one> walks|what the number of legs of <one> is)",
        topic="(the number of legs (of <one>|on <one>|<one> has|{cows} have)|the number of {cow} legs)",
        fragment="({cow} legs, how many|legs of <one>, how many|how many legs, <one>|{cow}, how many legs|{cow}, number of legs|number of legs of <one>|how many legs on <one>)",
        order="count the legs of <one>",
    ),
    [Fact(_slots(row), f"{_subject(row)} has {row['legs']} legs.", row["legs"]) for row in _about("legs")],
    weight=5,
)

home = Writer(
    "animal_home",
    wording(
        one="({a_cow}|{a_cow}|the {cow})",
        direct="(where does <one> live|where do {cows} live|where is the home of <one>|what is the home of <one>|where does <one> have its home|where (can|do|could|would) (i|you|we) find (<one>|{cows})|in (what|which) place does <one> live|"
        "<one>, where does it live|where (should|do|would) (we|you) (go|look) to (see|meet|find) <one>|where (should|could|would) i (look|search) for (<one>|{cows})|if i want to (see|meet) <one>, where (do|must|should) i go|<one> lives where|{cows} live where|where do {cows} make their home|what place do {cows} live in|where would <one> live|where are {cows} at home|where is <one> at home)",
        clause="(where (<one> lives|{cows} live)|where (i|you|we) can find (<one>|{cows})|where the home of <one> is|where <one> has its home|where {cows} are at home|what place <one> lives in)",
        topic="(the home of <one>|the place where (<one> lives|{cows} live)|the place <one> lives in|the {cow}'s home)",
        fragment="({cow}, where does it live|home of <one>|{cows}, where|{cow}, home|<one> lives|and where, <one>)",
    ),
    [Fact(_slots(row), f"{_subject(row)} lives {row['home']}.", row["home"].split()[-1].lower()) for row in _about("home")],
    weight=5,
)
