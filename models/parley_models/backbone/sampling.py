"""Choosing the next id: text cold, audio warmer, never a code of the wrong book inside a started group."""

from collections import deque
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from parley_models.manifest import Sampling
from parley_models.tokens import TokenLayout

Logits = npt.NDArray[np.float32]
Shares = npt.NDArray[np.float64]
"""How likely each code of a book is; they add up to 1."""


class Sampler:
    """Draws the ids of one answer. The same seed and the same logits give the same ids.

    Whether text or speech comes next is never a matter of luck: the likeliest id decides, and the temperature chooses only
    within its kind.
    """

    def __init__(self, layout: TokenLayout, sampling: Sampling, seed: int) -> None:
        self._layout = layout
        self._sampling = sampling
        self._random = np.random.default_rng(seed)
        self.text_likelihood = 0.0
        """Log probability of the text drawn so far, among all ids, and of any speech where speech followed it: where a model knows that a
        country comes, but not which, the likeliest id may be a code."""

        self._place = 0
        self._recent: deque[int] = deque(maxlen=max(sampling.repetition_window, 1))
        speaks = {layout.audio_start, layout.audio_end, *layout.stops}
        high = [token_id for token_id in range(layout.audio_stop, layout.vocab_size) if token_id not in speaks]
        low = [token_id for token_id in (layout.bos, layout.bot) if token_id not in speaks]
        self._reserved = np.array(low + high, np.int64)
        self._writes = False
        """Text was drawn last."""

    def draw(self, logits: Logits) -> int:
        """The next id, from logits (vocab,)."""
        layout = self._layout
        if self._place:
            return self._speak(logits, *self._book(self._place))
        free = logits.copy()
        free[self._reserved] = -np.inf
        free[layout.semantic_offset : layout.audio_stop] = -np.inf  # a group begins with a linguistic code
        if layout.is_audio(int(free.argmax())):
            if self._writes:
                self.text_likelihood += _log_sum(logits[layout.audio_offset : layout.audio_stop]) - _log_sum(logits)
            self._writes = False
            return self._speak(logits, layout.audio_offset, layout.semantic_offset)
        free[layout.audio_offset : layout.semantic_offset] = -np.inf
        token_id = self._pick(free, self._sampling.text_temperature)
        self._writes = True
        self.text_likelihood += float(logits[token_id]) - _log_sum(logits)
        return token_id

    @property
    def certain(self) -> bool:
        """Whether the codes of a group are always the likeliest ones."""
        return self._sampling.audio_temperature <= 0

    @property
    def left(self) -> int:
        """Codes that the started group still lacks; 0 outside of groups."""
        return (self._layout.group_size - self._place) % self._layout.group_size

    def chances(self, logits: Logits, ahead: Sequence[int] = ()) -> tuple[int, Shares]:
        """How likely `draw` would take each code of a started group, had it drawn the ids `ahead` before: first code and shares."""
        first, stop = self._book(self._place + len(ahead))
        book, temperature = logits[first:stop], self._sampling.audio_temperature
        shares = np.zeros(stop - first)
        if temperature <= 0:
            shares[book.argmax()] = 1
            return first, shares
        likely, weights = self._likely(book, temperature)
        shares[likely] = weights / weights.sum()
        if window := self._sampling.repetition_window:
            recent = [*self._recent, *ahead][-window:]
            often = {code for code in recent if recent.count(code) / window > self._sampling.repetition_share}
            again = [code - first for code in often if first <= code < stop]
            redrawn = float(shares[again].sum())
            shares[again] = 0
            shares += redrawn * self._weights(book, temperature)
        return first, shares

    def chance(self) -> float:
        """A number from 0 to below 1."""
        return float(self._random.random())

    def take(self, token_id: int) -> None:
        """Go on as if `draw` had given this code of a started group."""
        if self._sampling.repetition_window and self._sampling.audio_temperature > 0:
            self._recent.append(token_id)
        self._place = (self._place + 1) % self._layout.group_size

    def _book(self, place: int) -> tuple[int, int]:
        """The ids that may stand at a place of a group: from the first to before the second."""
        layout = self._layout
        if place < layout.linguistic_per_group:
            return layout.audio_offset, layout.semantic_offset
        return layout.semantic_offset, layout.audio_stop

    def _speak(self, logits: Logits, first: int, stop: int) -> int:
        """One audio code out of one book; an id that fills too much of the last ones is drawn again from the whole book."""
        sampling, book = self._sampling, logits[first:stop]
        token_id = first + self._pick(book, sampling.audio_temperature)
        if sampling.repetition_window and sampling.audio_temperature > 0:
            share = self._recent.count(token_id) / sampling.repetition_window
            if share > sampling.repetition_share:
                token_id = first + self._pick(book, sampling.audio_temperature, whole=True)
        self.take(token_id)
        return token_id

    def _pick(self, logits: Logits, temperature: float, *, whole: bool = False) -> int:
        """The likeliest at temperature 0; otherwise a draw from the likeliest ids that together reach top_p."""
        if temperature <= 0:
            return int(logits.argmax())
        if whole:
            return self.throw(self._weights(logits, temperature))
        likely, weights = self._likely(logits, temperature)
        return int(likely[self.throw(weights)])

    def _likely(self, logits: Logits, temperature: float) -> tuple[npt.NDArray[np.int64], Shares]:
        """The likeliest places that together reach top_p, and their weights; all of them where top_p is 1."""
        weights = self._weights(logits, temperature)
        if self._sampling.top_p >= 1:
            return np.arange(len(weights)), weights
        # What is dropped before the order is sought adds up to less than half of what top_p leaves out, so it would never be among the
        # likeliest; to sort all of Mini's 4,096 codes took half of a draw's time.
        some = np.flatnonzero(weights > (1 - self._sampling.top_p) / 2 / len(weights))
        order = some[np.argsort(-weights[some], kind="stable")]
        reach = np.cumsum(weights[order])
        order = order[: int(np.searchsorted(reach, self._sampling.top_p)) + 1]
        return order, weights[order]

    def _weights(self, logits: Logits, temperature: float) -> Shares:
        weights: Shares = np.exp((logits.astype(np.float64) - logits.max()) / temperature)
        return weights / weights.sum()

    def throw(self, weights: Shares) -> int:
        """Draw a place by its weight."""
        steps = np.cumsum(weights)
        return min(int(np.searchsorted(steps, self._random.random() * steps[-1], side="right")), len(weights) - 1)


def _log_sum(logits: Logits) -> float:
    """The logarithm of the sum of eˣ over all of them."""
    most = float(logits.max())
    return most + float(np.log(np.exp(logits - most).sum()))
