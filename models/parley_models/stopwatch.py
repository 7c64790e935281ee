"""How fast an answer is made: the time spent inside model and voice, without what they had to wait for.

An answer that is thought ahead stands still until the question has ended, and other sessions take their turns in between: time on the
wall would say nothing about the model.
"""

import contextlib
import time
from collections.abc import Callable, Iterator
from statistics import median

from parley_models.prebuffer import Pace
from parley_models.tokens import GROUP_SECONDS

WINDOW_IDS = 5
"""Ids that are timed together: a model that drafts gives a group at once and then thinks."""

MOST_WINDOWS = 100
"""The last 500 ids count, 9 s of speech and its text."""


class Stopwatch:
    """Times one answer."""

    def __init__(self, rate: float = 1.0, clock: Callable[[], float] = time.perf_counter) -> None:
        """`rate`: how fast is spoken; `clock`: seconds, never goes back."""
        self._rate, self._clock = rate, clock
        self._ids = 0
        self._open_s = 0.0
        self._windows_s: list[float] = []
        self._voice_s = 0.0
        self._groups = 0

    def ids(self, ids: Iterator[int]) -> Iterator[int]:
        """Pass ids on; what each takes to come is counted."""
        while True:
            began_s = self._clock()
            token_id = next(ids, None)
            if token_id is None:
                return
            self._open_s += self._clock() - began_s
            self._ids += 1
            if self._ids % WINDOW_IDS == 0:
                self._windows_s = [*self._windows_s[1 - MOST_WINDOWS :], self._open_s]
                self._open_s = 0.0
            yield token_id

    @contextlib.contextmanager
    def voicing(self, groups: int) -> Iterator[None]:
        """In here so many groups become sound."""
        began_s = self._clock()
        yield
        self._voice_s += self._clock() - began_s
        self._groups += groups

    @property
    def pace(self) -> Pace:
        """So far. The middle of the windows: a model that was held up once is not slow."""
        window_s = median(self._windows_s) if self._windows_s else self._open_s * WINDOW_IDS / max(self._ids, 1)
        sound_s = self._groups * GROUP_SECONDS / self._rate
        return Pace(WINDOW_IDS / max(window_s, 1e-9), self._voice_s / sound_s if sound_s else 0.0, self._rate)
