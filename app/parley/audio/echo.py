"""Parley's own voice out of the microphone, and how well that works."""

import math
import statistics
from collections import deque

import numpy as np
from pywebrtc_audio import AudioProcessor

from parley_models.pcm import Samples

QUIET = 1e-10
"""Added to energies before they are divided."""

SOUNDING = 10**-4.5
"""Mean square of the speaker's sound (−45 dB) from which an echo is to be expected."""

ECHO_LASTS = 50
"""Frames for which it is expected afterwards: the way through speaker, room and microphone, and the room's decay."""

ABOVE_NOISE = 10.0
"""The microphone must be so much above its noise (10 dB), or there is no echo to be measured."""

SEGMENT = 75
"""Frames in which an echo is expected that make one measurement."""

LOUDER_DB = 8.0
RECENT = 0.03
"""Share of a frame in what was played or heard of late: a third of a second."""

MEASUREMENTS = 10
ENOUGH = 4
TOO_SMALL_DB, LARGE_ENOUGH_DB = 10.0, 14.0
"""Below the first, the microphone would take the speaker's voice for a human's; above the second it may listen again."""


def decibels(energy: float, against: float) -> float:
    """One energy against another."""
    return 10 * math.log10((energy + QUIET) / (against + QUIET))


def frame_energies(samples: Samples, frame: int) -> list[float]:
    """Mean squares of consecutive frames."""
    frames = samples.reshape(-1, frame)
    energies: list[float] = (np.vecdot(frames, frames) / frame).tolist()
    return energies


class EchoCanceller:
    """WebRTC's canceller (AEC3) and noise suppressor."""

    def __init__(self, rate_hz: int, *, echo: bool, noise: bool) -> None:
        self._processor = AudioProcessor(sample_rate=rate_hz, echo_cancellation=echo, noise_suppression=noise, high_pass_filter=True)
        self._echo = echo

    def clean(self, near: Samples, far: Samples) -> Samples:
        """Take the echo of `far`, what was played, out of `near`, what was heard: whole frames of 10 ms, paired by `Reference`."""
        cleaned: Samples = self._processor.process(near, far if self._echo else None)
        return cleaned


class EchoMeter:
    """Compares the microphone before and after, while there is an echo in it and nobody speaks over it.

    Who speaks over it makes the microphone louder than the echo alone would: a stretch that is louder, against what was played, than the
    quieter ones of late is not measured.
    """

    def __init__(self) -> None:
        self.loss_db: float | None = None
        """How much of the echo is taken out: a median over seconds, which someone who speaks hardly moves. None = not known."""
        self.too_small = False
        """Whether so little is taken out that the microphone had better be deaf while the speaker sounds."""
        self._measured: deque[float] = deque(maxlen=MEASUREMENTS)
        self._couplings: deque[float] = deque(maxlen=4 * MEASUREMENTS)
        self._noise = 1e-6
        self._since_sounding = ECHO_LASTS
        self._recent = 0.0
        self._loud = 0.0
        self._before = self._after = self._played = 0.0
        self._frames = 0

    def observe(self, near: float, cleaned: float, far: float) -> None:
        """Take the energies of one frame."""
        self._since_sounding = 0 if far > SOUNDING else self._since_sounding + 1
        if not self.echo_expected:
            self._noise = near if near < self._noise else self._noise * 1.005
            return
        self._before += near
        self._after += cleaned
        self._loud += RECENT * (far - self._loud)
        self._played += self._loud
        self._frames += 1
        if self._frames == SEGMENT:
            self._measure()

    def _measure(self) -> None:
        coupling_db = decibels(self._before, self._played)
        self._couplings.append(coupling_db)
        usual_db = sorted(self._couplings)[len(self._couplings) // 4]
        if self._before > ABOVE_NOISE * self._noise * SEGMENT and coupling_db < usual_db + LOUDER_DB:
            self._measured.append(decibels(self._before, self._after))
            self.loss_db = statistics.median(self._measured)
            if len(self._measured) >= ENOUGH:
                self.too_small = self.loss_db < (LARGE_ENOUGH_DB if self.too_small else TOO_SMALL_DB)
        self._before, self._after, self._played, self._frames = 0.0, 0.0, 0.0, 0

    def passed_db(self, near: float, cleaned: float) -> float:
        """How much of a frame the canceller left, against what the microphone heard in it and of late: reverberation is an echo, too."""
        self._recent += RECENT * (near - self._recent)
        return decibels(cleaned, max(near, self._recent))

    @property
    def echo_expected(self) -> bool:
        """Whether what was played may still be in the room."""
        return self._since_sounding < ECHO_LASTS
