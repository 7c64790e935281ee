"""Resampling of whole clips by a windowed sinc, as upstream's tokenizer and vocoder do it (torchaudio's default)."""

import functools
import math

import numpy as np

from parley_models.pcm import Samples
from parley_models.tokenizers.spectrum import cut_frames

ZERO_CROSSINGS = 6
ROLL_OFF = 0.99


def resample(samples: Samples, from_hz: int, to_hz: int) -> Samples:
    """Resample a clip: (n,) → (ceil(n · to / from),).

    A Hann-windowed sinc of width 6 with roll-off 0.99: cheap, and what the reference's codes were made from. Mini's own
    ears use soxr, which lets less alias through.
    """
    if from_hz == to_hz:
        return samples
    divisor = math.gcd(from_hz, to_hz)
    step, phases = from_hz // divisor, to_hz // divisor
    kernels, reach = _kernels(step, phases)
    padded = np.pad(samples, (reach, reach + step))
    rows = cut_frames(padded, len(kernels), step) @ kernels
    return rows.reshape(-1)[: math.ceil(len(samples) * to_hz / from_hz)]


@functools.cache
def _kernels(step: int, phases: int) -> tuple[Samples, int]:
    """One filter for each output phase, (taps, phases), and how many samples they reach back."""
    cutoff = min(step, phases) * ROLL_OFF
    reach = math.ceil(ZERO_CROSSINGS * step / cutoff)
    taps = np.arange(-reach, reach + step)[:, None] / step
    times = np.clip((taps - np.arange(phases) / phases) * cutoff, -ZERO_CROSSINGS, ZERO_CROSSINGS)
    window = np.cos(times * (np.pi / ZERO_CROSSINGS / 2)) ** 2
    return (np.sinc(times) * window * (cutoff / step)).astype(np.float32), reach
