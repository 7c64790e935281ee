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


class ResampleStream:
    """The same of a clip that comes in pieces: the samples of `resample` but for their last bits, wherever it is cut."""

    def __init__(self, from_hz: int, to_hz: int) -> None:
        """Begin a clip."""
        divisor = math.gcd(from_hz, to_hz)
        self._step, self._phases = from_hz // divisor, to_hz // divisor
        self._kernels, self._reach = _kernels(self._step, self._phases)
        self._carried = np.zeros(self._reach, np.float32)
        self._taken = self._given = 0

    def feed(self, samples: Samples) -> Samples:
        """What these samples complete, (m,)."""
        self._taken += len(samples)
        if self._step == self._phases:
            return samples
        sound = np.concatenate([self._carried, samples])
        rows = cut_frames(sound, len(self._kernels), self._step) @ self._kernels
        self._carried = sound[len(rows) * self._step :]
        self._given += rows.size
        return rows.reshape(-1)

    def finish(self) -> Samples:
        """Nothing more comes: the rest of the clip's ceil(n · to / from) samples."""
        if self._step == self._phases:
            return self._carried[:0]
        left = math.ceil(self._taken * self._phases / self._step) - self._given
        return self.feed(np.zeros(self._reach + self._step, np.float32))[:left]


@functools.cache
def _kernels(step: int, phases: int) -> tuple[Samples, int]:
    """One filter for each output phase, (taps, phases), and how many samples they reach back."""
    cutoff = min(step, phases) * ROLL_OFF
    reach = math.ceil(ZERO_CROSSINGS * step / cutoff)
    taps = np.arange(-reach, reach + step)[:, None] / step
    times = np.clip((taps - np.arange(phases) / phases) * cutoff, -ZERO_CROSSINGS, ZERO_CROSSINGS)
    window = np.cos(times * (np.pi / ZERO_CROSSINGS / 2)) ** 2
    return (np.sinc(times) * window * (cutoff / step)).astype(np.float32), reach
