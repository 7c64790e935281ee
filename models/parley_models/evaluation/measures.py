"""The proof of style: how fast, how high and how loud speech is, from its samples alone.

Nothing here knows what was asked for. A vocoder that ignores the style shows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from parley_models.evaluation.fundamental import HOP, RATE_HZ, at_rate, f0_track, frames
from parley_models.pcm import AudioChunk, Samples

Envelope = npt.NDArray[np.float64]

HOP_S = HOP / RATE_HZ
ACTIVE_BELOW_PEAK_DB = 30.0
"""Speech is what lies within this of the loudest syllable."""
FLOOR_DBFS = -60.0
"""Sound below this is silence, however even it is."""
PAUSE_S = 0.15
"""A gap this long is a pause; a shorter one is a stop consonant."""
NUCLEUS_DIP_DB = 1.5
"""Two syllables are told apart by a dip this deep between them (2 dB in de Jong & Wempe 2009, on a slower envelope)."""
NUCLEUS_BELOW_PEAK_DB = 22.0
SMOOTHING_S = 0.06


@dataclass(frozen=True, slots=True)
class Measured:
    """What was found in a stretch of speech."""

    syllables_per_s: float | None
    """Syllable nuclei per second of speech, pauses left out; None if there is no speech."""

    median_f0_hz: float | None
    """None if nothing is voiced."""

    f0_range_semitones: float | None
    """From the 5th to the 95th percentile; None if nothing is voiced."""

    loudness_dbfs: float | None
    """RMS of the speech, pauses left out; None if there is no speech."""

    span_s: float
    """From the first to the last sound of speech."""


@dataclass(frozen=True, slots=True)
class Difference:
    """How an answer differs from neutral speech; None where either can't be measured."""

    rate_ratio: float | None
    """2.0 is twice as fast."""

    pitch_semitones: float | None


class Measures:
    """Measures speech from its samples; it never sees what was asked for."""

    def measure(self, sound: AudioChunk) -> Measured:
        """Everything at once; any rate, any length."""
        samples = at_rate(sound) if len(sound.samples) else np.zeros(0, np.float32)
        level = level_db(samples)
        active = active_frames(level)
        if not active.any():
            return Measured(None, None, None, None, 0.0)
        f0 = f0_track(samples)
        voiced = f0[(f0 > 0) & active]
        where = np.flatnonzero(active)
        return Measured(
            syllables_per_s=len(nuclei(samples, f0, active)) / (len(where) * HOP_S),
            median_f0_hz=float(np.median(voiced)) if len(voiced) else None,
            f0_range_semitones=_range_semitones(voiced) if len(voiced) else None,
            loudness_dbfs=float(10 * np.log10(np.mean(10 ** (level[active] / 10)))),
            span_s=float(where[-1] - where[0] + 1) * HOP_S,
        )

    def against_neutral(self, sound: AudioChunk, neutral: AudioChunk) -> Difference:
        """An answer against the same words in the neutral style: rates of the same words are as their spans, surer than syllables."""
        here, there = self.measure(sound), self.measure(neutral)
        rate = there.span_s / here.span_s if here.span_s and there.span_s else None
        return Difference(rate, _semitones(here.median_f0_hz, there.median_f0_hz))


def _semitones(here_hz: float | None, there_hz: float | None) -> float | None:
    return 12 * math.log2(here_hz / there_hz) if here_hz and there_hz else None


def _range_semitones(voiced_hz: npt.NDArray[np.float32]) -> float:
    low, high = np.percentile(voiced_hz, [5, 95])
    return float(12 * np.log2(high / low))


def level_db(samples: Samples) -> Envelope:
    """RMS in dBFS every 10 ms, over 20 ms."""
    power = np.square(frames(samples, 2 * HOP), dtype=np.float64).mean(axis=1)
    return np.asarray(10 * np.log10(power + 1e-12))


def active_frames(level: Envelope) -> npt.NDArray[np.bool_]:
    """Where there is speech: loud enough, gaps shorter than a pause filled."""
    peak = np.percentile(level, 98) if len(level) > 50 else level.max(initial=-120.0)
    active = level > max(peak - ACTIVE_BELOW_PEAK_DB, FLOOR_DBFS)
    where = np.flatnonzero(active)
    for before, after in pairwise(where):
        if 1 < after - before <= round(PAUSE_S / HOP_S):
            active[before:after] = True
    return active


def nuclei(samples: Samples, f0: npt.NDArray[np.float32], active: npt.NDArray[np.bool_]) -> list[int]:
    """The frames of the syllable nuclei: voiced peaks of the loudness between 250 and 3,000 Hz, with a dip between any two."""
    level = _sonority_db(samples)
    peaks: list[int] = []
    lowest = np.inf
    floor = level.max() - NUCLEUS_BELOW_PEAK_DB
    for at in range(1, len(level) - 1):
        lowest = min(lowest, level[at])
        is_peak = level[at - 1] < level[at] >= level[at + 1] and level[at] > floor
        if not (is_peak and active[at] and f0[max(0, at - 2) : at + 3].any()):
            continue
        if not peaks or lowest < min(level[at], level[peaks[-1]]) - NUCLEUS_DIP_DB:
            peaks.append(at)
        elif level[at] > level[peaks[-1]]:
            peaks[-1] = at
        else:
            continue
        lowest = level[at]
    return peaks


def _sonority_db(samples: Samples) -> Envelope:
    """Loudness of the vowels' band every 10 ms, smoothed over a fraction of a syllable."""
    spectrum = np.abs(np.fft.rfft(frames(samples, 512) * np.hanning(512), axis=1)) ** 2
    hz = np.fft.rfftfreq(512, 1 / RATE_HZ)
    power = spectrum[:, (hz > 250) & (hz < 3000)].sum(axis=1)
    window = np.hanning(round(SMOOTHING_S / HOP_S) + 2)[1:-1]
    return np.asarray(10 * np.log10(np.convolve(power, window / window.sum(), mode="same") + 1e-9))
