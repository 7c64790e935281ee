"""Words that are given, spoken: a greeting, a timer that rings, an answer of which only the text was kept.

There is no text-to-speech stage: the model itself makes the sound. It is led as if it had chosen the words: of every 10:15 block the text
is put into its context, and it goes on with the sound that belongs there. After the last words it speaks until it is done.
"""

from collections.abc import Iterator, Sequence
from contextlib import closing
from math import ceil

from parley_models.answer import AnswerEvent
from parley_models.context import Context
from parley_models.delivery import Delivery
from parley_models.prebuffer import TEXT_IDS_PER_S
from parley_models.tokens import GROUP_SECONDS, TokenLayout

SLOWEST = 3.0
"""Who speaks so many times as long as the words usually take has lost the thread."""


class Recital:
    """One text in one voice. One thread at a time."""

    def __init__(self, layout: TokenLayout, context: Context, opening: Sequence[int], words: Sequence[int], delivery: Delivery) -> None:
        """Speak words.

        Args:
            layout: of the bundle's ids.
            context: a line of thought of its own; it holds the opening and what was spoken afterwards.
            opening: ids up to and including the opening of the answer.
            words: text ids, without markers.
            delivery: where they go.
        """
        self._layout, self._context, self._opening, self._words = layout, context, list(opening), list(words)
        self.delivery = delivery

    def events(self, seed: int) -> Iterator[AnswerEvent | None]:
        """Text and sound as they come; None is a step without news. Who stops asking stops the model."""
        layout, context, block = self._layout, self._context, self._layout.text_per_block
        context.become(self._opening)
        if layout.audio_start is not None:
            yield from self._put([layout.audio_start])
        for start in range(0, len(self._words), block):
            yield from self._put(self._words[start : start + block])
            last = start + block >= len(self._words)
            yield from self._speak(seed + start, self._room if last else layout.audio_per_block, may_end=last)
        if layout.audio_end is not None:
            yield from self._put([layout.audio_end])
        yield from self.delivery.finish()

    @property
    def _room(self) -> int:
        """How many audio ids the end of the text may take."""
        groups = ceil(SLOWEST * len(self._words) / TEXT_IDS_PER_S / GROUP_SECONDS)
        return max(groups * self._layout.group_size - self.delivery.groups * self._layout.group_size, self._layout.audio_per_block)

    def _put(self, ids: Sequence[int]) -> Iterator[AnswerEvent | None]:
        self._context.read(ids)
        for token_id in ids:
            yield from self.delivery.take(token_id)

    def _speak(self, seed: int, limit: int, *, may_end: bool) -> Iterator[AnswerEvent | None]:
        with closing(self._context.voice(seed, limit, may_end=may_end)) as ids:
            for token_id in self.delivery.timed(ids):
                yield from self.delivery.take(token_id)
                yield None
