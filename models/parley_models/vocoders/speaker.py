"""Who speaks, as a vector: CAM++ on Kaldi's filter bank, as CosyVoice prepares it (cosyvoice/cli/frontend.py)."""

import numpy as np

from parley_models.onnx_session import OnnxSession
from parley_models.pcm import Samples
from parley_models.tokenizers.mel_banks import kaldi_bank
from parley_models.tokenizers.spectrum import Frames, cut_frames, mel_energies

BANDS, FRAME_SAMPLES, HOP_SAMPLES, FFT_SIZE = 80, 400, 160, 512
PRE_EMPHASIS = np.float32(0.97)
FLOOR = np.float32(np.finfo(np.float32).eps)
_BANK = kaldi_bank(BANDS, fft_size=FFT_SIZE)
_POVEY = ((0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME_SAMPLES) / (FRAME_SAMPLES - 1))) ** 0.85).astype(np.float32)


def speaker_fbank(samples: Samples) -> Frames:
    """Natural-log energies (frames, 80) of 16 kHz sound within [-1, 1], without their mean over time; no dither.

    Unlike the ears' filter bank: Povey's window, and samples are not brought to 16 bits first.
    """
    frames = cut_frames(np.asarray(samples, np.float32), FRAME_SAMPLES, HOP_SAMPLES)
    frames = frames - frames.mean(axis=1, keepdims=True)
    before = np.concatenate([frames[:, :1], frames[:, :-1]], axis=1)
    energies = mel_energies((frames - PRE_EMPHASIS * before) * _POVEY, _BANK, FFT_SIZE)
    bank: Frames = np.log(np.maximum(energies, FLOOR))
    centred: Frames = bank - bank.mean(axis=0, keepdims=True)
    return centred


def speaker_vector(samples: Samples, campplus: OnnxSession) -> Samples:
    """The speaker vector (1, 192) of 16 kHz sound.

    Raises:
        EngineError: the model failed.
    """
    (name,) = campplus.inputs
    (vector,) = campplus.run({name: speaker_fbank(samples)[None]})
    return np.asarray(vector, np.float32).reshape(1, -1)
