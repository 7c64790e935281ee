"""Questions about anything at all: they begin as questions do and go on in words that mean nothing to Mini.

A model that knows only the topics somebody thought of takes "In which year did the second world war end?" for the calendar: whatever
begins like a question of its world, or names something there, seems to be one.
"""

import random
from functools import cache

from parley_training.corpus.vocabulary import phrase
from parley_training.corpus.world import facts

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

NAMED_SHARE = 0.3
"""Of Mini 0's questions about anything, those that hold a country, an animal or a number: such a word alone asks nothing."""


def ask(rng: random.Random, meaning: frozenset[str]) -> list[str]:
    """Words of a question, none of them behind the beginning among those with a `meaning`."""
    return phrase(rng, rng.randint(_SHORTEST, _LONGEST), meaning, begin=rng.choice(_BEGINNINGS).split(" "))


def name_something(words: list[str], rng: random.Random) -> list[str]:
    """The words, often with something of Mini's world behind the second one."""
    if rng.random() >= NAMED_SHARE:
        return words
    at = rng.randint(2, len(words))
    return [*words[:at], rng.choice(_names()), *words[at:]]


@cache
def _names() -> tuple[str, ...]:
    known = ((row["country"] for row in facts("capitals")), (row["animal"] for row in facts("animals")), _NUMBERS)
    return tuple(name.lower() for names in known for name in names)


_NUMBERS = tuple("two three four five six seven eight nine ten twenty thirty forty fifty sixty seventy eighty ninety".split())
