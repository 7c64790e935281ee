"""Which turn's sound is played when, and how much of it was heard."""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from parley.audio.events import PlaybackBegan, PlaybackEnded, PlaybackEvent, Underrun
from parley.audio.feeder import Feeder
from parley.audio.speaker import SpeakerFeed
from parley_models.pcm import AudioChunk

START_S = 0.06
"""From a turn's first chunk to its first sample, if it is a short one: what the network may be late by."""

AT_ONCE_S = 0.2
"""So much of a turn lasts until more comes anyhow: nothing is waited for."""

RESTART_S = 0.1
"""The same after an underrun, which says that it is later than that."""

AHEAD_S = 0.4
"""What the speaker's queue holds: more than the audio thread is ever late by."""

PIECE_S = 0.1
"""What is given to the queue at a time."""

INAUDIBLE = 10 ** (-60 / 20)
"""Amplitude below which a turn has not begun yet: voices draw breath for some 50 ms, which nobody need wait for."""

BREATH_S = 0.01
"""Left of that before the first sound: the speaker's fade-in falls into it."""

DEAF_S = 2.0
"""So long sound waits for a speaker that is gone; then nobody hears it."""


@dataclass
class _Turn:
    number: int
    chunks: deque[AudioChunk] = field(default_factory=deque)
    """What the speaker was not given yet."""

    ready_at: float | None = None
    """When it may begin, or go on after an underrun, even if no more comes; None = nothing has come."""

    finished: bool = False
    stopping: bool = False
    began: bool = False
    flows: bool = False
    """Whether it is past the wait at its beginning, and not in an underrun."""

    lead_s: float = 0.0
    """Silence at its beginning that was left out, as long as nothing of it has been given to a speaker."""

    base_s: float = 0.0
    """What earlier speakers played of it, and what was left out."""


