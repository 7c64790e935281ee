"""Power spectra under a mel bank, frame by frame.

A frame's values never depend on which frames were computed beside it, so a stream cut anywhere equals the whole: every step
here works on rows alone (a matrix product over all frames would let the BLAS pick other kernels for other counts).
"""

import numpy as np
import numpy.typing as npt

from parley_models.pcm import Samples
from parley_models.tokenizers.mel_banks import Bank

Frames = npt.NDArray[np.float32]
ROWS_AT_ONCE = 256
"""Half a megabyte of windows: stays in a core's cache."""


def mel_energies(windows: Samples, bank: Bank, fft_size: int) -> Frames:
    """Power under each filter of already weighted windows: (frames, length) → (frames, mels)."""
    spectrum = np.fft.rfft(windows, fft_size, axis=1)
    power = np.square(spectrum.real) + np.square(spectrum.imag)
    energies: Frames = np.matmul(power[:, None, :], bank)[:, 0]
    return energies


def cut_frames(samples: Samples, length: int, hop: int) -> Samples:
    """A view of all complete frames, (frames, length), every `hop` samples from the first on."""
    if len(samples) < length:
        return np.zeros((0, length), np.float32)
    return np.lib.stride_tricks.sliding_window_view(samples, length)[::hop]
