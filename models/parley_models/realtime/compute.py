"""The one thread that hears, thinks and speaks for all sessions, a slice for each in turn."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable, Iterator

Work = Iterator[None]
"""Runs until it pauses; a pause is a good moment for others to have their turn."""

logger = logging.getLogger(__name__)


class ComputeThread:
    """Work in lanes: what is in one lane is done in order, lanes take turns. Any thread may hand over."""

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = now_s
        self._step_began_s: float | None = None
        self._lanes: dict[Hashable, deque[Work]] = {}
        self._changed = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="parley-compute")
        self._thread.start()

    def submit(self, lane: Hashable, work: Work) -> None:
        """Put work at the end of a lane."""
        with self._changed:
            if not self._closing:
                self._lanes.setdefault(lane, deque()).append(work)
                self._changed.notify()

    @property
    def busy(self) -> bool:
        """Something is being done, or waits."""
        with self._changed:
            return bool(self._lanes)

    def serves_others(self, lane: Hashable) -> bool:
        """Something of another lane is being done, or waits. Any thread."""
        with self._changed:
            return any(each is not lane for each in self._lanes)

    @property
    def working_s(self) -> float:
        """How long the present step has taken so far; 0 if nothing is being done. Any thread."""
        began_s = self._step_began_s
        return 0.0 if began_s is None else self._now_s() - began_s

    def advanced(self) -> None:
        """The work got somewhere without pausing: another step begins. On this thread."""
        self._step_began_s = self._now_s()

    def close(self, timeout_s: float | None = None) -> bool:
        """Stop at the next pause; what waits is left undone. False if that takes longer than `timeout_s`."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while (found := self._next()) is not None:
            lane, work = found
            self.advanced()
            try:
                next(work)
            except StopIteration:
                self._done(lane)
            except Exception:
                logger.exception("A piece of work failed.")
                self._done(lane)
            self._step_began_s = None
        with self._changed:
            self._lanes.clear()

    def _next(self) -> tuple[Hashable, Work] | None:
        with self._changed:
            self._changed.wait_for(lambda: self._closing or self._lanes)
            if self._closing:
                return None
            lane = next(iter(self._lanes))
            queue = self._lanes.pop(lane)
            self._lanes[lane] = queue  # behind the others
            return lane, queue[0]

    def _done(self, lane: Hashable) -> None:
        with self._changed:
            queue = self._lanes[lane]
            queue.popleft()
            if not queue:
                del self._lanes[lane]