class Playback:
    """Turns, one after the other, through a speaker that may change under them. Any thread may call it; events come from `pump` alone."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.gain = 1.0
        """Factor on everything that is given to the speaker from now on."""
        self._now = now
        self._lock = threading.Lock()
        self._turns: dict[int, _Turn] = {}
        self._over: dict[int, float] = {}
        self._news: list[PlaybackEvent] = []
        self._feed: SpeakerFeed | None = None
        self._current: _Turn | None = None
        self._feeder: Feeder | None = None
        self._deaf_since = now()

    def play(self, turn: int, chunk: AudioChunk) -> bool:
        """Queue sound; False if that turn is over or finished."""
        with self._lock:
            entry = None if turn in self._over else self._turns.setdefault(turn, _Turn(turn))
            if entry is None or entry.finished or entry.stopping:
                return False
            if not entry.chunks and entry is not self._current and entry.base_s == 0:
                lead_s, chunk = _without_lead(chunk)
                entry.lead_s += lead_s
            if len(chunk.samples):
                entry.chunks.append(chunk)
                if entry.ready_at is None:
                    entry.ready_at = self._now() + (RESTART_S if entry.began else START_S)
                if not entry.began and sum(each.seconds for each in entry.chunks) >= AT_ONCE_S:
                    entry.ready_at = min(entry.ready_at, self._now())
            return True

    def finish(self, turn: int) -> None:
        """Nothing more comes of it."""
        with self._lock:
            if turn not in self._over:
                self._turns.setdefault(turn, _Turn(turn)).finished = True

    def stop(self, turn: int) -> float:
        """Silence it and refuse the rest; seconds that will have been heard."""
        with self._lock:
            entry = self._turns.get(turn)
            if entry is None:
                return self._over.setdefault(turn, 0.0)
            entry.chunks.clear()
            if entry is not self._current or self._feeder is None:
                return self._end(entry, entry.base_s, complete=False)
            if entry.stopping:
                return self._feeder.cut_s
            entry.stopping = True
            return self._feeder.cut()

    def heard_s(self, turn: int) -> float:
        """Seconds of it heard up to now."""
        with self._lock:
            return self._heard_s(turn)

    def _heard_s(self, turn: int) -> float:
        entry = self._turns.get(turn)
        if entry is None:
            return self._over.get(turn, 0.0)
        return self._feeder.heard_s(self._now()) if self._feeder is not None and entry is self._current else entry.base_s

    def queued_s(self, turn: int) -> float:
        """Seconds of it still to be heard."""
        with self._lock:
            entry = self._turns.get(turn)
            if entry is None or entry.stopping:
                return 0.0
            given_s = self._feeder.given_s if self._feeder is not None and entry is self._current else entry.base_s
            return sum(chunk.seconds for chunk in entry.chunks) + given_s - self._heard_s(turn)

    @property
    def sounding(self) -> int | None:
        """The turn that is being played; None while it is quiet."""
        entry = self._current
        return entry.number if entry is not None and entry.flows and not entry.stopping else None

    @property
    def busy(self) -> bool:
        """Whether a turn is being played or waits."""
        return bool(self._turns)

    def attach(self, feed: SpeakerFeed) -> None:
        """There is a speaker: go on through it. The audio thread's."""
        with self._lock:
            self._feed = feed

    def detach(self) -> None:
        """The speaker has been closed: what it did not play waits for the next one. The audio thread's."""
        with self._lock:
            entry, feeder = self._current, self._feeder
            if entry is not None and feeder is not None:
                entry.base_s, rest = feeder.retrieve()
                if entry.stopping:
                    self._end(entry, entry.base_s, complete=False)
                else:
                    entry.chunks.extendleft(reversed(rest))
            self._feed = self._feeder = None
            self._deaf_since = self._now()

    def pump(self) -> list[PlaybackEvent]:
        """Move what is due to the speaker; what happened since the last time. The audio thread's, every 20 ms."""
        with self._lock:
            now = self._now()
            if self._feed is None:
                self._wait_for_a_speaker(now)
            else:
                self._current = self._current or next((each for each in self._turns.values() if self._is_due(each, now)), None)
                if self._current is not None:
                    self._current.base_s += self._current.lead_s
                    self._current.lead_s = 0.0
                    self._feeder = self._feeder or Feeder(self._feed, self._current.base_s)
                    self._go_on(self._current, self._feeder, now)
            news, self._news = self._news, []
            return news

    @staticmethod
    def _is_due(entry: _Turn, now: float) -> bool:
        return entry.finished or (entry.ready_at is not None and now >= entry.ready_at)

    def _wait_for_a_speaker(self, now: float) -> None:
        if now - self._deaf_since > DEAF_S:
            for entry in list(self._turns.values()):
                entry.chunks.clear()
                if entry.finished:
                    self._end(entry, entry.base_s, complete=False)

    def _go_on(self, entry: _Turn, feeder: Feeder, now: float) -> None:
        heard_s = feeder.heard_s(now)
        if heard_s > entry.base_s and not entry.began:
            entry.began = True
            self._news.append(PlaybackBegan(entry.number))
        if entry.stopping:
            if feeder.feed.is_cut and heard_s >= feeder.end_s:
                self._end(entry, heard_s, complete=False)
            return
        entry.flows = entry.flows or self._is_due(entry, now)
        if entry.flows:
            self._give(entry, feeder)
        if entry.finished and not entry.chunks:
            feeder.flush()
            if heard_s >= feeder.end_s:
                self._end(entry, heard_s, complete=True)
        elif entry.flows and not entry.chunks and not feeder.feed.queued:
            entry.flows, entry.ready_at = False, None
            self._news.append(Underrun(entry.number, heard_s))

    def _give(self, entry: _Turn, feeder: Feeder) -> None:
        feed = feeder.feed
        while entry.chunks and feed.queued < AHEAD_S * feed.rate_hz:
            chunk = entry.chunks.popleft()
            piece = int(chunk.rate_hz * PIECE_S)
            feeder.give(chunk.samples[:piece], chunk.rate_hz, self.gain)
            if len(chunk.samples) > piece:
                entry.chunks.appendleft(AudioChunk(chunk.samples[piece:], chunk.rate_hz))

    def _end(self, entry: _Turn, heard_s: float, *, complete: bool) -> float:
        del self._turns[entry.number]
        self._over[entry.number] = heard_s
        self._news.append(PlaybackEnded(entry.number, heard_s, complete))
        if entry is self._current:
            self._current = self._feeder = None
        return heard_s


def _without_lead(chunk: AudioChunk) -> tuple[float, AudioChunk]:
    """The seconds of inaudible sound at the beginning of a turn, and what remains; of nothing but silence, nothing."""
    audible = np.flatnonzero(np.abs(chunk.samples) > INAUDIBLE)
    first = max(0, int(audible[0]) - round(BREATH_S * chunk.rate_hz)) if len(audible) else len(chunk.samples)
    return first / chunk.rate_hz, AudioChunk(chunk.samples[first:], chunk.rate_hz, chunk.start_s + first / chunk.rate_hz)
