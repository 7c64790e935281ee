"""Questions about anything at all, declined: they begin as questions do and go on in words that mean nothing to Mini.

The topics of `outside` are those somebody thought of. A model that knows them alone takes "In which year did the second world war end?"
for the clock: whatever begins like a question of its world seems to be one.
"""

from __future__ import annotations

import random
from collections import Counter
from functools import cache

from parley_training.corpus.disturbance import SMALL_WORDS, plain, telling
from parley_training.corpus.exchange import Exchange, hesitated, sentence
from parley_training.corpus.vocabulary import phrase
from parley_training.corpus.wide.outside import declining
from parley_training.corpus.wide.scene import Derived

_BEGINNINGS = (
    "who|who is|who was|who was the first|who has the|who sang|what|what is|what is the|what was the|what are|what did|what does|what do you|"
    "what happened|what kind of|what is the longest|what should i|where|where is|where is the|where can i|where did|where do they|when did|"
    "when will|when is the|when do i|when was|why|why do|why did the|why is|why are|why can't i|how|how do i|how do you|how does a|how did|"
    "how can i|how long|how long does|how much|how much is|how much does a|how many|how many people|how far|how deep is|how big is the|"
    "how fast|how often|how old|which|which is the|which of|which one|in which|in which year|in what|for how long|at what|should i|should we|"
    "can i|can you|could you|could we|would you|would it|will|will i|will the|is|is there|is the|is my|is it going to|are|are there|are the|"
    "am i|do i|do you|do you believe|does|does the|did|did the|have you|has the|any idea|any idea who|any chance of|do you know who|please|"
    "tell me|tell me about|tell me who|tell me the|show me|give me|give me the|get me|find|find me a|make|make me a|put|read|let us|open|"
    "i want|i need|i'd like|i have to|i wonder|i wonder why|my|the"
).split("|")
_SHORTEST, _LONGEST = 2, 6
"""Words behind the beginning."""

_LOOKED_AT, _OFTEN = 40, 3
"""Exchanges of each intent whose words are taken for those of Mini 1's world, if they come so often: some hold any words."""


def _ask(rng: random.Random) -> Exchange:
    begin = rng.choice(_BEGINNINGS).split(" ")
    words = phrase(rng, rng.randint(_SHORTEST, _LONGEST), telling() | _known(), begin=begin)
    mark = (
        "."
        if begin[0] in {"please", "tell", "show", "give", "get", "find", "make", "put", "read", "let", "open", "i", "my", "the"}
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
