"""A long talk: back and forth, by key and hands-free, with interruptions, looking for gaps, growth and stalls."""

import itertools
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from parley.bench.record import resources
from parley.bench.sitting import Sitting
from parley.bench.speech import Spoken
from parley.bench.tape import PLAYED
from parley.bench.turns import INTO_ANSWER_S

LOOK_EVERY_S = 10.0
STEADY_S = 900.0
"""What memory does before is growing up: caches fill, the window's parts are used for the first time, and it keeps the last ten minutes of
sound, to be played again."""

SLOPE_OVER_S = 60.0
"""A slope is told only of at least so much that was steady."""

INTERRUPTED_EVERY = 6
MOODS_EVERY = 10
"""So many turns hands-free, so many by key, and again."""

NEW_EVERY = 30
"""Turns after which another conversation begins."""


@dataclass(slots=True)
class Soak:
    """What came of it."""

    asked: int = 0
    answered: int = 0
    interrupted: int = 0
    samples: list[dict[str, Any]] = field(default_factory=list)
    """Every ten seconds: `at_s`, and of each process memory, threads and open files."""

    def growth(self, process: str) -> dict[str, Any]:
        """Of a process: resident memory, a straight line through it once it is steady; threads and files then and at the end."""
        found = [(each["at_s"], each[process]) for each in self.samples if each.get(process)]
        if not found:
            return {}
        mb = np.array([figures["rss_kb"] / 1024 for _, figures in found])
        steady = np.array([at >= STEADY_S for at, _ in found])
        slope: float | None = None
        if found[-1][0] >= STEADY_S + SLOPE_OVER_S:
            slope = float(np.polyfit(np.array([at for at, _ in found])[steady] / 3600, mb[steady], 1)[0])
        first, last = (found[index][1] for index in (int(np.argmax(steady)), -1))
        return {
            "at_first_mb": round(float(mb[0]), 1),
            "steady_mb": round(float(mb[np.argmax(steady)]), 1) if steady.any() else None,
            "last_mb": round(float(mb[-1]), 1),
            "most_mb": round(float(mb.max()), 1),
            "slope_mb_an_hour": None if slope is None else round(slope, 2),
            "slope_share_an_hour": None if slope is None else round(slope / float(mb[steady][0]), 4),
            "threads": [first["threads"], last["threads"]],
            "files": [first["files"], last["files"]],
        }


def talk(sitting: Sitting, questions: Sequence[Spoken], minutes: float, tick: Callable[[float], None]) -> Soak:
    """Talk for so long; `tick` is told how many seconds have passed."""
    soak, began, looked = Soak(), time.monotonic(), float("-inf")
    for number, question in enumerate(itertools.cycle(questions)):
        now_s = time.monotonic() - began
        over = now_s >= minutes * 60
        if over or now_s >= looked + LOOK_EVERY_S:
            looked = now_s
            soak.samples.append(_look(sitting, now_s))
        tick(now_s)
        if over:
            return soak
        mood, turn = divmod(number, MOODS_EVERY)
        if turn == 0:
            sitting.window.tell("shut" if mood % 2 else "open")
        if number and number % NEW_EVERY == 0:
            sitting.begin_anew()
        _turn(sitting, soak, question, by_key=bool(mood % 2), interrupt=number % INTERRUPTED_EVERY == INTERRUPTED_EVERY - 1)
    raise AssertionError("a cycle does not end")


def _turn(sitting: Sitting, soak: Soak, question: Spoken, *, by_key: bool, interrupt: bool) -> None:
    end_s = sitting.ask_by_key(question)[0] if by_key else sitting.say(question.sound).wait()
    first_s = sitting.heard_after(end_s)
    soak.asked += 1
    soak.answered += first_s is not None
    if interrupt and first_s is not None:
        sitting.tape.wait_until(first_s + INTO_ANSWER_S)
        sitting.window.tell("interrupt")
        sitting.tape.wait_until(sitting.tape.now_s + INTO_ANSWER_S)
        soak.interrupted += sitting.tape.is_quiet(PLAYED, INTO_ANSWER_S / 2)
    sitting.settle()


def _look(sitting: Sitting, at_s: float) -> dict[str, Any]:
    engine = sitting.window.engine_pid
    found: Mapping[str, Any] = {"window": resources(sitting.window.pid), "engine": None if engine is None else resources(engine)}
    return {"at_s": round(at_s, 1), **found}
