"""The k-means book that turns encoder frames into linguistic codes."""

from pathlib import Path

import numpy as np

from parley_models.tokenizers.spectrum import Frames
from parley_models.tokenizers.tables import read_table
from parley_models.tokens import Codes


class Codebook:
    """Centroids, (size, width)."""

    def __init__(self, centroids: Frames) -> None:
        # doubles: |c|² - 2 c·x cancels, and the smallest gap between two centroids decides
        self._centroids = np.ascontiguousarray(centroids.T, np.float64)
        self._squares = np.square(self._centroids).sum(axis=0)

    @property
    def size(self) -> int:
        """How many codes there are."""
        return len(self._squares)

    @property
    def width(self) -> int:
        """Width of the frames it names."""
        return len(self._centroids)

    @staticmethod
    def read(path: Path) -> "Codebook":
        """Read centroids from an npy file.

        Raises:
            BundleMissing: no such file.
            BundleCorrupt: no table of numbers.
        """
        return Codebook(read_table(path, "centroids"))

    def nearest(self, frames: Frames) -> Codes:
        """The nearest centroid (Euclidean) of each frame: (n, width) → (n,)."""
        scores = self._squares - 2 * (frames.astype(np.float64) @ self._centroids)
        return np.asarray(scores.argmin(axis=1), np.uint16)

    def margins(self, frames: Frames) -> Frames:
        """How much further than the nearest centroid the second-nearest is: (n, width) → (n,)."""
        scores = (
            self._squares - 2 * (frames.astype(np.float64) @ self._centroids) + np.square(frames.astype(np.float64)).sum(axis=1)[:, None]
        )
        nearest = np.sqrt(np.maximum(np.partition(scores, 1, axis=1)[:, :2], 0.0))
        gaps: Frames = (nearest[:, 1] - nearest[:, 0]).astype(np.float32)
        return gaps
