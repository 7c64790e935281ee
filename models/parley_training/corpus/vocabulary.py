"""Words from outside Mini's world, so that it hears English and not only the curriculum.

People wrap a question in words that no grammar foresees. Of the examination's questions, 178 of 315 held a word that stood in fewer than 20
of 59,200 training questions ("remind", "idea", "homework"), while the strings of dictionary words that Mini had learned from were words that
nobody says. So phrases are drawn here as people talk: from pocketsphinx's trigrams, which were counted in conversations.
"""

import random
from collections.abc import Sequence
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

import pocketsphinx  # BSD; its wheel carries CMUdict and a language model

COMMON = 5000
"""Words that are drawn for phrases, the likeliest of the language model's."""
FLATTENED = 0.5
"""Words come by this power of their probability: the rarer ones must be heard often enough to be learned."""
CANDIDATES = 60
"""Words from which the next one is drawn, by how much likelier it is here than anywhere."""
OBSCURE_SHARE = 0.2
"""Strings that are drawn from the whole dictionary, names and all."""
IMPOLITE = frozenset(
    "ass asshole bastard bitch bullshit crap cunt damn dick fuck fucked fucking goddamn jerk penis piss pissed porn rape raped sex sexual "
    "sexy shit shitty".split()
)
"""Words that Mini is not taught: it mishears, and what it took a question for stands in the window."""
LOG_BASE = 1.0001
"""Of pocketsphinx's probabilities."""
INVENTORY = "en-us/cmudict-en-us.dict"
"""CMUdict among pocketsphinx's models: words and how they are said."""


class _English(NamedTuple):
    model: pocketsphinx.NGramModel
    words: list[str]
    drawn: list[float]
    """By how much each word's draw adds to those before it."""

    alone: dict[str, int]
    """A word's logarithmic probability wherever it stands."""


@cache
def _dictionary() -> tuple[str, ...]:
    lines = Path(pocketsphinx.get_model_path(INVENTORY)).read_text(encoding="utf-8").splitlines()
    words = (line.split(" ", 1)[0] for line in lines)
    return tuple(word for word in words if word.replace("'", "").isalpha() and word not in IMPOLITE)


@cache
def _english() -> _English:
    model = pocketsphinx.NGramModel(pocketsphinx.Config(), pocketsphinx.LogMath(), pocketsphinx.get_model_path("en-us/en-us.lm.bin"))
    likely = {word: model.prob([word]) for word in _dictionary() if len(word) > 1 or word in {"a", "i"}}
    words = sorted(likely, key=lambda word: -likely[word])[:COMMON]
    drawn = accumulate(LOG_BASE ** (FLATTENED * likely[word]) for word in words)
    return _English(model, words, list(drawn), likely)


def common(count: int) -> list[str]:
    """The commonest words of the language, the commonest first."""
    alone = _english().alone
    return sorted(alone, key=lambda word: -alone[word])[:count]


def phrase(rng: random.Random, count: int, without: frozenset[str] = frozenset(), *, begin: Sequence[str] = ()) -> list[str]:
    """So many everyday words that follow one another as people talk, some words never among them; they go on from those that `begin`."""
    english, said = _english(), list(begin)
    while len(said) < len(begin) + count:
        drawn = rng.choices(english.words, cum_weights=english.drawn, k=CANDIDATES)
        candidates = [word for word in drawn if word not in without]
        before = said[:-3:-1]
        fitting = [LOG_BASE ** (english.model.prob([word, *before]) - english.alone[word]) for word in candidates]
        said += rng.choices(candidates, fitting) if candidates else []
    return said


def random_words(rng: random.Random) -> str:
    """Two to seven words: mostly everyday phrases, now and then words in any order."""
    count = rng.randint(2, 7)
    if rng.random() < OBSCURE_SHARE:
        return " ".join(rng.choice(_dictionary()) for _ in range(count))
    return " ".join(phrase(rng, count))
