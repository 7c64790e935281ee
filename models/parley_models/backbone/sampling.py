"""Choosing the next id: text cold, audio warmer, never a code of the wrong book inside a started group."""

from collections import deque

import numpy as np
import numpy.typing as npt

from parley_models.manifest import Sampling
from parley_models.tokens import TokenLayout

Logits = npt.NDArray[np.float32]


class Sampler:
    """Draws the ids of one answer. The same seed and the same logits give the same ids.

    Whether text or speech comes next is never a matter of luck: the likeliest id decides, and the temperature chooses only
    within its kind.
    """

    def __init__(self, layout: TokenLayout, sampling: Sampling, seed: int) -> None:
        self._layout = layout
        self._sampling = sampling
        self._random = np.random.default_rng(seed)
        self._place = 0
        self._recent: deque[int] = deque(maxlen=max(sampling.repetition_window, 1))
        speaks = {layout.audio_start, layout.audio_end, *layout.stops}
        high = [token_id for token_id in range(layout.audio_stop, layout.vocab_size) if token_id not in speaks]
        low = [token_id for token_id in (layout.bos, layout.bot) if token_id not in speaks]
        self._reserved = np.array(low + high, np.int64)

    def draw(self, logits: Logits) -> int:
        """The next id, from logits (vocab,)."""
        layout = self._layout
        if self._place:
            linguistic = self._place < layout.linguistic_per_group
            bounds = (layout.audio_offset, layout.semantic_offset) if linguistic else (layout.semantic_offset, layout.audio_stop)
            return self._speak(logits, *bounds)
        free = logits.copy()
        free[self._reserved] = -np.inf
        free[layout.semantic_offset : layout.audio_stop] = -np.inf  # a group begins with a linguistic code
        if layout.is_audio(int(free.argmax())):
            return self._speak(logits, layout.audio_offset, layout.semantic_offset)
        free[layout.audio_offset : layout.semantic_offset] = -np.inf
        return self._pick(free, self._sampling.text_temperature)

    def _speak(self, logits: Logits, first: int, stop: int) -> int:
        """One audio code out of one book; an id that fills too much of the last ones is drawn again from the whole book."""
        sampling, book = self._sampling, logits[first:stop]
        token_id = first + self._pick(book, sampling.audio_temperature)
        if sampling.repetition_window and sampling.audio_temperature > 0:
            share = self._recent.count(token_id) / sampling.repetition_window
            if share > sampling.repetition_share:
                token_id = first + self._pick(book, sampling.audio_temperature, whole=True)
            self._recent.append(token_id)
        self._place = (self._place + 1) % self._layout.group_size
        return token_id

    def _pick(self, logits: Logits, temperature: float, *, whole: bool = False) -> int:
        """The likeliest at temperature 0; otherwise a draw from the likeliest ids that together reach top_p."""
        if temperature <= 0:
            return int(logits.argmax())
        scaled = (logits.astype(np.float64) - logits.max()) / temperature
        weights = np.exp(scaled)
        weights /= weights.sum()
        if not whole and self._sampling.top_p < 1:
            order = np.argsort(-weights, kind="stable")
            reach = np.cumsum(weights[order])
            order = order[: int(np.searchsorted(reach, self._sampling.top_p)) + 1]
            return int(order[self._throw(weights[order])])
        return self._throw(weights)

    def _throw(self, weights: npt.NDArray[np.float64]) -> int:
        steps = np.cumsum(weights)
        return min(int(np.searchsorted(steps, self._random.random() * steps[-1], side="right")), len(weights) - 1)
