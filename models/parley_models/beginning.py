"""How an answer begins: its words before its first sound are known before any of it is given."""

import math
from collections.abc import Iterator

from parley_models.rehearing import Hearing
from parley_models.tokens import TokenLayout


class Beginning:
    """The answer to one hearing, thought only so far as somebody asks. Until it is forgotten, nobody else uses the hearing's context."""

    def __init__(self, hearing: Hearing, layout: TokenLayout, *, seed: int, longest: int) -> None:
        """The hearing's context ends with the opening of the answer, which may have so many ids."""
        self.hearing = hearing
        self.opening = list(hearing.context.ids)
        """Every id before the answer."""

        self._layout = layout
        self._begun: list[int] = []
        self._rest = hearing.context.decode(seed, longest)
        self._known = False
        self.log_likelihood = 0.0
        """What the model thinks of the words: their log probability; 0.0 if it has no doubts. Others may use it later, so it is noted."""

    def think(self) -> Iterator[None]:
        """Think on until the words are known; pauses after every id."""
        while not self._known:
            token_id = next(self._rest, None)
            self._begun += [] if token_id is None else [token_id]
            self.log_likelihood = self.hearing.context.said_likelihood
            self._known = token_id is None or self._layout.is_audio(token_id) or len(self._begun) > self._layout.text_per_block
            yield

    @property
    def words(self) -> tuple[int, ...]:
        """What is compared: text, and what marks that sound follows; a block's at most, which is most of a short answer."""
        return tuple(each for each in self._begun if not self._layout.is_audio(each))

    def is_sure(self, least: float) -> bool:
        """Whether the model thinks the words as likely as that."""
        return math.exp(self.log_likelihood) >= least

    def ids(self) -> tuple[list[int], Iterator[int]]:
        """The ids that are there, and those still to be thought."""
        return self._begun, self._rest

    def forget(self) -> None:
        """Stop the model."""
        self._rest.close()
