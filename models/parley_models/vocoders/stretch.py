"""The rate as a stretching of mel: pitch lies across the bands and is not moved by it."""

import math

import numpy as np

from parley_models.pcm import Samples


class MelStretch:
    """Mel going in frame by frame, coming out `rate` times as fast: frame j is read at (j + 1/2) · rate − 1/2, between neighbours."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._held: Samples | None = None
        self._dropped, self._heard, self._made = 0, 0, 0

    def frames(self, heard: int) -> int:
        """How many frames so many become in all."""
        return math.floor(heard / self._rate + 0.5)

    def feed(self, mel: Samples, *, last: bool = False) -> Samples:
        """The frames (1, mels, T′) that more mel (1, mels, T) completes; after the last all that there are."""
        held = mel if self._held is None else np.concatenate([self._held, mel], axis=2)
        self._heard += mel.shape[2]
        # a frame is sure when both its neighbours are there
        sure = self.frames(self._heard) if last else max(self._made, math.floor((self._heard - 0.5) / self._rate + 0.5))
        places = (np.arange(self._made, sure) + 0.5) * self._rate - 0.5
        places = places.clip(0, max(self._heard - 1, 0)) - self._dropped
        left = np.floor(places).astype(int)
        right = np.minimum(left + 1, held.shape[2] - 1)
        share = (places - left).astype(np.float32)
        stretched = held[:, :, left] * (1 - share) + held[:, :, right] * share if len(places) else held[:, :, :0]
        self._made = sure
        needed = max(0, math.floor((sure + 0.5) * self._rate - 0.5) - self._dropped)
        self._held = held[:, :, needed:]
        self._dropped += min(needed, held.shape[2])
        return np.ascontiguousarray(stretched)
