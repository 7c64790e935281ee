"""Days, months, seasons: what follows what, and how many there are."""

from parley_models.numbers import number
from parley_training.corpus.exchange import Fact, Writer
from parley_training.corpus.frames import wording
from parley_training.corpus.grammar import Grammar
from parley_training.corpus.world import facts


def _order(noun: str, where: str) -> Grammar:
    """How people ask what comes before or after; `where` is the intent's direction."""
    then = {
        "after": "(after|right after|just after|directly after|next after|following)",
        "before": "(before|right before|just before|directly before)",
    }[where]
    verb = {
        "after": f"(what|which) {noun} (follows) {{it}}|what follows {{it}}|what {noun} is next after {{it}}",
        "before": f"(what|which) {noun} (precedes|leads up to) {{it}}|what precedes {{it}}|{{it}} follows (what|which) {noun}|{{it}} comes after (what|which) {noun}",
    }[where]
    over = {
        "after": f"{{it}} (has ended|is done|is past|ends|just ended), (what|which) {noun} (comes|starts|is it) (now|next|then)|after {{it}} ends, (what|which) {noun} (comes|starts|is next)|(when|if|as soon as) {{it}} (is finished|has passed|goes by|is behind us|closes), (what|which) {noun} (starts|begins|comes|follows|arrives|is it then)|(what|which) {noun} (begins|starts) (when|as soon as|once|if) {{it}} (ends|is over|is finished|is done)|{{it}} ends and (what|which) {noun} (begins|starts)|at the end of {{it}} (what|which) {noun} (begins|starts)|"
        f"{{it}} is over, (what|which) {noun} (comes|starts|is it) (now|next|then)|once {{it}} is (done|gone|past|over), (what|which) {noun} (starts|begins|comes|follows)|(this|now) is {{it}}, what's the next {noun}|if this is {{it}}, what is the {noun} after|what {noun} do we get when {{it}} ends",
        "before": f"{{it}} (begins|starts|just began), (what|which) {noun} (was it|has ended|was before)|(what|which) {noun} (ended|ends|is over|was over) (when|as soon as|once) {{it}} (began|begins|starts)|once it is {{it}}, (what|which) {noun} is (over|past|gone)|(when|if|as soon as) {{it}} (starts|arrives|is here), (what|which) {noun} (just ended|has passed|went by|is behind us)|"
        f"(this|now) is {{it}}, what was the last {noun}|if this is {{it}}, what was the {noun} before|(what|which) {noun} (was|do we have|lies|stands) (ahead|right ahead) of {{it}}|ahead of {{it}} (comes|lies|was) (what|which) {noun}",
    }[where]
    return wording(
        then=then,
        told=over,
        direct=f"((what|which) {noun} (comes|is|is it|do we have) <then> {{it}}|what (comes|is) <then> {{it}}|what is the {noun} <then> {{it}}|what's the {noun} <then> {{it}}|<then> {{it}} comes (what|which) {noun}|"
        f"(what|which) is the {noun} <then> {{it}}|{verb}|the {noun} <then> {{it}} is (what|which)|what's <then> {{it}}|{{it}}, (what|which) {noun} comes <then> (it|that))",
        clause=f"((what|which) {noun} (comes|is) <then> {{it}}|what (comes|is) <then> {{it}}|what the {noun} <then> {{it}} is [called]|(what|which) {noun} it is <then> {{it}})",
        topic=f"(the {noun} <then> {{it}}|the {noun} that comes <then> {{it}}|the name of the {noun} <then> {{it}}|what comes <then> {{it}})",
        fragment=f"(<then> {{it}}|<then> {{it}}, (what|which) {noun}|{noun} <then> {{it}}|and <then> {{it}}|<then> {{it}} comes|the {noun} <then> {{it}})",
    )


def _neighbours(noun: str, table: str, step: int) -> list[Fact]:
    """Facts of a circle: after Sunday comes Monday."""
    names = [row[noun] for row in facts(table)]
    where = "after" if step > 0 else "before"
    pairs = [(name, names[(at + step) % len(names)]) for at, name in enumerate(names)]
    return [Fact({"it": name}, f"The {noun} {where} {name} is {other}.", other.lower()) for name, other in pairs]


_NOUNS = {"day": ("days", 2.5), "month": ("months", 2.5), "season": ("seasons", 1.0)}

neighbours = [
    Writer(f"{noun}_{where}", _order(noun, where), _neighbours(noun, table, step), weight)
    for noun, (table, weight) in _NOUNS.items()
    for where, step in (("after", 1), ("before", -1))
]

season = Writer(
    "season",
    wording(
        direct="((what|which) season is {known}|(what|which) is {known}|what do you call {known}|what is {known} called|what's {known} called|what is the name of {known}|{known} is (what|which) season|{known}, (what|which) one is (it|that)|"
        "(what|which) of the seasons is {known}|(what|which) one of the seasons is {known}|(what|which) time of the year is {known})",
        clause="((what|which) season is {known}|what {known} is [called]|(what|which) of the seasons is {known}|what you call {known}|what the name of {known} is)",
        topic="({known}|the name of {known})",
        fragment="({known}|{known}, (what|which) one|name of {known}|and {known}|{known}, its name)",
    ),
    [Fact({"known": row["known_as"]}, f"{row['season'].capitalize()} is {row['known_as']}.", row["season"]) for row in facts("seasons")],
    weight=1,
)

amount = Writer(
    "amount",
    wording(
        direct="(how many {parts} (in|are in|are there in|make|make up|go into|fit into) {whole}|how many {parts} does {whole} have|how many {parts} has {whole} got|{whole} has how many {parts}|what is the number of {parts} in {whole}|"
        "what's the number of {parts} in {whole}|{whole}, how many {parts} (is that|does it have|is it|are there)|in {whole}, how many {parts} are there|of how many {parts} is {whole} made|how many {parts} do you (count|have|find) in {whole})",
        clause="(how many {parts} (are in|there are in|make|make up|go into) {whole}|how many {parts} {whole} has|what the number of {parts} in {whole} is)",
        topic="(the number of {parts} in {whole}|the number of {parts} {whole} has|the number of {parts} there are in {whole})",
        fragment="({parts} in {whole}|number of {parts} in {whole}|{whole}, how many {parts}|how many {parts}, {whole}|{whole} in {parts}|and {parts} in {whole})",
    ),
    [
        Fact(
            {"parts": row["part"], "whole": row["whole"]},
            f"There are {number(int(row['count']))} {row['part']} in {row['whole']}.",
            number(int(row["count"])).replace("-", " "),
        )
        for row in facts("amounts")
    ]
    + [
        Fact(
            {"parts": "days", "whole": row["month"]},
            f"There are {number(int(row['days']))} days in {row['month']}.",
            number(int(row["days"])).replace("-", " "),
        )
        for row in facts("months")
    ],
    weight=3,
)
