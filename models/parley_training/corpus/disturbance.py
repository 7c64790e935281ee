"""Questions as no grammar foresees them: small words around, between and left out."""

import random
import re

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
