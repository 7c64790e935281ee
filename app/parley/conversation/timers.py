"""Timers and reminders that ring: kept in the history, so that they ring after a restart too."""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np

from parley.conversation.events import Timer
from parley.conversation.history import History
from parley_models.errors import StoreError
from parley_models.pcm import AudioChunk

_log = logging.getLogger(__name__)

LONGEST_LOOK_S = 20.0
"""A sleeping computer and a clock that is put right are noticed this late."""

LONGEST = timedelta(days=366)


class Timers:
    """What will ring. On the conversation's thread."""

    def __init__(self, history: History, ring: Callable[[Timer], None], changed: Callable[[tuple[Timer, ...]], None]) -> None:
        self._history = history
        self._ring = ring
        self._changed = changed
        self._timer: asyncio.TimerHandle | None = None
        self._pending: tuple[Timer, ...] = ()
        self._gone: set[int] = set()
        """What rang or was taken back though the file can't be written: not again before the next start."""

    def start(self) -> None:
        """Wait for those that were kept; what should have rung meanwhile rings now."""
        self._refresh()

    def close(self) -> None:
        """Wait no longer; they are kept."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    @property
    def pending(self) -> tuple[Timer, ...]:
        """What is still to ring, the next first."""
        return self._pending

    def add(self, label: str, due: datetime) -> Timer:
        """One more; raises StoreError if it can't be kept."""
        timer = Timer(self._history.next_number("timer"), label, due.astimezone(UTC).isoformat(timespec="milliseconds"))
        self._history.add_timer(timer)
        self._refresh()
        return timer

    def remove(self, number: int) -> None:
        """One that shall not ring."""
        self._forget(number)
        self._refresh()

    def _forget(self, number: int) -> None:
        try:
            self._history.remove_timer(number)
        except StoreError as error:
            self._gone.add(number)
            _log.warning("a timer stays in the history: %s", error)

    def _refresh(self) -> None:
        self.close()
        try:
            kept = self._history.timers()
        except StoreError as error:
            kept = self._pending
            _log.warning("timers are those of before: %s", error)
        self._pending = tuple(timer for timer in kept if timer.number not in self._gone)
        self._changed(self._pending)
        self._wait()

    def _wait(self) -> None:
        if self._pending:
            left_s = (datetime.fromisoformat(self._pending[0].due) - datetime.now(UTC)).total_seconds()
            self._timer = asyncio.get_running_loop().call_later(min(LONGEST_LOOK_S, max(0.0, left_s)), self._look)

    def _look(self) -> None:
        now = datetime.now(UTC)
        due = [timer for timer in self._pending if datetime.fromisoformat(timer.due) <= now]
        if not due:
            self._wait()
            return
        for timer in due:
            self._forget(timer.number)
        self._refresh()
        for timer in due:
            self._ring(timer)


def chime(rate_hz: int = 24_000) -> AudioChunk:
    """Three soft strokes of a bell, 1.5 s."""
    at = np.arange(int(1.5 * rate_hz)) / rate_hz
    sound = np.zeros_like(at)
    for stroke, hz in enumerate((880.0, 1108.73, 1318.51)):  # an A major chord, upwards
        since = at - 0.25 * stroke
        sound += np.where(since >= 0, np.sin(2 * np.pi * hz * since) * np.exp(-4 * np.maximum(since, 0)) * np.minimum(1, since * 200), 0)
    return AudioChunk((0.2 * sound * np.minimum(1, (1.5 - at) * 50)).astype(np.float32), rate_hz)
