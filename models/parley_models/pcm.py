"""Sound as it travels through Parley."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class AudioChunk:
    """A stretch of mono sound."""

    samples: Samples
    """float32 (n,), within [-1, 1]."""

    rate_hz: int

    start_s: float = 0.0
    """Where in its stream the chunk begins."""

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return len(self.samples) / self.rate_hz
