"""What a stretch of speech expresses, in figures: melody, pace, loudness, colour and voice, from its samples alone.

The figures are those by which acted emotions differ most between speakers and languages (Scherer 2003; Eyben et al. 2016, "GeMAPS").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from parley_models.evaluation.fundamental import RATE_HZ, at_rate, f0_track, frames
from parley_models.evaluation.measures import HOP_S, active_frames, level_db, nuclei
from parley_models.pcm import AudioChunk, Samples

LEAST_VOICED_S = 0.08
"""Less voice than this is none: a whisper's hisses are now and then taken for one."""

WHISPERED_BELOW = 0.15
"""Share of voiced speech under which it is whispered; spoken English has 0.5 to 0.8."""

FFT = 512
LOW_HZ, HIGH_HZ = (50.0, 1000.0), (1000.0, 5000.0)
"""GeMAPS's alpha ratio: how much of the sound is bright."""


@dataclass(frozen=True, slots=True)
class Expression:
    """The figures; those of the melody are 0 where there is none."""

    tone: float
    """Median F0, in semitones above 55 Hz."""

    span: float
    """Semitones from the 10th to the 90th percentile of F0, as a base-2 logarithm."""

    rise: float
    """Semitones by which the last fifth of the melody lies above the rest."""

    pace: float
    """Syllables a second of speech, as a base-2 logarithm."""

    loudness: float
    """dBFS, pauses left out."""

    brightness: float
    """dB of what lies above 1 kHz against what lies below, where it is voiced."""

    unrest: float
    """Semitones RMS of the melody against itself smoothed over 150 ms."""

    voiced: float
    """Share of the speech, 0…1."""

    @property
    def whispered(self) -> bool:
        """Whether there is hardly any voice in it."""
        return self.voiced < WHISPERED_BELOW


def expression(sound: AudioChunk) -> Expression | None:
    """Measure some speech; None if there is none."""
    samples = at_rate(sound) if len(sound.samples) else np.zeros(0, np.float32)
    level = level_db(samples)
    active = active_frames(level)
    if not active.any():
        return None
    f0 = f0_track(samples)
    voiced = (f0 > 0) & active
    seconds = float(active.sum()) * HOP_S
    syllables = max(1, len(nuclei(samples, f0, active)))
    tone, span, rise, unrest = _melody(f0, voiced) if voiced.sum() * HOP_S >= LEAST_VOICED_S else (0.0, 0.0, 0.0, 0.0)
    return Expression(
        tone=tone,
        span=span,
        rise=rise,
        pace=float(np.log2(syllables / seconds)),
        loudness=float(10 * np.log10(np.mean(10 ** (level[active] / 10)))),
        brightness=_brightness(samples, voiced if voiced.any() else active),
        unrest=unrest,
        voiced=float(voiced.sum() / active.sum()),
    )


def usual(found: Sequence[Expression]) -> Expression:
    """What a speaker's speech usually measures: the median of each figure.

    Raises:
        ValueError: nothing was found.
    """
    if not found:
        raise ValueError("Nobody has spoken: there is no usual expression.")
    return Expression(*(float(np.median([getattr(each, field.name) for each in found])) for field in fields(Expression)))


def _melody(f0: npt.NDArray[np.float32], voiced: npt.NDArray[np.bool_]) -> tuple[float, float, float, float]:
    where = np.flatnonzero(voiced)
    tones = 12 * np.log2(f0[where] / 55.0)
    low, middle, high = np.percentile(tones, [10, 50, 90])
    last = where > where[0] + 0.8 * (where[-1] - where[0])
    rise = float(np.median(tones[last]) - np.median(tones[~last])) if last.any() and (~last).any() else 0.0
    return float(middle), float(np.log2(max(high - low, 0.25))), rise, _unrest(where, tones)


def _unrest(where: npt.NDArray[np.int64], tones: npt.NDArray[np.float64]) -> float:
    """Within stretches that are voiced throughout: leaps from one to the next are no unrest."""
    rests = []
    for stretch in np.split(tones, np.flatnonzero(np.diff(where) > 1) + 1):
        if len(stretch) >= 15:  # 150 ms
            smooth = np.convolve(np.pad(stretch, 7, mode="edge"), np.ones(15) / 15, "valid")
            rests.append(np.square(stretch - smooth)[3:-3])
    return float(np.sqrt(np.concatenate(rests).mean())) if rests else 0.0


def _brightness(samples: Samples, where: npt.NDArray[np.bool_]) -> float:
    spectrum = np.abs(np.fft.rfft(frames(samples, FFT)[: len(where)][where] * np.hanning(FFT), axis=1)) ** 2
    hz = np.fft.rfftfreq(FFT, 1 / RATE_HZ)
    low, high = (spectrum[:, (hz >= band[0]) & (hz < band[1])].sum() for band in (LOW_HZ, HIGH_HZ))
    return float(10 * np.log10((high + 1e-9) / (low + 1e-9)))
