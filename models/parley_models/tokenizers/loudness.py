"""What upstream does to a clip before its tokenizers: one peak for all, and silence off the ends of voice prompts."""

import numpy as np

from parley_models.pcm import Samples
from parley_models.tokenizers.spectrum import cut_frames

SILENCE = np.float32(0)
PEAK = np.float32(0.999)
SMALLEST_PEAK = np.float32(0.01)
"""Quieter clips are not raised any further than one of this peak."""

_FRAME, _HOP = 512, 128
_SILENCE_POWER = 10.0**-2
"""20 dB below the loudest frame."""

_SMALLEST_POWER = 1e-10
_KEPT_BEFORE_S, _KEPT_AFTER_S = 0.05, 0.22
_LENGTH_STEP = 240


def peak_of(samples: Samples, before: np.float32 = SILENCE) -> np.float32:
    """The loudest sample, or what was the loudest `before` it."""
    return np.float32(np.abs(samples).max(initial=before))


def normalise_peak(samples: Samples, peak: np.float32 | None = None) -> Samples:
    """Scale a clip to the peak 0.999 (stepfun-ai/Step-Audio utils.py:133-140); a part of one by the `peak` of the whole."""
    loudest = peak_of(samples) if peak is None else peak
    normalised: Samples = samples / max(loudest, SMALLEST_PEAK) * PEAK
    return normalised


def trim_silence(samples: Samples, rate_hz: int) -> Samples:
    """Cut what is 20 dB below the loudest 32 ms off both ends, but keep 0.05 s before and 0.22 s after.

    Where the clip has less than that around its speech, zeros fill it up; the speech's length is rounded up to 240 samples
    (stepfun-ai/Step-Audio utils.py:23-49).
    """
    power = _frame_power(samples)
    # the floor first, as librosa does: in digital silence all frames are equally loud
    loud = np.nonzero(np.maximum(power, _SMALLEST_POWER) > _SILENCE_POWER * max(power.max(), _SMALLEST_POWER))[0]
    first, stop = int(loud[0]) * _HOP, min(len(samples), (int(loud[-1]) + 1) * _HOP)
    before = int(_KEPT_BEFORE_S * rate_hz)
    length = int(-(-(stop - first) // _LENGTH_STEP) * _LENGTH_STEP + (_KEPT_BEFORE_S + _KEPT_AFTER_S) * rate_hz)
    led = np.pad(samples, (max(0, before - first), 0))[max(0, first - before) :]
    return np.pad(led[:length], (0, max(0, length - len(led))))


def _frame_power(samples: Samples) -> Samples:
    """Mean power of 32 ms around every 8 ms, zeros beyond the ends."""
    padded = np.pad(samples, _FRAME // 2)
    power: Samples = np.square(cut_frames(padded, _FRAME, _HOP)).mean(axis=1)
    return power
