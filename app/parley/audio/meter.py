"""How loud it is, for the eye."""

import math

import numpy as np

from parley_models.pcm import Samples

DEEPEST_DB = -60.0
FALL_DB_PER_S = 30.0


class Meter:
    """A needle that jumps up and falls slowly."""

    def __init__(self) -> None:
        self._db = DEEPEST_DB

    def observe(self, samples: Samples, rate_hz: int) -> None:
        """Take the next samples."""
        if len(samples):
            now_db = 10 * math.log10(float(np.dot(samples, samples)) / len(samples) + 1e-12) + 3.0  # a full sine is 0 dB
            self._db = max(now_db, self._db - FALL_DB_PER_S * len(samples) / rate_hz, DEEPEST_DB)

    @property
    def level(self) -> float:
        """Where the needle is: 0 (−60 dB)…1 (0 dB)."""
        return min(1 - self._db / DEEPEST_DB, 1.0)
