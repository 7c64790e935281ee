"""Numbers from 0 to 100: neighbours, counting, repeating, comparing, even and odd."""

from parley_models.numbers import HIGHEST, number
from parley_training.corpus.exchange import Fact, Writer
from parley_training.corpus.frames import wording
from parley_training.corpus.grammar import Grammar

LONGEST_COUNT = 5
"""How many numbers one answer counts."""


def _neighbour(where: str) -> Grammar:
    then = {
        "after": "(after|right after|just after|directly after|next after)",
        "before": "(before|right before|just before|directly before)",
    }[where]
    own = {
        "after": "what lies just past {n}|count one past {n}|we count on from {n}, what (comes|follows)|counting on from {n}, what is next|what follows {n}|which number follows {n}|what number follows {n}|what is one more than {n}|what's one more than {n}|what number is one more than {n}|what's the next number after {n}|counting up, what comes after {n}|i count to {n}, what comes now|i say {n} and you say what|we are at {n}, what is next|one up from {n} is (what|which number)|if (i|you) say {n}, what is the number that follows|(i|you) say {n}, (then|and then) the next number is (what|which)|you are at {n}, say the next one|we count past {n}, what is next|what is next (when|if) (we|i) count past {n}|counting past {n}, (what|which number) comes next|what is {n} and one more|one (higher|further) than {n} is what|who comes behind {n}|{n} is done, what number now|add one to {n}|after {n} we say what",
        "before": "what (lies|stands) (just|right) ahead of {n}|ahead of {n} (comes|stands) what|we count back from {n}, what (comes|follows)|counting (back|backwards) from {n}, what (is next|comes next)|what precedes {n}|which number precedes {n}|what is one less than {n}|what's one less than {n}|what number is one less than {n}|counting down, what comes after {n}|what's the number just below {n}|i count down from {n}, what comes now|one down from {n} is (what|which number)|what is {n} without one|one (lower|back) from {n} is what|what came before we said {n}|to reach {n}, what number is last before it|take one from {n}|before {n} we say what|which number leads to {n}",
    }[where]
    more = {"after": "more", "before": "less"}[where]
    return wording(
        then=then,
        direct=f"((what|which) number (comes|is) <then> {{n}}|what (comes|is) <then> {{n}}|what is the number <then> {{n}}|what's the number <then> {{n}}|what's <then> {{n}}|{own}|{{n}}, what comes <then> (it|that)|"
        "(what|which) one comes <then> {n}|<then> {n} comes (what|which number)|(what|which) is the number <then> {n}|the number <then> {n} is (what|which))",
        clause=f"((what|which) number (comes|is) <then> {{n}}|what (comes|is) <then> {{n}}|what the number <then> {{n}} is|what is one {more} than {{n}})",
        topic=f"(the number <then> {{n}}|the number that comes <then> {{n}}|one {more} than {{n}}|the number one {more} than {{n}})",
        fragment="(<then> {n}|<then> {n}, what|number <then> {n}|and <then> {n}|<then> {n} comes|the number <then> {n})",
    )


after = Writer(
    "number_after",
    _neighbour("after"),
    [Fact({"n": number(n)}, f"After {number(n)} comes {number(n + 1)}.", number(n + 1).replace("-", " ")) for n in range(HIGHEST)],
    weight=4,
)

before = Writer(
    "number_before",
    _neighbour("before"),
    [Fact({"n": number(n)}, f"Before {number(n)} comes {number(n - 1)}.", number(n - 1).replace("-", " ")) for n in range(1, HIGHEST + 1)],
    weight=4,
)


def _count(a: int, b: int) -> Fact:
    step = 1 if b >= a else -1
    counted = [number(n) for n in range(a, b + step, step)]
    return Fact(
        {"a": number(a), "b": number(b)},
        f"{', '.join(counted).capitalize()}.",
        " ".join(counted).replace("-", " "),
        weight=4.0 if max(a, b) <= 20 else 1.0,
    )


_SPANS = [span for span in range(-LONGEST_COUNT + 1, LONGEST_COUNT) if abs(span) >= 2]

count = Writer(
    "count",
    wording(
        to="(to|to|until|till|through)",
        direct="(how do you count from {a} <to> {b}|what are the numbers from {a} <to> {b}|which numbers go from {a} <to> {b}|what do you say when you count from {a} <to> {b}|how does one count from {a} <to> {b})",
        topic="(the numbers from {a} <to> {b}|all numbers from {a} <to> {b}|all the numbers from {a} <to> {b}|every number from {a} <to> {b})",
        fragment="(from {a} <to> {b}|numbers from {a} <to> {b}|{a} <to> {b}|counting from {a} <to> {b}|the numbers {a} <to> {b})",
        order="(count from {a} <to> {b}|count from {a} <to> {b}|count {a} <to> {b}|count the numbers from {a} <to> {b}|start at {a} and count <to> {b}|begin with {a} and count <to> {b}|count for me from {a} <to> {b}|list the numbers from {a} <to> {b}|"
        "say the numbers from {a} <to> {b}|say all numbers from {a} <to> {b}|go from {a} <to> {b}|starting at {a}, count <to> {b}|count (up|down|upwards|downwards|forward|backwards) from {a} <to> {b}|name the numbers from {a} <to> {b}|now count all the way from {a} <to> {b})",
    ),
    [_count(a, a + span) for a in range(HIGHEST + 1) for span in _SPANS if 0 <= a + span <= HIGHEST],
    weight=4,
)

