"""A bare digit or word of command: Mini says which word it heard. People's recordings of single words are used with these."""

from __future__ import annotations

from parley_training.corpus.exchange import Exchange
from parley_training.corpus.frames import SHARED
from parley_training.corpus.grammar import Grammar
from parley_training.corpus.wide.scene import Scene, SceneWriter, among, plainly, values

DIGITS = tuple("zero one two three four five six seven eight nine".split())
COMMANDS = tuple("yes no up down left right on off stop go backward forward follow learn visual".split())
NAMES = tuple("bed bird cat dog happy house marvin sheila tree wow".split())
WORDS = (*DIGITS, *COMMANDS, *NAMES)
"""The words of the Speech Commands recordings."""


def heard(word: str) -> Scene:
    """A word, and what is said to it."""
    written = word.capitalize() if word in {"marvin", "sheila"} else word
    return Scene({"word": written}, plainly(f"I heard {written}."), word)


BARE_WORD = "heard_word"

_SCENES = [heard(word) for word in WORDS]
human_word = SceneWriter(
    BARE_WORD,
    "Human words",
    Grammar(
        {
            **SHARED,
            "word": "({word}|{word}|{word}|{word}|{word}|{word}|{word}|{word}|{word}|{word}|{word}|{word}|{word}|{word}|{word}|{word})",
            "around": "(<filler>, {word}.|{word}, {word}.|<name>, {word}.|the word {word}.|my word is {word}.|which word is this, {word}?|what did i say, {word}?|what word was that, {word}?|did you hear that, {word}?|<filler>, <filler>, {word}.|"
            "{word}, what did i say?|{word}, which word was that?|i said {word}.|<filler>, the word {word}.|listen, {word}.|hear this, {word}.)",
            "ask": "(<word>.|<word>.|<around>)",
        },
        "ask",
    ),
    among(_SCENES),
    weight=6,
    slots=values(_SCENES),
    stands_alone=False,
)


def bare_word(word: str) -> Exchange | None:
    """A single word, said alone, as an exchange; None if Mini is not told that word."""
    if word not in WORDS:
        return None
    scene = heard(word)
    return Exchange(BARE_WORD, f"{scene.slots['word'].capitalize()}.", scene.parts[0].text, scene.key, parts=scene.parts)
