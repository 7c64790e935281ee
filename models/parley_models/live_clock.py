"""How late an answer would be if its question were being spoken just now, although it lies complete in a file."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class LiveClock:
    """Counts the time between a question's end and what follows.

    A microphone brings a block of sound only when it has been spoken, so the work on earlier blocks is done while the
    question still lasts. Nobody waits here: each block's work is timed, and begins in the reckoning when its sound
    would have arrived or when the work before it is done, whichever is later.
    """

    def __init__(self, now_s: Callable[[], float] = time.perf_counter) -> None:
        self._now_s = now_s
        self._heard_s = 0.0
        self._done_s = 0.0
        self._mark_s = now_s()

    def start_work(self) -> None:
        """The next block of sound is taken in hand."""
        self._mark_s = self._now_s()

    def worked(self, sound_s: float) -> None:
        """The block taken in hand, so many seconds of sound, is done."""
        self._heard_s += sound_s
        self._done_s = max(self._done_s, self._heard_s) + self._now_s() - self._mark_s
        self._mark_s = self._now_s()

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """The time in here is not ours: whoever asked does something with a piece of the answer."""
        begun_s = self._now_s()
        yield
        self._mark_s += self._now_s() - begun_s

    @property
    def since_question_ms(self) -> float:
        """Milliseconds since the question's end, work that was left over from it included."""
        return (max(self._done_s - self._heard_s, 0.0) + self._now_s() - self._mark_s) * 1000
