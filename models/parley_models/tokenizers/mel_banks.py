"""Triangular mel filters, the two ways that speech models draw them."""

from typing import Any

import numpy as np
import numpy.typing as npt

Bank = npt.NDArray[np.float32]
Frequencies = npt.NDArray[np.floating[Any]]


def kaldi_bank(mels: int = 80, *, fft_size: int = 512, rate_hz: int = 16_000, low_hz: float = 20.0) -> Bank:
    """Kaldi's filters up to half the rate: triangles over the mel axis, height 1; (fft_size / 2 + 1, mels)."""
    edges = np.linspace(_htk(np.float64(low_hz)), _htk(np.float64(rate_hz / 2)), mels + 2)
    bins = _htk(np.arange(fft_size // 2 + 1) * (rate_hz / fft_size))
    bank = _triangles(bins, edges)
    bank[-1] = 0  # Kaldi leaves the bin at half the rate out
    return bank.astype(np.float32)


def slaney_bank(mels: int, *, fft_size: int, rate_hz: int, low_hz: float = 0.0, high_hz: float | None = None) -> Bank:
    """Slaney's filters as librosa and Whisper use them: triangles over Hz, of equal area; (fft_size / 2 + 1, mels)."""
    limits = _slaney(np.array([low_hz, rate_hz / 2 if high_hz is None else high_hz]))
    edges = _slaney_hz(np.linspace(limits[0], limits[1], mels + 2))
    bins = np.arange(fft_size // 2 + 1) * (rate_hz / fft_size)
    area = 2.0 / (edges[2:] - edges[:-2])
    return (_triangles(bins, edges) * area).astype(np.float32)


def _triangles(bins: Frequencies, edges: Frequencies) -> Frequencies:
    """(bins, filters): filter m rises from edge m to m + 1 and falls to m + 2."""
    rising = (bins[:, None] - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins[:, None]) / (edges[2:] - edges[1:-1])
    return np.maximum(0.0, np.minimum(rising, falling))


def _htk(hertz: Frequencies | np.floating[Any]) -> Frequencies:
    return np.asarray(1127.0 * np.log(1.0 + hertz / 700.0))


_LINEAR_HZ = 200.0 / 3
_KNEE_HZ = 1000.0
_LOG_STEP = np.log(6.4) / 27.0


def _slaney(hertz: Frequencies) -> Frequencies:
    """Hz to mel: linear to 1 kHz, logarithmic above."""
    above = _KNEE_HZ / _LINEAR_HZ + np.log(np.maximum(hertz, _KNEE_HZ) / _KNEE_HZ) / _LOG_STEP
    return np.where(hertz < _KNEE_HZ, hertz / _LINEAR_HZ, above)


def _slaney_hz(mel: Frequencies) -> Frequencies:
    knee = _KNEE_HZ / _LINEAR_HZ
    return np.where(mel < knee, mel * _LINEAR_HZ, _KNEE_HZ * np.exp(_LOG_STEP * (np.maximum(mel, knee) - knee)))
