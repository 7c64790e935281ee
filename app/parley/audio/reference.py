"""What the speaker played, in step with what the microphone heard, although each has a clock of its own."""

import numpy as np

from parley.audio.microphone import MicrophoneFeed
from parley.audio.resampler import Resampler
from parley.audio.speaker import SpeakerFeed
from parley_models.pcm import Samples

LEAD_S = 0.012
"""How much more of the speaker's sound is at hand than of the microphone's: a block and a little, so that nobody waits. It is less than
any echo takes, as a sample is heard a block after it was handed over at the earliest."""

LATE_S = 0.1
"""If more of the speaker's sound than this is missing, it is taken to be silence. Some servers hand over 40 ms at a time."""

ASTRAY_S = 0.01
ASTRAY_FOR_S = 0.5
"""A lead that is wrong by so much for so long does not come from drift: the streams are lined up anew."""

QUICK, STEADY = 0.3, 0.05
"""How fast clocks are followed (rad/s): at first, and later, when only noise is left to follow. AEC3 takes 50 ppm without harm, 100 not."""

QUICK_FOR_S = 5.0
MOST_DRIFT = 400e-6
"""No two sound cards are further apart."""

SMOOTH_S = 1.0
JUMP_S = 0.005
"""A callback that Python let wait longer than this says nothing about clocks."""


class Reference:
    """Pairs both streams sample by sample, bending the speaker's rate to the microphone's by a second-order loop.

    They are paired by when the samples were handed over, not by when drivers say that they are heard: that is often wrong, and a reference
    that comes after its echo is useless, while one that comes before it is what the canceller expects.
    """

    def __init__(self, speaker: SpeakerFeed, rate_hz: int) -> None:
        self._speaker = speaker
        self._rate_hz = rate_hz
        self._resampler = Resampler(speaker.rate_hz, rate_hz)
        self._held: Samples = np.zeros(0, np.float32)
        self._surplus = 0
        """Samples that are to be left out when they come."""
        self._running_s = 0.0
        self._error_s = 0.0
        self._rate_error = 0.0
        self._astray_s = 0.0
        speaker.played.skip(speaker.played.available)

    @property
    def drift_ppm(self) -> float:
        """How much faster than the microphone's the speaker's clock seems to run."""
        return self._rate_error * 1e6

    def collect(self) -> Samples:
        """Take what has been played since the last time; gives it, at the speaker's own rate."""
        played = self._speaker.played.take()
        if len(played):
            fresh = self._resampler.feed(played)
            dropped = min(self._surplus, len(fresh))
            self._surplus -= dropped
            self._held = np.concatenate([self._held, fresh[dropped:]])
        return played

    def ready(self, waiting: int, frame: int) -> int:
        """How many of `waiting` samples of the microphone can be paired now, in whole frames."""
        missing = waiting - len(self._held)
        if missing > LATE_S * self._rate_hz:
            self._held = np.concatenate([self._held, np.zeros(missing, np.float32)])
        return min(waiting, len(self._held)) // frame * frame

    def take(self, count: int) -> Samples:
        """The counterpart of the microphone's next `count` samples."""
        taken, self._held = self._held[:count], self._held[count:]
        return taken

    def follow(self, microphone: MicrophoneFeed, waiting: int, passed_s: float) -> None:
        """Adjust to the clocks: `waiting` samples of the microphone are not paired yet, `passed_s` of it were since the last time."""
        since = microphone.last_at - self._speaker.last_at  # both lines are extended to the same moment
        error = (len(self._held) - waiting) / self._rate_hz + since - LEAD_S
        if self._running_s == 0:
            self._line_up(error)
            error = 0.0
        self._running_s += passed_s
        self._astray_s = self._astray_s + passed_s if abs(error) > ASTRAY_S else 0.0
        if self._astray_s > ASTRAY_FOR_S:
            self._line_up(error)
            return
        self._error_s += min(passed_s / SMOOTH_S, 1.0) * min(max(error - self._error_s, -JUMP_S), JUMP_S)
        pace = QUICK if self._running_s < QUICK_FOR_S else STEADY
        self._rate_error = _bounded(self._rate_error + pace * pace * self._error_s * passed_s)
        self._resampler.trim(1 + _bounded(2 * pace * self._error_s + self._rate_error))

    def _line_up(self, error_s: float) -> None:
        surplus = round(error_s * self._rate_hz)
        self._surplus = max(surplus - len(self._held), 0)
        self._held = self._held[surplus:] if surplus > 0 else np.concatenate([np.zeros(-surplus, np.float32), self._held])
        self._error_s = self._astray_s = 0.0


def _bounded(ratio: float) -> float:
    return min(max(ratio, -MOST_DRIFT), MOST_DRIFT)
