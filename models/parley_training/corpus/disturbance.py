"""Questions as no grammar foresees them: small words around, between and left out."""

import random
import re
from functools import cache

from parley_training.corpus.exchange import Exchange

SMALL_WORDS = tuple(
    "a an the of is are was do does did can could would will you i we they he she it me my your our this that there here so well now "
    "then and but or to for with in on at by from just really maybe again please okay right like know think say said tell ask want "
    "need some any".split()
)


def plain(text: str) -> str:
    """Words alone, as they are written along."""
    return " ".join(re.sub(r"[^\w' ]+", " ", text.lower()).split())


def disturbed(words: str, rng: random.Random) -> str:
    """Small words put before, behind and between, or left out."""
    said = [word for word in words.split() if word not in SMALL_WORDS or rng.random() > 0.1]
    if rng.random() < 0.7:
        said = [*rng.choices(SMALL_WORDS, k=rng.randint(1, 5)), *said]
    if rng.random() < 0.3:
        said += rng.choices(SMALL_WORDS, k=rng.randint(1, 4))
    if rng.random() < 0.3:
        said.insert(rng.randint(0, len(said)), rng.choice(SMALL_WORDS))
    return " ".join(said)


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
