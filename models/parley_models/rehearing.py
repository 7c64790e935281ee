"""One question heard in several views at once, and which of the hearings counts (test-time augmentation, acoustic rescoring).

What a small model makes of a sound hangs on trifles: where in a word its blocks of 240 ms begin. Heard a moment later it makes other
mistakes, and the same mistake hardly ever twice. So when the question is over, the ears say how well the words of each hearing explain
the sound, and those that may have been said are asked how they would answer. An answer weighs as much as its words explain the sound, as
the model is sure of it, and as many heard so. Every view has a stream of the ears and a line of thought of its own; hearing them all
happens while the user speaks.
"""

import copy
import math
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from parley_models.context import Context
from parley_models.parts import Listening
from parley_models.tokens import TokenLayout

TRUST = 0.02
"""What the ears' log probability counts for: it is a sum over slots of 20 ms, which err together, and would drown all else."""

DOUBTFUL = 1.0
"""Words that weigh e times less than the likeliest, by their sound alone, are not asked for an answer."""


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

        self.over: Listening | None = None
        """The speech as far as its end, supposed or not."""

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
        self.over = copy.deepcopy(self.listening) if supposed else self.listening
        return self.over.finish().ids(layout)

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


@dataclass(frozen=True, slots=True)
class Reading:
    """What one hearing or several have understood."""

    number: int
    """The first one of them."""

    log_weight: float
    """How well their words explain the sound, and how many they are."""


def readings(texts: Sequence[str], log_likelihoods: Sequence[float] | None) -> list[Reading]:
    """What may have been said, the likeliest first.

    Args:
        texts: the words of each hearing.
        log_likelihoods: of the sound if these words were said; None = nobody can tell.
    """
    each = [0.0 for _ in texts] if log_likelihoods is None else log_likelihoods
    best, alike = max(each), Counter(texts)
    found = {text: 0.0 if told == best else TRUST * (told - best) for text, told in zip(texts, each, strict=True)}
    likely = sorted((text for text in found if found[text] >= -DOUBTFUL), key=lambda text: -found[text])
    return [Reading(list(texts).index(text), found[text] + math.log(alike[text])) for text in likely]


def elected(answers: Sequence[Hashable], log_weights: Sequence[float]) -> int:
    """Which of several answers counts: of those that begin alike and together weigh most the heaviest; the first if all weigh the same."""
    weights = _together(answers, log_weights)
    chosen = max(weights, key=lambda words: weights[words])
    return max((number for number, words in enumerate(answers) if words == chosen), key=lambda number: log_weights[number])


def decided(answers: Sequence[Hashable], log_weights: Sequence[float], waiting: Sequence[float]) -> bool:
    """Whether those that were not asked yet, of so much weight each, can no longer change which answer counts."""
    heaviest, *others = sorted(_together(answers, log_weights).values(), reverse=True)
    return heaviest >= max(others, default=0.0) + sum(map(math.exp, waiting))


def _together(answers: Sequence[Hashable], log_weights: Sequence[float]) -> dict[Hashable, float]:
    weights: dict[Hashable, float] = {}
    for words, log_weight in zip(answers, log_weights, strict=True):
        weights[words] = weights.get(words, 0.0) + math.exp(log_weight)
    return weights
