"""A sound card's desk with a clock of its own: time passes when the test says so. Keeps the promises of `AudioDesk`."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from parley.audio.events import (
    AudioEvent,
    MicrophoneClosed,
    MicrophoneOpened,
    MicrophoneSound,
    PlaybackBegan,
    PlaybackEnded,
)
from parley_models.pcm import AudioChunk, Samples

RATE_HZ = 24_000
BLOCK_S = 0.02


@dataclass
class Playing:
    """One turn at the speaker."""

    queued_s: float = 0.0
    heard_s: float = 0.0
    finished: bool = False
    begun: bool = False
    chunks: list[AudioChunk] = field(default_factory=list)


class SimulatedDesk:
    """Plays one turn after the other, in the order of their first chunks."""

    def __init__(self, tell: Callable[[AudioEvent], None]) -> None:
        self.tell = tell
        self.playing: dict[int, Playing] = {}
        self.over: dict[int, float] = {}
        """Turns that ended, with what was heard of them."""

        self.listens = False
        self.unducked = 0
        self.hears_itself = False
        self.closed = False
        self._lock = threading.RLock()
        self._captured_s = 0.0

    def start(self) -> None:
        pass

    def close(self) -> None:
        self.closed = True

    def open_microphone(self) -> None:
        if not self.listens:
            self.listens = True
            self.tell(MicrophoneOpened("Simulated microphone"))

    def close_microphone(self) -> None:
        if self.listens:
            self.listens = False
            self.tell(MicrophoneClosed())

    def play(self, turn: int, chunk: AudioChunk) -> bool:
        with self._lock:
            if turn in self.over or (turn in self.playing and self.playing[turn].finished):
                return False
            playing = self.playing.setdefault(turn, Playing())
            playing.queued_s += chunk.seconds
            playing.chunks.append(chunk)
            return True

    def finish(self, turn: int) -> None:
        with self._lock:
            self.playing.setdefault(turn, Playing()).finished = True
        self.advance(0)

    def stop(self, turn: int) -> float:
        with self._lock:
            playing = self.playing.pop(turn, Playing())
            if turn not in self.over:
                self.over[turn] = playing.heard_s
                self.tell(PlaybackEnded(turn, playing.heard_s, complete=False))
            return self.over[turn]

    def played_s(self, turn: int) -> float:
        with self._lock:
            return self.playing[turn].heard_s if turn in self.playing else self.over.get(turn, 0.0)

    def unduck(self) -> None:
        self.unducked += 1

    # What the test does

    def advance(self, seconds: float) -> None:
        """Let the speaker play for so long."""
        with self._lock:
            while self.playing:
                turn, playing = next(iter(self.playing.items()))
                step = min(seconds, playing.queued_s - playing.heard_s)
                if step > 0 and not playing.begun:
                    playing.begun = True
                    self.tell(PlaybackBegan(turn))
                playing.heard_s += step
                seconds -= step
                if not playing.finished or playing.heard_s < playing.queued_s:
                    return
                del self.playing[turn]
                self.over[turn] = playing.heard_s
                self.tell(PlaybackEnded(turn, playing.heard_s, complete=True))

    def hear(self, seconds: float, level: float = 0.3) -> None:
        """Somebody speaks (or nobody, at level 0) into the microphone."""
        count = round(seconds / BLOCK_S)
        samples: Samples = np.full(round(BLOCK_S * RATE_HZ), level, np.float32)
        for _ in range(count):
            if self.listens:
                self.tell(MicrophoneSound(AudioChunk(samples, RATE_HZ, self._captured_s)))
            self._captured_s += BLOCK_S

    @property
    def sounding_s(self) -> float:
        """What is queued and not yet heard."""
        with self._lock:
            return sum(playing.queued_s - playing.heard_s for playing in self.playing.values())
