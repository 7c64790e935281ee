"""How loud both sides are in bands: what the comparisons of microphone and speaker are made of."""

import itertools

import numpy as np
import numpy.typing as npt

from parley_models.pcm import Samples

Bands = npt.NDArray[np.float64]
"""Decibels by band: (bands,), or (frames, bands)."""

EDGES_HZ = (200, 400, 600, 800, 1000, 1300, 1700, 2200, 2800, 3600, 4800)
BANDS = len(EDGES_HZ) - 1
QUIET = 1e-9
SILENT_DB = -90.0


class BandLevels:
    """Of two streams side by side, in frames of 10 ms."""

    def __init__(self, rate_hz: int) -> None:
        self._half = half = rate_hz // 100
        size = 2 * half
        self._window = (np.hanning(size + 2)[1:-1] * np.sqrt(8) / size).astype(np.float32)
        hertz = np.fft.rfftfreq(size, 1 / rate_hz)
        first, end = np.searchsorted(hertz, [EDGES_HZ[0], EDGES_HZ[-1]]).tolist()
        self._heeded = slice(first, end)
        """The bins that lie in any band: two fifths."""
        bands = [(hertz >= low) & (hertz < high) for low, high in itertools.pairwise(EDGES_HZ)]
        self._bands = np.stack(bands, axis=1).astype(np.float32)[self._heeded].repeat(2, axis=0)
        """Which numbers (real and imaginary parts in turn) make up each band."""
        self._before = np.zeros((2, half), np.float32)

    def of(self, near: Samples, far: Samples) -> tuple[Bands, Bands]:
        """Levels of the next frames (k · 10 ms) of what was heard and what was played, each frame with half of the one before."""
        half, count = self._half, len(near) // self._half
        both = np.empty((2, half + len(near)), np.float32)
        both[:, :half], both[0, half:], both[1, half:] = self._before, near, far
        self._before = both[:, -half:]
        row, sample = both.strides
        frames = np.ndarray((2, count, 2 * half), np.float32, both, strides=(row, half * sample, sample))  # as_strided, at a tenth
        parts = np.fft.rfft(frames * self._window)[..., self._heeded].view(np.float32)
        decibels: Bands = 10 * np.log10((parts * parts).reshape(2 * count, -1) @ self._bands + QUIET)
        return decibels[:count], decibels[count:]
