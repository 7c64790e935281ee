"""The fundamental frequency of speech, by YIN (de Cheveigné & Kawahara 2002) on numpy alone."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import soxr

from parley_models.pcm import AudioChunk, Samples

Track = npt.NDArray[np.float32]

RATE_HZ = 16_000
HOP = 160
"""10 ms."""
LOWEST_HZ, HIGHEST_HZ = 60.0, 500.0
WINDOW = 640
"""40 ms: two and a half periods of the lowest voice."""
_LONGEST = int(RATE_HZ / LOWEST_HZ) + 1
_SHORTEST = int(RATE_HZ / HIGHEST_HZ)
CLEAR = 0.15
"""The first dip of the normalized difference below this is the period (the paper's absolute threshold is 0.1)."""
PLAUSIBLE = 0.3
"""Without a clear dip, the deepest one counts below this; above it a frame is unvoiced."""


def frames(samples: Samples, length: int) -> npt.NDArray[np.float32]:
    """Overlapping frames (n, length) every `HOP` samples, centred on multiples of it; n = samples // HOP + 1."""
    padded = np.pad(samples, (length // 2, length))
    windows = np.lib.stride_tricks.sliding_window_view(padded, length)
    return windows[: len(samples) + 1 : HOP]


def at_rate(chunk: AudioChunk) -> Samples:
    """The samples at 16 kHz."""
    return np.asarray(soxr.resample(chunk.samples, chunk.rate_hz, RATE_HZ), np.float32)


def f0_track(samples: Samples) -> Track:
    """F0 in Hz every 10 ms of 16 kHz sound, 0 where unvoiced; (samples // 160 + 1,)."""
    normalized = _normalized_difference(frames(samples, WINDOW + _LONGEST).astype(np.float64))
    periods, depths = _periods(normalized)
    f0 = np.where(depths < PLAUSIBLE, RATE_HZ / periods, 0.0)
    return _without_islands(f0).astype(np.float32)


def _normalized_difference(framed: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Equation 8 of the paper, (frames, lags 0…longest): near 0 where the lag is a period, about 1 where not."""
    size = 1 << (WINDOW + _LONGEST).bit_length()
    head = np.fft.rfft(framed[:, :WINDOW], size)
    correlation = np.fft.irfft(np.fft.rfft(framed, size) * head.conj(), size)[:, : _LONGEST + 1]
    power = np.concatenate([np.zeros((len(framed), 1)), np.cumsum(framed**2, axis=1)], axis=1)
    lags = np.arange(_LONGEST + 1)
    energy = power[:, lags + WINDOW] - power[:, lags]
    difference = np.maximum(energy[:, :1] + energy - 2 * correlation, 0.0)
    running = np.cumsum(difference[:, 1:], axis=1) / lags[1:]
    quiet = energy[:, :1] < WINDOW * 1e-8  # -80 dBFS: nothing to find a period in
    return np.concatenate([np.ones((len(framed), 1)), np.where(quiet, 1.0, difference[:, 1:] / np.maximum(running, 1e-12))], axis=1)


def _periods(normalized: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The period in samples, refined by a parabola, and the depth of its dip, frame by frame."""
    within = normalized[:, _SHORTEST:_LONGEST]
    dips = (within <= normalized[:, _SHORTEST - 1 : _LONGEST - 1]) & (within < normalized[:, _SHORTEST + 1 : _LONGEST + 1])
    clear = dips & (within < CLEAR)
    lag = np.where(clear.any(axis=1), clear.argmax(axis=1), np.where(dips, within, np.inf).argmin(axis=1)) + _SHORTEST
    rows = np.arange(len(normalized))
    before, here, after = (normalized[rows, lag + step] for step in (-1, 0, 1))
    curve = before - 2 * here + after
    shift = np.where(curve > 1e-9, 0.5 * (before - after) / np.maximum(curve, 1e-9), 0.0)
    return lag + np.clip(shift, -0.5, 0.5), here


def _without_islands(f0: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The track without voiced stretches under 30 ms and without lone leaps (median of five voiced neighbours)."""
    around = np.lib.stride_tricks.sliding_window_view(np.pad(np.where(f0 > 0, f0, np.nan), 2, constant_values=np.nan), 5)
    voiced = np.isfinite(around).sum(axis=1)
    keep = (f0 > 0) & (voiced >= 3)
    out = np.zeros_like(f0)
    out[keep] = np.nanmedian(around[keep], axis=1)
    return out
