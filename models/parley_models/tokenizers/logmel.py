"""Whisper's log mel spectrum, the semantic tokenizer's front end: 128 bands every 10 ms at 16 kHz.

Two ways: `clip_logmel` is Whisper's (frames centred on their time, levels relative to the clip's loudest: a clip has to be
whole), `block_logmel` is Mini's (frames end where their 10 ms end, a fixed floor: a frame never changes once made).
"""

import numpy as np

from parley_models.pcm import Samples
from parley_models.tokenizers.mel_banks import slaney_bank
from parley_models.tokenizers.spectrum import ROWS_AT_ONCE, Frames, cut_frames, mel_energies

BANDS = 128
FRAME_SAMPLES = 400
HOP_SAMPLES = 160
LEAD_SAMPLES = FRAME_SAMPLES - HOP_SAMPLES
"""What Mini's frames see from before their 10 ms."""

SMALLEST_POWER = np.float32(1e-10)
LOG10_FLOOR = -7.0
"""Mini's floor: about the band power of noise at -76 dBFS, so digital silence and a quiet room sound alike."""

_WINDOW = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME_SAMPLES) / FRAME_SAMPLES)).astype(np.float32)
_BANK = slaney_bank(BANDS, fft_size=FRAME_SAMPLES, rate_hz=16_000)


def clip_logmel(samples: Samples) -> Frames:
    """Whisper's log mel of a whole clip of at least 201 samples: (n,) → (n // 160, 128).

    Source: openai-whisper 20231117 `log_mel_spectrogram`: the last frame is dropped, values lie within 8 decades of the
    loudest, then (x + 4) / 4.
    """
    logs = clip_logs(samples)
    return within_range(logs, logs.max(initial=-np.inf))


def clip_logs(samples: Samples) -> Frames:
    """The same before it is brought into a range: decimal logs of band powers, (n,) → (n // 160, 128)."""
    reflected = np.pad(np.asarray(samples, np.float32), FRAME_SAMPLES // 2, mode="reflect")
    return np.log10(np.maximum(_energies(reflected)[: len(samples) // HOP_SAMPLES], SMALLEST_POWER))


def within_range(logs: Frames, loudest: np.float32) -> Frames:
    """What lies 8 decades below the `loudest` band power is raised to that, then (x + 4) / 4."""
    return _scaled(np.maximum(logs, loudest - np.float32(8)))


def block_logmel(samples: Samples, *, floor: float = LOG10_FLOOR) -> Frames:
    """Mini's log mel: (n,) → (n // 160, 128); frame i sees samples 160 i - 240 … 160 i + 160, zeros before the start."""
    return LogmelStream(floor=floor).feed(samples)


def silence(floor: float = LOG10_FLOOR) -> np.float32:
    """The value of every band in digital silence, as before a stream's start."""
    return np.float32(_scaled(np.full(1, floor, np.float32))[0])


class LogmelStream:
    """Mini's log mel of sound that comes in pieces: equal to `block_logmel` of the whole, wherever it is cut."""

    def __init__(self, *, floor: float = LOG10_FLOOR) -> None:
        self._smallest = np.float32(10.0**floor)
        self._floor = np.float32(floor)
        self._carried: Samples = np.zeros(LEAD_SAMPLES, np.float32)

    def feed(self, samples: Samples) -> Frames:
        """The frames that these samples complete, (m, 128)."""
        sound = np.concatenate([self._carried, np.asarray(samples, np.float32)])
        energies = _energies(sound)
        self._carried = sound[len(energies) * HOP_SAMPLES :]
        # the second limit makes silence the floor exactly, whatever the logarithm rounds to
        return _scaled(np.maximum(np.log10(np.maximum(energies, self._smallest)), self._floor))


def _energies(samples: Samples) -> Frames:
    frames = cut_frames(samples, FRAME_SAMPLES, HOP_SAMPLES)
    energies = np.empty((len(frames), BANDS), np.float32)
    for first in range(0, len(frames), ROWS_AT_ONCE):
        rows = slice(first, first + ROWS_AT_ONCE)
        energies[rows] = mel_energies(frames[rows] * _WINDOW, _BANK, FRAME_SAMPLES)
    return energies


def _scaled(logs: Frames) -> Frames:
    """Whisper's range: about -1 … 1."""
    return (logs + np.float32(4)) / np.float32(4)
