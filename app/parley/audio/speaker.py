"""What a speaker's callback plays."""

import numpy as np

from parley.audio.card import BLOCK_S
from parley.audio.ring import Ring
from parley_models.pcm import Samples

QUEUE_S = 1.0
RISE_S = 0.005
"""Every beginning is faded in over so much."""

DECAY_S = 0.0015
"""Where the queue runs dry, the last sample's level dies away in so much (to a third): a gap, but no click."""

UNDUCK_S = 0.15
LOGGED_BLOCKS = 256
"""How far back it is known what was heard when: 2.5 s, more than any speaker is late."""


class SpeakerFeed:
    """A queue of samples. The audio thread pushes and decides; the device's thread calls `fill`, which only copies and fades.

    Positions count the queue's samples; silence in between does not count.
    """

    def __init__(self, rate_hz: int) -> None:
        self.rate_hz = rate_hz
        self.played = Ring(rate_hz)
        """What went out, silence included: what the microphone will hear of it is an echo."""
        self.blocks = 0
        """Blocks asked for so far: a speaker that lives asks."""
        self.last_at = 0.0
        """When the last block was asked for, on the card's clock."""
        self._queue = Ring(int(rate_hz * QUEUE_S))
        self._rise = np.linspace(0, 1, int(rate_hz * RISE_S), dtype=np.float32)
        self._decay = np.exp(-np.arange(1, rate_hz // 10) / (DECAY_S * rate_hz)).astype(np.float32)
        self._gain = 1.0
        self._gain_goal = (1.0, 1.0)
        self._cut_to = 0
        self._cut_at = 0
        self._holding = False
        self._sounding = False
        self._risen = 0
        self._last = 0.0
        self._tail = 0.0
        self._log: list[tuple[float, int, int]] = [(np.inf, 0, 0)] * LOGGED_BLOCKS

    # The device's thread ---------------------------------------------------------------------------------------------

    def fill(self, out: Samples, at: float, latency_s: float) -> None:
        """Fill the next block (n,), asked for at `at`, whose first sample will be heard `latency_s` later."""
        size, before = len(out), self._queue.read
        out.fill(0)
        count = 0 if self._holding else self._queue.read_into(out)
        cutting = self._cut_to > before
        if cutting:
            self._cut_at = before + count
            self._queue.read = self._cut_to
            out[:count] *= np.linspace(1, 0, count, dtype=np.float32)
        rise = self._rise[self._risen : self._risen + count]
        out[: len(rise)] *= rise
        self._risen += len(rise)
        self._break_off(out, size, count, cutting=cutting)
        self._turn_gain(out, size)
        self.played.write(out)
        self._log[self.blocks % LOGGED_BLOCKS] = (at + latency_s, before, count)
        self.last_at = at
        self.blocks += 1

    def _break_off(self, out: Samples, size: int, count: int, *, cutting: bool) -> None:
        """Let what sounded last die away from where the queue ran dry."""
        if self._tail:
            out += self._tail * self._decay[:size]
            self._tail *= float(self._decay[size])
        if count < size and not cutting and (count or self._sounding):
            level = float(out[count - 1]) if count else self._last
            out[count:] += level * self._decay[: size - count]
            self._tail = level * float(self._decay[size - count])
        if abs(self._tail) < 1e-4:
            self._tail = 0.0
        self._sounding = count == size and not cutting
        if not self._sounding:
            self._risen = 0
        self._last = float(out[-1])

    def _turn_gain(self, out: Samples, size: int) -> None:
        goal, per_s = self._gain_goal
        old = self._gain
        if old != goal:
            step = per_s * size / self.rate_hz
            self._gain = min(max(goal, old - step), old + step)
            out *= np.linspace(old, self._gain, size, dtype=np.float32)
        elif goal != 1.0:
            out *= np.float32(goal)

    # The audio thread ------------------------------------------------------------------------------------------------

    @property
    def queued(self) -> int:
        """Samples that the device has not asked for yet."""
        return self._queue.available

    @property
    def position(self) -> int:
        """Up to where the device has asked."""
        return self._queue.read

    @property
    def end(self) -> int:
        """Up to where samples were pushed."""
        return self._queue.written

    def push(self, samples: Samples) -> None:
        """Queue more; the caller keeps `queued` far below a second."""
        self._queue.write(samples)

    def heard_to(self, now: float) -> int:
        """The position that is being heard at `now` on the card's clock."""
        newest = self.blocks - 1
        for number in range(newest, max(newest - LOGGED_BLOCKS + 8, -1), -1):
            heard_at, before, count = self._log[number % LOGGED_BLOCKS]
            if heard_at <= now:
                return before + min(count, int((now - heard_at) * self.rate_hz))
        return 0

    def cut(self) -> int:
        """Fade out within a block and throw the rest of the queue away. Push nothing before `is_cut`.

        Returns:
            The position up to which it will have been heard.
        """
        expected = min(self._queue.read + int(self.rate_hz * BLOCK_S), self._queue.written)
        self._cut_at = expected  # holds if the device never asks again
        self._cut_to = self._queue.written
        return expected

    @property
    def is_cut(self) -> bool:
        """Whether the device has seen the cut."""
        return self._queue.read >= self._cut_to

    @property
    def cut_at(self) -> int:
        """Where the last cut came."""
        return self._cut_at

    def hold(self) -> None:
        """Fall silent and keep the queue, because the device is about to be closed."""
        self._holding = True

    def turn_to(self, gain: float, seconds: float) -> None:
        """Change loudness to `gain` (1 = as it is) within so many seconds."""
        self._gain_goal = (gain, abs(gain - self._gain) / max(seconds, 1e-3))

    @property
    def gain(self) -> float:
        """Loudness as of the last block."""
        return self._gain
