"""What the speaker played, in step with what the microphone heard, although each has a clock of its own."""

import numpy as np

from parley.audio.microphone import MicrophoneFeed
from parley.audio.resampler import Resampler
from parley.audio.speaker import SpeakerFeed
from parley_models.pcm import Samples

LEAD_S = 0.012
"""How much more of the speaker's sound is at hand than of the microphone's: a block and a little, so that nobody waits. It is less than
any echo takes, as a sample is heard a block after it was handed over at the earliest."""

LATE_S = 0.05
"""If the speaker's sound is missing for longer than this, it is taken to be silence."""

ASTRAY_S = 0.03
ASTRAY_FOR_S = 0.5
"""A lead that is wrong by so much for so long does not come from drift: the streams are lined up anew."""

QUICK, STEADY = 0.3, 0.05
"""How fast clocks are followed (rad/s): at first, and later, when only noise is left to follow. AEC3 takes 50 ppm without harm, 100 not."""

QUICK_FOR_S = 5.0
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
            self._held = np.concatenate([self._held, self._resampler.feed(played)])
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
        self._error_s += 0.1 * min(max(error - self._error_s, -JUMP_S), JUMP_S)
        pace = QUICK if self._running_s < QUICK_FOR_S else STEADY
        self._rate_error += pace * pace * self._error_s * passed_s
        self._resampler.trim(1 + 2 * pace * self._error_s + self._rate_error)

    def _line_up(self, error_s: float) -> None:
        surplus = round(error_s * self._rate_hz)
        self._held = self._held[surplus:] if surplus > 0 else np.concatenate([np.zeros(-surplus, np.float32), self._held])
        self._error_s = self._astray_s = 0.0
