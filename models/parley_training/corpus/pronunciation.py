"""How a word is said, from espeak-ng's American English."""

from functools import cache

from parley_training.corpus.phones import NUMBER, SILENCE
from parley_training.corpus.speech import Speaker, say

_READER = Speaker("espeak", "gmw/en-US")


@cache
def pronounced(word: str) -> tuple[int, ...]:
    """The phones of one word, by number, without silence."""
    return tuple(NUMBER[phone] for _, phone in say(word, _READER).phones if phone != SILENCE)
