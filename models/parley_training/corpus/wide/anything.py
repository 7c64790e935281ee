"""Questions about anything at all (`corpus.anything`), declined."""

from __future__ import annotations

import random
from collections import Counter
from functools import cache

from parley_training.corpus.anything import ask
from parley_training.corpus.disturbance import SMALL_WORDS, plain, telling
from parley_training.corpus.exchange import Exchange, hesitated, sentence
from parley_training.corpus.wide.outside import declining
from parley_training.corpus.wide.scene import Derived

_LOOKED_AT, _OFTEN = 40, 3
"""Exchanges of each intent whose words are taken for those of Mini 1's world, if they come so often: some hold any words."""


def _ask(rng: random.Random) -> Exchange:
    words = ask(rng, telling() | _known())
    mark = (
        "."
        if words[0] in {"please", "tell", "show", "give", "get", "find", "make", "put", "read", "let", "open", "i", "my", "the"}
        else "?"
    )
    parts, key = declining("things", rng)
    return Exchange("beyond_anything", sentence(hesitated(" ".join(words), rng)) + mark, parts[0].text, key, parts=parts)


@cache
def _known() -> frozenset[str]:
    """Words of what Mini 1 answers otherwise."""
    from parley_training.corpus.wide.dialogue import MINI1, write  # the registry holds this writer, too

    rng = random.Random(0)
    asked = (write(rng, intent).question for intent in MINI1 if not intent.startswith("beyond") for _ in range(_LOOKED_AT))
    counts = Counter(word for question in asked for word in set(plain(question).split()))
    return frozenset(word for word, count in counts.items() if count >= _OFTEN) - set(SMALL_WORDS)


anything = Derived("beyond_anything", "Outside", _ask, weight=10, stands_alone=True)
