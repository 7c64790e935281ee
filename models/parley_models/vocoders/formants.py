"""A speaker of another size: the same words with all resonances moved, as a longer or a shorter vocal tract has them."""

from functools import cache

import numpy as np
import numpy.typing as npt

from parley_models.pcm import Samples
from parley_models.vocoders.mel import MelConfig, centres_hz


def moved(mel: Samples, times: float, config: MelConfig) -> Samples:
    """Log-mel (1, mels, T) whose formants lie so many times as high. The fundamental goes along: HiFT reads it from the lowest bands."""
    below, share = _places(times, config)
    return mel[:, below] * (1 - share) + mel[:, below + 1] * share


@cache
def _places(times: float, config: MelConfig) -> tuple[npt.NDArray[np.int64], Samples]:
    """For each band, the lower one of the two that it is read between (mels,), and the share of the upper one (mels, 1)."""
    hz = centres_hz(config)
    places = np.interp(hz / times, hz, np.arange(len(hz)))
    below = np.minimum(places.astype(np.int64), len(hz) - 2)
    return below, (places - below).astype(np.float32)[:, None]
