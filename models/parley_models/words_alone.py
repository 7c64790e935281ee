"""A word that is said by itself, a digit or a "stop": it has no neighbours that help to hear it.

What has heard sentences all its life writes "uh right" for it, or "do really" for "three". So where little was heard the ears also say how
well each word that people say alone would explain the sound. Theirs is the word unless what was heard explains it clearly better
(isolated word recognition: the vocabulary is small, and its words are known).
"""

import math
from collections import Counter
from collections.abc import Sequence

from parley_models.mind import Mind
from parley_models.parts import Listening
from parley_models.rehearing import Hearing

MOST_WORDS = 3
"""Where the likeliest hearing has more, no word was said alone."""

ALIKE = 2
"""So many hearings that wrote the same one of these words are believed: what they all wrote rightly may yet be said oddly."""

ALLOWANCE = 10.0
"""So much log likelihood what was heard must have more than the word: it was chosen from all there is to say, the word from a few."""


def said_alone(texts: Sequence[str], log_likelihoods: Sequence[float], sound: Listening, words: Sequence[str]) -> str | None:
    """Which of these words was said by itself; None if none was.

    Args:
        texts: what each hearing wrote.
        log_likelihoods: of the sound if that was said.
        sound: the speech, to its end.
        words: what people say alone.
    """
    heard = max(log_likelihoods)
    likeliest = texts[list(log_likelihoods).index(heard)]
    if not words or not 0 < len(likeliest.split()) <= MOST_WORDS:
        return None
    for text, count in Counter(texts).most_common():
        if count >= ALIKE and text in words:
            return text
    alone = sound.log_likelihoods(words) or [-math.inf]
    best = max(range(len(alone)), key=lambda number: alone[number])
    return words[best] if alone[best] + ALLOWANCE >= heard else None


def corrected(hearing: Hearing, settled: int, word: str, mind: Mind, head: Sequence[int]) -> Hearing:
    """The turn as if this word had been written along with its sound, in another line of thought: `hearing` stays as it is.

    Args:
        hearing: the turn as it was heard.
        settled: how many of its ids were complete before this speech.
        word: what was said.
        mind: whose contexts there are; another view's is taken if there is one.
        head: the ids before the turn.
    """
    layout, tokenizer = mind.manifest.tokens, mind.tokenizer
    written = [at for at, each in enumerate(hearing.heard) if at >= settled and not layout.is_audio(each) and each not in tokenizer.markers]
    place = written[-1] if written else len(hearing.heard)
    kept = [each for at, each in enumerate(hearing.heard) if at not in written]
    place -= sum(at < place for at in written)
    right = Hearing(mind.context.apart_from(hearing.context), [*kept[:place], *tokenizer.encode(word), *kept[place:]])
    right.become(head)
    return right
