"""One question heard in several views at once, and which of the hearings counts (test-time augmentation).

What a small model makes of a sound hangs on trifles: where in a word its blocks of 240 ms begin. Heard a moment later it makes other
mistakes, and the same mistake hardly ever twice. So every hearing votes for the words that it would begin its answer with, and
weighs as much as it is sure of them; as soon as two agree, nobody else is asked. Declining fits whatever was misheard, so before that all
are asked. Of those that would give the answer that counts, the one is taken whose question others heard so, too. Every view has a stream of
the ears and a line of thought of its own; hearing them all happens while the user speaks.
"""

import copy
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from parley_models.context import Context
from parley_models.parts import Listening
from parley_models.tokens import TokenLayout

Words = tuple[int, ...]
"""The text ids before the first sound of an answer: its first ten, which is most of a short one."""

DECLINING = 1.8
"""What an honest answer counts: it goes before one that is surer of itself, as long as only one hearing would give that."""


class Hearing:
    """The open turn as it is heard in one view."""

    def __init__(self, context: Context, heard: Sequence[int] = ()) -> None:
        """Begin with what is known of the turn already."""
        self.context = context
        self.heard: list[int] = list(heard)
        """The turn's own ids so far: groups, words written along, typed words, in order."""

        self.listening: Listening | None = None
        """Speech that is not complete yet."""

        self.ended = False
        """What is owed at the speech's end was written."""

        self._before_end = 0

    def listen(self, listening: Listening) -> None:
        """Speech begins."""
        self.listening, self.ended = listening, False

    def become(self, head: Sequence[int]) -> None:
        """Have the model hold what came before the turn, and the turn."""
        self.context.become([*head, *self.heard])

    def add(self, ids: Sequence[int]) -> None:
        """Read ids that belong to the turn."""
        self.context.read(ids)
        self.heard += ids

    def add_heard(self, ids: Sequence[int], *, last: bool = False) -> None:
        """Read groups, and write what becomes clear by them."""
        if ids or last:
            self.heard += self.context.hear(ids, last=last)

    def owed(self, layout: TokenLayout, *, supposed: bool) -> list[int] | None:
        """What the ears still owe if the speech is over, or `supposed` to be: it may go on then. None if there is no open speech."""
        if self.listening is None or self.ended:
            return None
        listening = copy.deepcopy(self.listening) if supposed else self.listening
        return listening.finish().ids(layout)

    def end(self, owed: Sequence[int], mark: Sequence[int]) -> None:
        """Read the speech's end; `take_back` undoes it."""
        self._before_end, self.ended = len(self.heard), True
        self.add_heard(owed, last=True)
        self.add(mark)

    def take_back(self, head: Sequence[int], *, settled: bool) -> None:
        """The answer is forgotten; unless the end of the speech is `settled`, what was read since it was supposed is forgotten too."""
        if self.ended and not settled:
            del self.heard[self._before_end :]
            self.ended, self.context.question_complete = False, None
        self.context.rewind(len(head) + len(self.heard))

    def thoughts(self, opening: Sequence[int], seed: int, layout: TokenLayout) -> Iterator[int]:
        """The ids with which it would begin its answer, each computed when it is asked for, up to its first sound; then it is forgotten."""
        length, begun = len(self.context.ids), list[int]()
        self.context.read(opening)
        try:
            for token_id in self.context.decode(seed, longest(layout) + 1):
                begun.append(token_id)
                yield token_id
                if first_words_of(begun, layout) is not None:
                    return
        finally:
            self.context.rewind(length)


def longest(layout: TokenLayout) -> int:
    """How many ids are compared at most: a block's text, and what marks that sound follows."""
    return layout.text_per_block + 1


def first_words_of(ids: Sequence[int], layout: TokenLayout) -> Words | None:
    """What an answer began with: all before its first sound, or as much of it as is compared. None as long as that is not known."""
    sound = next((at for at, token_id in enumerate(ids) if layout.is_audio(token_id)), None)
    known = longest(layout) if sound is None else min(sound, longest(layout))
    return tuple(ids[:known]) if sound is not None or len(ids) >= known else None


@dataclass(frozen=True, slots=True)
class Vote:
    """How one hearing would begin the answer."""

    words: Words
    likelihood: float
    """Log probability of `words`; 0.0 if nothing is doubted."""

    declines: bool = False
    """It would say that the question is beyond it."""

    heard: str = ""
    """The question, as it was heard there."""

    @property
    def weight(self) -> float:
        """How much it counts."""
        return math.exp(self.likelihood) * (DECLINING if self.declines else 1.0)


def settled(votes: Sequence[Vote]) -> bool:
    """Whether the last vote agrees with an earlier one on an answer."""
    return not votes[-1].declines and any(vote.words == votes[-1].words for vote in votes[:-1])


def elected(votes: Sequence[Vote]) -> int:
    """Which of several hearings counts: of those whose answer weighs most the first whose question most of them heard."""
    weights: dict[Words, float] = {}
    for vote in votes:
        weights[vote.words] = weights.get(vote.words, 0.0) + vote.weight
    chosen, alike = max(weights, key=lambda words: weights[words]), Counter(vote.heard for vote in votes)
    return max((number for number, vote in enumerate(votes) if vote.words == chosen), key=lambda number: alike[votes[number].heard])
