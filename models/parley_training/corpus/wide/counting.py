"""Counting in steps, counting up to a number, counting down from one."""

from __future__ import annotations

from parley_models.numbers import HIGHEST, number
from parley_training.corpus.frames import wording
from parley_training.corpus.wide.scene import Scene, SceneWriter, among, plainly, values

MOST_NUMBERS = 8
LONGEST_DOWN = 10
_STEPS = {2: "twos", 3: "threes", 4: "fours", 5: "fives", 10: "tens", 20: "twenties", 25: "twenty-fives"}


def counted(numbers: range) -> str:
    """Two, four, six."""
    return f"{', '.join(map(number, numbers)).capitalize()}."


def _by(a: int, step: int, count: int) -> Scene:
    numbers = range(a, a + step * count, step)
    slots = {"a": number(a), "b": number(numbers[-1]), "c": number(abs(step)), "cs": _STEPS[abs(step)]}
    return Scene(slots, plainly(counted(numbers)), " ".join(map(number, numbers)).replace("-", " "))


_BY = [
    _by(a, step * sign, count)
    for step in _STEPS
    for sign in (1, -1)
    for a in range(HIGHEST + 1)
    for count in range(3, MOST_NUMBERS + 1)
    if 0 <= a + step * sign * (count - 1) <= HIGHEST and (step >= 4 or a <= 40 or a % 10 == 0)
]

count_by = SceneWriter(
    "count_by",
    "Voice instruction following",
    wording(
        by="(by {cs}|by {cs}|by {c}|in {cs}|in steps of {c}|{c} at a time|counting by {cs}|with steps of {c})",
        to="(to|to|until|up to|till)",
        direct="(how do you count from {a} to {b} <by>|what are the numbers from {a} to {b} <by>|how does one count <by> from {a} to {b}|what do you say when you count from {a} to {b} <by>)",
        topic="(the numbers from {a} to {b} <by>|the numbers from {a} to {b}, <by>)",
        fragment="(from {a} to {b} <by>|{a} to {b} <by>|counting from {a} to {b} <by>|<by> from {a} to {b})",
        order="(count from {a} <to> {b} <by>|count from {a} to {b} <by>|count <by> from {a} to {b}|count {a} to {b} <by>|count <by>, from {a} <to> {b}|start at {a} and count <by> <to> {b}|go from {a} to {b} <by>|"
        "list the numbers from {a} to {b} <by>|say the numbers from {a} to {b} <by>|skip count from {a} to {b} <by>)",
    ),
    among(_BY),
    weight=4,
    slots=values(_BY),
)


def _line(kind: str, n: int) -> Scene:
    numbers = range(1, n + 1) if kind == "up" else range(n, 0, -1)
    return Scene({"n": number(n)}, plainly(counted(numbers)), " ".join(map(number, numbers)), rule=kind)


_LINES = [_line(kind, n) for kind in ("up", "down") for n in range(3, LONGEST_DOWN + 1)]

_UP = wording(
    direct="(can you count to {n}|could you count to {n}|can you count up to {n}|how do you count to {n}|will you count to {n}|how far is it to {n}, can you count)",
    clause="how to count (to|up to) {n}",
    topic="(the numbers (up to|to) {n}|the first {n} numbers|all numbers up to {n})",
    fragment="(counting to {n}|numbers up to {n}|count, up to {n})",
    order="(count to {n}|count up to {n}|count to {n}|count from the start to {n}|start counting and stop at {n}|say the numbers up to {n}|count until {n}|count all the way to {n})",
)
_DOWN = wording(
    direct="(can you count down from {n}|could you count backwards from {n}|how do you count down from {n}|can you count backward from {n}|can you do a countdown from {n})",
    clause="how to count (down|backwards) from {n}",
    topic="(a countdown from {n}|the countdown from {n}|the numbers down from {n})",
    fragment="(countdown from {n}|backwards from {n}|counting down from {n}|down from {n})",
    order="(count down from {n}|count backwards from {n}|count backward from {n}|do a countdown from {n}|count down starting at {n}|start at {n} and count down|start a countdown from {n}|start a countdown at {n})",
)


def _writer(kind: str) -> SceneWriter:
    scenes = [Scene(scene.slots, scene.parts, scene.key) for scene in _LINES if scene.rule == kind]
    return SceneWriter(
        f"count_{kind}",
        "Voice instruction following",
        _UP if kind == "up" else _DOWN,
        among(scenes),
        weight=2,
        slots=values(scenes),
    )


count_up, count_down = _writer("up"), _writer("down")
