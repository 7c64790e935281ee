"""Which of the heard questions an example is made of: the hard ones more often than they come, and now and then one that asks nothing."""

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from parley_training.backbone.questions import Question
from parley_training.corpus.disturbance import asks_nothing, declined
from parley_training.corpus.roles import COURTESIES
from parley_training.corpus.wide.core import FACTS

HARD = ("sum", "sum", "sum", "difference", "difference", "difference", "larger", "smaller", "count", "number_after", "number_before")
HARD_OF_MINI_1 = (*HARD, "product", "product", "product", "follow_number", "follow_number", "timer", "date")
HARD_SHARE = 0.35
"""Questions drawn from these besides: what has to be worked out takes more practice than what has to be known. Of what Mini 0.5 answered
wrongly in the examination, nearly half was numbers, some of them written along rightly."""
FACTS_SHARE = 0.3
"""Facts drawn besides. Of a wider world they are a third, and there a question misheard became one that the small world lacks."""
IDLE_SHARE = 0.04
"""Questions that are everyday phrases, and declined."""
IDLE_WORDS = 3
"""Fewer words may be half of anything."""
COURTESY_SHARE = 0.4
"""Of what is said to somebody in a role, greetings, thanks and the like: only these have answers that are the role's own, and at the rate
at which they come otherwise, one example in seventy, Mini 0.7 garbled them."""


class Pool:
    """Heard questions to be answered."""

    def __init__(self, questions: Sequence[Question], idle: Sequence[Question] = ()) -> None:
        """`idle` = those that are declined because they ask nothing."""
        self._all, self._hard = questions, [question for question in questions if question.exchange.intent in HARD_OF_MINI_1]
        self._facts = [question for question in questions if question.exchange.intent in FACTS]
        self._idle = idle
        keyed = defaultdict[str, list[Question]](list)
        for question in questions:
            for word in question.exchange.key.split():
                keyed[word].append(question)
        self._by_word = list(keyed.values())
        self._courtesies = [question for question in questions if question.exchange.intent in COURTESIES]

    def __len__(self) -> int:
        return len(self._all)

    def draw(self, rng: random.Random, *, in_role: bool = False, by_word: bool = False) -> Question:
        """One of them; what is asked of somebody in a role is often a courtesy.

        `by_word`: each word that must be right in an answer comes as often as any other.
        """
        if in_role and self._courtesies and rng.random() < COURTESY_SHARE:
            return rng.choice(self._courtesies)
        if by_word and self._by_word:
            return rng.choice(rng.choice(self._by_word))
        shares = (IDLE_SHARE, HARD_SHARE, FACTS_SHARE, 1 - IDLE_SHARE - HARD_SHARE - FACTS_SHARE)
        (some,) = rng.choices((self._idle, self._hard, self._facts, self._all), shares)
        return rng.choice(some or self._all)


def idle_ones(questions: Sequence[Question]) -> list[Question]:
    """Of everyday phrases that were spoken, those that mean nothing to Mini; they are declined."""
    phrases = (question for question in questions if question.exchange.intent == "words" and len(question.words) >= IDLE_WORDS)
    return [replace(phrase, exchange=declined(phrase.exchange)) for phrase in phrases if asks_nothing(phrase.words)]
