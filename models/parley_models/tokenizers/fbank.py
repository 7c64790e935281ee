"""Kaldi's log mel filter bank, the linguistic tokenizer's front end: 80 bands, 25 ms every 10 ms at 16 kHz.

Settings are FunASR's `WavFrontendOnline` as Step-Audio uses it (funasr_detach/frontends/wav_frontend.py), with dither 0
so that the same sound always gives the same codes.
"""

import numpy as np

from parley_models.pcm import Samples
from parley_models.tokenizers.mel_banks import kaldi_bank
from parley_models.tokenizers.spectrum import ROWS_AT_ONCE, Frames, cut_frames, mel_energies

BANDS = 80
FRAME_SAMPLES = 400
HOP_SAMPLES = 160
PRE_EMPHASIS = np.float32(0.97)
PCM_SCALE = np.float32(32768.0)
"""Kaldi's features are those of 16-bit samples."""

SMALLEST_LOG = float(np.log(np.finfo(np.float32).eps))
"""Kaldi's own floor, natural log: only digital silence reaches it."""

_FFT_SIZE = 512
_WINDOW = (0.54 - 0.46 * np.cos(2 * np.pi * np.arange(FRAME_SAMPLES) / (FRAME_SAMPLES - 1))).astype(np.float32)
_BANK = kaldi_bank(BANDS, fft_size=_FFT_SIZE)


def fbank(samples: Samples, *, floor: float = SMALLEST_LOG) -> Frames:
    """Natural-log energies of all complete frames of 16 kHz sound within [-1, 1]: (n,) → (1 + (n - 400) // 160, 80).

    No value is below `floor`: Mini sets it to a quiet room's level, so that digital silence sounds like one.
    """
    frames = cut_frames(np.asarray(samples, np.float32), FRAME_SAMPLES, HOP_SAMPLES)
    bank = np.empty((len(frames), BANDS), np.float32)
    for first in range(0, len(frames), ROWS_AT_ONCE):
        rows = slice(first, first + ROWS_AT_ONCE)
        bank[rows] = mel_energies(_weighted(frames[rows]), _BANK, _FFT_SIZE)
    return np.log(np.maximum(bank, np.float32(np.exp(floor))))


def _weighted(frames: Samples) -> Samples:
    """Frames without their mean, pre-emphasised, under the window."""
    scaled = frames * PCM_SCALE
    scaled -= scaled.mean(axis=1, keepdims=True)
    emphasised = np.empty_like(scaled)
    emphasised[:, 1:] = scaled[:, 1:] - PRE_EMPHASIS * scaled[:, :-1]
    emphasised[:, 0] = scaled[:, 0] - PRE_EMPHASIS * scaled[:, 0]
    emphasised *= _WINDOW
    return emphasised


class FbankStream:
    """The same filter bank of sound that comes in pieces: equal to `fbank` of the whole, wherever it is cut."""

    def __init__(self, *, floor: float = SMALLEST_LOG) -> None:
        self._floor = floor
        self._carried: Samples = np.zeros(0, np.float32)

    def feed(self, samples: Samples) -> Frames:
        """The frames that these samples complete, (m, 80); what a later frame needs is carried."""
        sound = np.concatenate([self._carried, samples])
        frames = fbank(sound, floor=self._floor)
        self._carried = sound[len(frames) * HOP_SAMPLES :]
        return frames
