"""The vocoders' mel spectrogram: natural log, Slaney's scale and norm, reflected edges (hifi-gan's meldataset.py, as upstream uses)."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from parley_models.pcm import Samples
from parley_models.tokenizers.mel_banks import slaney_bank

Mel = npt.NDArray[np.float32]
FLOOR = 1e-5


@dataclass(frozen=True, slots=True)
class MelConfig:
    """How a mel spectrogram is taken; the window is as long as n_fft."""

    rate_hz: int = 24_000
    n_fft: int = 1920
    hop: int = 480
    mels: int = 80
    lowest_hz: float = 0.0
    highest_hz: float = 8_000.0


def mel_spectrogram(samples: Samples, config: MelConfig) -> Mel:
    """Log-mel (frames, mels) of samples (n,); frames = n // hop, frame t is centred on sample (t + 1/2) · hop.

    The edges are reflected, so n must be more than (n_fft − hop) / 2.
    """
    side = (config.n_fft - config.hop) // 2
    padded = np.pad(samples.astype(np.float32), (side, side), mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(padded, config.n_fft)[:: config.hop]
    spectrum = np.fft.rfft(windows * hann(config.n_fft), axis=1)
    magnitude = np.sqrt(spectrum.real**2 + spectrum.imag**2 + 1e-9).astype(np.float32)
    mel: Mel = np.log(np.maximum(magnitude @ filterbank(config).T, FLOOR)).astype(np.float32)
    return mel


def hann(length: int) -> npt.NDArray[np.float32]:
    """A periodic Hann window (length,)."""
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)).astype(np.float32)


@cache
def filterbank(config: MelConfig) -> Mel:
    """Slaney's triangles (mels, n_fft / 2 + 1)."""
    bank = slaney_bank(config.mels, fft_size=config.n_fft, rate_hz=config.rate_hz, low_hz=config.lowest_hz, high_hz=config.highest_hz)
    triangles: Mel = np.ascontiguousarray(bank.T)
    return triangles


def centres_hz(config: MelConfig) -> npt.NDArray[np.float64]:
    """Where each band lies (mels,)."""
    triangles = filterbank(config)
    hz = np.fft.rfftfreq(config.n_fft, 1 / config.rate_hz)
    return np.asarray(triangles @ hz / triangles.sum(axis=1), np.float64)
