"""Mistakes put into heard codes: other voices will be heard less well than those that Mini learns from."""

import numpy as np
import numpy.typing as npt

from parley_models.networks.semantic import DETAIL_LEVELS, F0_LEVELS
from parley_models.tokens import Codes

NEIGHBOURS = 8
MISTAKEN = 0.1
"""Up to this share of an utterance's linguistic codes become one of their neighbours in the code book."""
STRANGE = 0.02
"""Up to this share become any code."""
HIGHER = 5
"""An utterance's pitch moves by up to so many levels."""


class Mishearing:
    """Draws what ears less sure of themselves might have heard."""

    def __init__(self, book: npt.NDArray[np.float32]) -> None:
        """`book` (1024, width): the linguistic tokenizer's codes; those close together sound alike."""
        norms = np.square(book).sum(1)
        apart = norms[:, None] + norms - 2 * book @ book.T
        np.fill_diagonal(apart, np.inf)
        self._neighbours = np.argsort(apart, axis=1)[:, :NEIGHBOURS]

    def __call__(self, codes: Codes, rng: np.random.Generator) -> Codes:
        """The groups (n, 5) as they might have been heard."""
        linguistic, semantic = codes[:, :2].astype(np.int64), codes[:, 2:].astype(np.int64)
        mistaken = rng.random(linguistic.shape) < rng.uniform(0, MISTAKEN)
        rank = np.minimum(rng.geometric(0.35, linguistic.shape) - 1, NEIGHBOURS - 1)
        linguistic = np.where(mistaken, self._neighbours[linguistic, rank], linguistic)
        linguistic = np.where(rng.random(linguistic.shape) < rng.uniform(0, STRANGE), rng.integers(0, 1024, linguistic.shape), linguistic)
        return np.concatenate([linguistic, self._otherwise_voiced(semantic, rng)], axis=1).astype(np.uint16)

    def _otherwise_voiced(self, semantic: npt.NDArray[np.int64], rng: np.random.Generator) -> npt.NDArray[np.int64]:
        """Another pitch, and details that say less about the words: they are the speaker's as much as the word's."""
        pitch, detail = np.divmod(semantic, DETAIL_LEVELS)
        pitch = np.where(pitch > 0, np.clip(pitch + rng.integers(-HIGHER, HIGHER + 1), 1, F0_LEVELS - 1), 0)
        vague = rng.random(detail.shape) < rng.random() ** 3
        return pitch * DETAIL_LEVELS + np.where(vague, rng.integers(0, DETAIL_LEVELS, detail.shape), detail)
