"""Questions as no grammar foresees them: phrases and small words around, small words between and left out."""

import random
import re
from collections.abc import Iterable
from dataclasses import replace
from functools import cache

from parley_training.corpus import anything
from parley_training.corpus.dialogue import write
from parley_training.corpus.exchange import Exchange
from parley_training.corpus.vocabulary import phrase

SMALL_WORDS = tuple(
    "a an the of is are was do does did can could would will you i we they he she it me my your our this that there here so well now "
    "then and but or to for with in on at by from just really maybe again please okay right like know think say said tell ask want "
    "need some any".split()
)

FORMULAIC_SHARE = 0.3
"""Words put around a question that are drawn from the small ones; the others are phrases of any words that Mini's world has no use for."""
ASKING_SHARE = 0.7
"""Of words that ask nothing of Mini, those that ask something else."""
LOOKED_AT = 6000
"""Exchanges whose words are taken for those of Mini's world."""


def plain(text: str) -> str:
    """Words alone, as they are written along."""
    return " ".join(re.sub(r"[^\w' ]+", " ", text.lower()).split())


def disturbed(words: str, rng: random.Random) -> str:
    """The words of a question with others before, behind and between, and some small ones left out."""
    said = [word for word in words.split() if word not in SMALL_WORDS or rng.random() > 0.1]
    if rng.random() < 0.7:
        said = [*_idle(rng, 5), *said]
    if rng.random() < 0.3:
        said += _idle(rng, 4)
    if rng.random() < 0.3:
        said.insert(rng.randint(0, len(said)), rng.choice(SMALL_WORDS))
    return " ".join(said)


def idle(rng: random.Random) -> Exchange:
    """Words that ask nothing of Mini, and are declined: phrases around a question must not make one of themselves, nor must whatever
    begins like one.
    """
    if rng.random() < ASKING_SHARE:
        words = anything.name_something(anything.ask(rng, telling()), rng)
    else:
        words = phrase(rng, rng.randint(2, 8), telling())
    return declined(Exchange("words", " ".join(words), "", ""))


def declined(said: Exchange) -> Exchange:
    """What was said, and that it is beyond Mini."""
    return replace(write(random.Random(0), "beyond"), question=said.question)


def asks_nothing(words: Iterable[str]) -> bool:
    """Whether none of the words means anything to Mini."""
    return not telling() & set(words)


def _idle(rng: random.Random, most: int) -> list[str]:
    """Up to so many words that ask nothing."""
    count = rng.randint(1, most)
    return rng.choices(SMALL_WORDS, k=count) if rng.random() < FORMULAIC_SHARE else phrase(rng, count, telling())


@cache
def telling() -> frozenset[str]:
    """Words that mean something to Mini, and might change what is asked."""
    rng = random.Random(0)
    return frozenset(word for _ in range(LOOKED_AT) for word in plain(write(rng).question).split()) - set(SMALL_WORDS)


WORD_BY_WORD = frozenset({"heard_word", "spell", "unspell", "letter_after", "letter_before", "rhyme", "chain_word"})
"""Intents in which one word is all: "no" with small words around is another question."""


def disturbable(exchange: Exchange) -> bool:
    """Whether small words may be put into the question and out of it without changing the answer: not into words that are to be said again,
    not into Chinese, not into what a tool gave back.
    """
    return exchange.language == "en" and exchange.spoken and exchange.intent not in WORD_BY_WORD | _open_intents()


@cache
def _open_intents() -> frozenset[str]:
    """The intents of Mini 1's world whose questions hold any words."""
    from parley_training.corpus.wide import WIDE  # who stays in the small world need not build the wide one
    from parley_training.corpus.wide.scene import OPEN, SceneWriter

    return frozenset(name for name, writer in WIDE.items() if isinstance(writer, SceneWriter) and OPEN in writer.slots.values())
