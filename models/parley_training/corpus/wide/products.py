"""Products up to twelve times twelve, and sums in two steps.

Of a fifth of the pairs of factors one order is kept for the examination; of a fifth of the two-step sums all.
"""

from __future__ import annotations

import random
from functools import cache

from parley_models.evaluation.large_numbers import number
from parley_training.corpus.exchange import Exchange, held_out
from parley_training.corpus.frames import wording
from parley_training.corpus.wide.scene import Scene, SceneWriter, plainly

LARGEST_FACTOR = 12
FIRST, SECOND = 20, 10
"""The largest numbers of the first step, and of the second."""

Step = tuple[int, str, int, str, int]
"""a, first operation, b, second operation, c."""


def product_held_out(a: int, b: int) -> bool:
    """Whether a times b is kept for the examination; b times a then is not."""
    return a < b and held_out("product", a, b)


def two_step_held_out(step: Step) -> bool:
    """Whether a sum in two steps is kept for the examination."""
    a, first, b, second, c = step
    return held_out(f"two_step:{first}{second}", a, b, c)


def product(a: int, b: int) -> Scene:
    """A product and its answer."""
    result = number(a * b)
    slots = {"a": number(a), "b": number(b)}
    return Scene(slots, plainly(f"{number(a).capitalize()} times {number(b)} is {result}."), result.replace("-", " "))


_PAIRS = [(a, b) for a in range(LARGEST_FACTOR + 1) for b in range(LARGEST_FACTOR + 1)]
_HELD_PRODUCTS = frozenset(product(*pair).parts[0].text for pair in _PAIRS if product_held_out(*pair))
_ASKED = [product(*pair) for pair in _PAIRS if not product_held_out(*pair)]

products = SceneWriter(
    "product",
    "Logical reasoning",
    wording(
        times="(times|times|times|multiplied by|times)",
        direct="(what is {a} <times> {b}|what's {a} <times> {b}|what's {a} times {b}|how much is {a} <times> {b}|what does {a} times {b} (make|equal|come to)|what do you get (if|when) you multiply {a} (by|with|and) {b}|"
        "what do i get (if|when) i multiply {a} (by|with) {b}|{a} times {b} (equals|is|makes) (what|how much)|{a} <times> {b}, (what|how much) is (it|that)|what's the product of {a} and {b}|what is the product of {a} and {b}|"
        "if i have {a} bags with {b} apples [each], how many apples do i have|if {a} children have {b} toys each, how many toys are there|what is the result of {a} <times> {b}|what number is {a} times {b}|which number is {a} <times> {b}|"
        "what would {a} times {b} be|what will {a} <times> {b} be|how many are {a} times {b}|{a} groups of {b} are how many|how many legs do {a} tables with {b} legs have|do you know your tables, what's {a} times {b})",
        clause="(what {a} <times> {b} (is|makes|equals)|how much {a} <times> {b} is|what you get (if|when) you multiply {a} (by|with|and) {b}|what the product of {a} and {b} is|what is {a} <times> {b}|what {a} times {b} comes to)",
        topic="(the product of {a} and {b}|{a} times {b}|{a} times {b}|the result of {a} <times> {b}|the answer to {a} <times> {b})",
        fragment="({a} times {b}|{a} times {b}|{a} <times> {b}|{a} times {b} (is|equals|makes)|product of {a} and {b}|{a} times {b}, how much|and {a} times {b})",
        order="(multiply {a} by {b}|multiply {a} (with|and) {b}|calculate {a} <times> {b}|compute {a} <times> {b}|work out {a} <times> {b}|do {a} times {b}|take {a} times {b}|start with {a} and multiply by {b}|solve {a} <times> {b}|"
        "find the product of {a} and {b}|take {b} {a} times)",
    ),
    lambda rng: rng.choice(_ASKED),
    weight=8,
    slots={"a": {number(n) for n in range(LARGEST_FACTOR + 1)}, "b": {number(n) for n in range(LARGEST_FACTOR + 1)}},
    held_out=lambda exchange: exchange.answer in _HELD_PRODUCTS,
)

_OPERATIONS = ("plus", "minus", "times")


def _done(a: int, operation: str, b: int) -> int:
    return {"plus": a + b, "minus": a - b, "times": a * b}[operation]


def two_step(step: Step) -> Scene:
    """A sum in two steps, worked out one after the other."""
    a, first, b, second, c = step
    between = _done(a, first, b)
    result = number(_done(between, second, c))
    slots = {"a": number(a), "one": first, "b": number(b), "two": second, "c": number(c)}
    answer = f"{number(a).capitalize()} {first} {number(b)} is {number(between)}, {second} {number(c)} is {result}."
    return Scene(slots, plainly(answer), result.replace("-", " "))


def _possible(step: Step) -> bool:
    a, first, b, second, c = step
    if (first == "times" and max(a, b) > SECOND) or (second == "times" and _done(a, first, b) > LARGEST_FACTOR):
        return False  # nobody does these in the head
    between = _done(a, first, b)
    return 0 <= between <= 100 and 0 <= _done(between, second, c) <= 100


@cache
def _steps() -> tuple[tuple[Step, ...], frozenset[str]]:
    """The sums that are taught, and the answers to those that are not."""
    every = [
        (a, first, b, second, c)
        for first in _OPERATIONS
        for second in _OPERATIONS
        for a in range(1, FIRST + 1)
        for b in range(1, FIRST + 1)
        for c in range(1, SECOND + 1)
    ]
    possible = [step for step in every if _possible(step)]
    kept = frozenset(two_step(step).parts[0].text for step in possible if two_step_held_out(step))
    return tuple(step for step in possible if not two_step_held_out(step)), kept


def _draw(rng: random.Random) -> Scene:
    return two_step(rng.choice(_steps()[0]))


def _held(exchange: Exchange) -> bool:
    return exchange.answer in _steps()[1]


two_steps = SceneWriter(
    "two_step",
    "Logical reasoning",
    wording(
        then="(, {two} {c}|, then {two} {c}|, and then {two} {c}|, and that {two} {c}|, all {two} {c}|, the result {two} {c})",
        both="({a} {one} {b} <then>|{a} {one} {b} <then>|{a} {one} {b} {two} {c})",
        direct="(what is <both>|what's <both>|what's <both>|how much is <both>|what do you get for <both>|what do i get for <both>|<both> (is|makes|equals) what|what does <both> make|what is the result of <both>|what number is <both>|"
        "what would <both> be|if i take {a} {one} {b}, and that {two} {c}, what do i get|what comes out of <both>)",
        clause="(what <both> (is|makes|equals)|how much <both> is|what you get for <both>|what is <both>|what <both> comes to)",
        topic="(<both>|<both>|the result of <both>|the answer to <both>)",
        fragment="(<both>|<both>|<both> (is|equals|makes)|and <both>)",
        order="(calculate <both>|compute <both>|work out <both>|do <both>|take <both>|solve <both>|start with {a}, {one} {b}, then {two} {c}|take {a}, {one} {b}, then {two} {c})",
    ),
    _draw,
    weight=7,
    slots={
        "a": {number(n) for n in range(FIRST + 1)},
        "b": {number(n) for n in range(FIRST + 1)},
        "c": {number(n) for n in range(SECOND + 1)},
        "one": set(_OPERATIONS),
        "two": set(_OPERATIONS),
    },
    held_out=_held,
)