repeat = Writer(
    "repeat_number",
    wording(
        number="({n}|the number {n}|the number {n})",
        order="(repeat <number>|repeat <number> (after me|back to me)|repeat after me, {n}|say <number>|say <number> (again|after me|out loud|aloud|back to me)|say after me, {n}|speak <number>|echo <number>|pronounce <number>|read out <number>|"
        "tell me <number> again|repeat what i say, {n}|copy me, {n})",
        direct="(how do you (say|pronounce) <number>|how is <number> (pronounced|spoken)|how would you say <number>|how does <number> sound)",
        fragment="(repeat, {n}|say, {n}|after me, {n}|the number {n}|number {n})",
    ),
    [Fact({"n": number(n)}, f"{number(n).capitalize()}.", number(n).replace("-", " ")) for n in range(HIGHEST + 1)],
    weight=4,
)


def _pairs() -> list[tuple[int, int]]:
    """Every two numbers that differ, those up to twenty ten times over, and four times those whose tens don't tell which is larger."""
    small = [(a, b) for a in range(21) for b in range(21) if a != b]
    every = [(a, b) for a in range(HIGHEST + 1) for b in range(HIGHEST + 1) if a != b]
    return every + small * 10 + [(a, b) for a, b in every if a // 10 == b // 10] * 4


def _compare(more: str, most: str) -> Grammar:
    return wording(
        more=more,
        most=most,
        direct="((what|which) [number] is <more>, {a} or {b}|(what|which) is the <more> number, {a} or {b}|(what|which) is <more>, {a} or {b}|(what|which) one is <more>, {a} or {b}|is {a} or {b} <more>|{a} or {b}, (which|what) is <more>|"
        "of {a} and {b}, which is <more>|between {a} and {b}, which is <more>|(what|which) is the <more> of {a} and {b}|which of {a} and {b} is <more>|which of the numbers {a} and {b} is <more>|(what|which) is the <most> of {a} and {b}|"
        "which is <more>, is it {a} or {b}|here are {a} and {b}, which is <more>|i have {a} and you have {b}, which is <more>|what do you think is <more>, {a} or {b}|which one of the two is <more>, {a} or {b}|{a} and {b}, which one is <more>|(if|when) (we|i) compare {a} and {b}, (which|which one) is <more>|we have {a} and {b}, (which|which one) is (the <more> one|<more>)|my friend says {a} and i say {b}, which is <more>|is {a} <more> or [is] {b}|is it {a} or {b} that is <more>)",
        clause="((what|which) [number] is <more>, {a} or {b}|which one is <more>, {a} or {b}|which of {a} and {b} is <more>|whether {a} or {b} is <more>|what the <more> of {a} and {b} is|(what|which) is the <more> number, {a} or {b})",
        topic="(the <more> number, {a} or {b}|the <more> of {a} and {b}|the <more> one, {a} or {b}|the <most> of {a} and {b})",
        fragment="(<more>, {a} or {b}|{a} or {b}, <more>|the <more> of {a} and {b}|{a} or {b}, the <more> one|{a} and {b}, which is <more>|{a}, {b}, which is <more>)",
        order="(compare {a} and {b} and (say|tell me) which is <more>|choose the <more> number, {a} or {b}|decide which is <more>, {a} or {b}|say which is <more>, {a} or {b}|(compare|look at|take) {a} and {b}, (which|which one|what) is <more>|pick the <more> number, {a} or {b}|pick the <more> of {a} and {b})",
    )


larger = Writer(
    "larger",
    _compare("(larger|bigger|greater|higher)", "(largest|biggest|greatest)"),
    [
        Fact(
            {"a": number(a), "b": number(b)},
            f"{number(max(a, b)).capitalize()} is larger than {number(min(a, b))}.",
            number(max(a, b)).replace("-", " "),
        )
        for a, b in _pairs()
    ],
    weight=4,
)

smaller = Writer(
    "smaller",
    _compare("(smaller|smaller|lower)", "(smallest|lowest)"),
    [
        Fact(
            {"a": number(a), "b": number(b)},
            f"{number(min(a, b)).capitalize()} is smaller than {number(max(a, b))}.",
            number(min(a, b)).replace("-", " "),
        )
        for a, b in _pairs()
    ],
    weight=4,
)

parity = Writer(
    "parity",
    wording(
        n="({n}|{n}|the number {n})",
        either="(even or odd|odd or even|even or odd|an even or an odd number|an odd or an even number)",
        direct="(is <n> <either>|is <n> <either>|is <n> (even|odd)|is <n> an (even|odd) number|would you say <n> is <either>|<n>, is (it|that) <either>|{n} is <either>|what is {n}, <either>|which is it for {n}, even or odd|what kind of number is {n}, <either>|"
        "does {n} count as <either>|do you call {n} <either>)",
        clause="((if|whether) <n> is <either>|(if|whether) <n> is (even|odd)|(if|whether) <n> is an (even|odd) number|whether it's even or odd, {n})",
        fragment="(<n>, <either>|{n}, (even|odd)|<either>, {n}|{n}, an (even|odd) number|and {n}, <either>|even or odd, what is {n})",
    ),
    [
        Fact({"n": number(n)}, f"{number(n).capitalize()} is {'odd' if n % 2 else 'even'}.", "odd" if n % 2 else "even")
        for n in range(HIGHEST + 1)
    ],
    weight=4,
)
