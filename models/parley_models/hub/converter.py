"""Conversion beside the download: one shard at a time, on a thread of its own, while the next one is being fetched."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self

Tick = Callable[[int], None]
"""Told how many more bytes were read."""

Work = Callable[[Tick], None]


class _GivenUpError(Exception):
    """Somebody wants to leave; the shard is converted anew next time."""


class Converter:
    """Does one piece of work after the other. Made and used by one thread; `close` comes with leaving its context.

    Who leaves because something failed waits for the work that goes on, so that it is not lost; who is interrupted (Ctrl+C) waits only
    until its next block.
    """

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="converting")
        self._leaving = threading.Event()
        self._running: Future[None] | None = None
        self.doing = ""
        """What goes on; empty if nothing does."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if kind is not None and not issubclass(kind, Exception):
            self._leaving.set()
        self._executor.shutdown()

    def begin(self, name: str, work: Work) -> None:
        """Begin, as soon as what was begun before is done. Raises what that raised."""
        self.wait()
        self.doing, self._running = name, self._executor.submit(work, self._tick)

    def wait(self) -> None:
        """Until nothing goes on. Raises what the work raised."""
        running, self._running = self._running, None
        if running is not None:
            running.result()
        self.doing = ""

    @property
    def busy(self) -> bool:
        """Whether `wait` would wait."""
        return self._running is not None and not self._running.done()

    def _tick(self, _: int) -> None:
        if self._leaving.is_set():
            raise _GivenUpError
