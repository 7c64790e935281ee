"""The alphabet: what comes after and before a letter, spelling, and words put together from letters.

Letters are written as capitals; a synthesizer is given their names, because it would read a lone A as an article. Every fifth
word is never spelled, and never put together, in training.
"""

from __future__ import annotations

import hashlib
import random
from itertools import pairwise

from parley_training.corpus.exchange import HELD_OUT_SHARE, Exchange
from parley_training.corpus.frames import wording
from parley_training.corpus.grammar import Grammar
from parley_training.corpus.wide.scene import Scene, SceneWriter, among, plainly, values
from parley_training.corpus.world import facts

NAMES = dict(
    zip(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "eigh bee see dee ee eff jee aitch eye jay kay ell em en oh pee cue ar ess tee you vee double-you ex why zee".split(),
        strict=True,
    )
)
"""How a synthesizer says each letter (checked with espeak-ng and flite)."""

LONGEST_SPELLED = 8
WORDS = tuple(row["word"] for row in facts("words"))
SPELLED = tuple(word for word in WORDS if len(word) <= LONGEST_SPELLED and word.islower())


def spelling_held_out(word: str) -> bool:
    """Whether a word's spelling is kept for the examination."""
    return hashlib.sha256(f"spelling:{word}".encode()).digest()[0] % HELD_OUT_SHARE == 0


def letters(word: str) -> str:
    """C, A, T."""
    return ", ".join(word.upper())


def letter_names(word: str) -> str:
    """See, eigh, tee: the same for a synthesizer."""
    return ", ".join(NAMES[letter] for letter in word.upper())


def _neighbour(where: str) -> Grammar:
    then = {
        "after": "(after|right after|just after|directly after|next after)",
        "before": "(before|right before|just before|directly before)",
    }[where]
    own = {
        "after": "what follows {l}|which letter follows {l}|what's the next letter after {l}|what is the letter following {l}",
        "before": "what precedes {l}|which letter precedes {l}|which letter is followed by {l}|what is the letter in front of {l}",
    }[where]
    return wording(
        then=then,
        l="({l}|{l}|the letter {l})",
        place="(|||in the alphabet)",
        direct=f"((what|which) letter (comes|is) <then> <l> <place>|what (comes|is) <then> the letter {{l}} <place>|what is the letter <then> {{l}}|what's the letter <then> {{l}}|{own}|{{l}}, what letter comes <then> (it|that)|"
        "(what|which) one comes <then> the letter {l}|<then> {l} comes (what|which) letter|in the alphabet, what comes <then> {l})",
        clause="((what|which) letter (comes|is) <then> <l> <place>|what comes <then> the letter {l}|what the letter <then> {l} is)",
        topic="(the letter <then> <l>|the letter that comes <then> {l})",
        fragment="(letter <then> {l}|<then> the letter {l}|the letter <then> {l}|alphabet, <then> {l}|and the letter <then> {l})",
    )


def _neighbours(where: str) -> SceneWriter:
    line = tuple(NAMES) if where == "after" else tuple(reversed(NAMES))
    scenes = [
        Scene(
            {"l": letter},
            plainly(f"{where.capitalize()} {letter} comes {other}.", f"{where.capitalize()} {NAMES[letter]} comes {NAMES[other]}."),
            other.lower(),
            sounds={"l": NAMES[letter]},
        )
        for letter, other in pairwise(line)
    ]
    return SceneWriter(f"letter_{where}", "Logical reasoning", _neighbour(where), among(scenes), weight=3, slots=values(scenes))


letter_after, letter_before = _neighbours("after"), _neighbours("before")

_TAUGHT = tuple(word for word in SPELLED if not spelling_held_out(word))
_KEPT_SPELLINGS = frozenset(f"{letters(word)}." for word in SPELLED if spelling_held_out(word))
_KEPT_WORDS = frozenset(f"That spells {word}." for word in SPELLED if spelling_held_out(word))


def _spelling(rng: random.Random) -> Scene:
    word = rng.choice(_TAUGHT)
    return Scene({"word": word}, plainly(f"{letters(word)}.", f"{letter_names(word).capitalize()}."), " ".join(word))


def _held_spelling(exchange: Exchange) -> bool:
    return exchange.answer in _KEPT_SPELLINGS


spell = SceneWriter(
    "spell",
    "Voice instruction following",
    wording(
        word="({word}|{word}|the word {word})",
        direct="(how do you spell <word>|how do i spell <word>|how is <word> spelled|how would you spell <word>|what is the spelling of <word>|what's the spelling of <word>|which letters are in the word {word}|what letters make up <word>|how does one spell <word>|"
        "<word>, how do you spell (it|that)|what are the letters of <word>|how do we write <word>, letter by letter|{word} is spelled how|can you spell <word>)",
        clause="(how to spell <word>|how you spell <word>|how <word> is spelled|what the spelling of <word> is|which letters are in the word {word})",
        topic="(the spelling of <word>|the letters of <word>|the letters in <word>|<word>, letter by letter)",
        fragment="({word}, spell it|spelling of <word>|{word}, letter by letter|spelling, {word}|letters of <word>|and the spelling of <word>)",
        order="(spell <word>|spell <word>|spell out <word>|spell <word> (for me|out loud|letter by letter|slowly)|say the letters of <word>|name the letters of <word>|show me how to spell <word>|say <word> letter by letter)",
    ),
    _spelling,
    weight=8,
    slots={"word": set(SPELLED)},
    held_out=_held_spelling,
)


def _spelled(rng: random.Random) -> Scene:
    word = rng.choice(_TAUGHT)
    return Scene({"letters": letters(word)}, plainly(f"That spells {word}."), word, sounds={"letters": letter_names(word)})


def _held_word(exchange: Exchange) -> bool:
    return exchange.answer in _KEPT_WORDS


unspell = SceneWriter(
    "unspell",
    "Voice instruction following",
    wording(
        direct="(what does {letters} spell|(what|which) word is {letters}|(what|which) word do the letters {letters} (make|spell|give)|what do the letters {letters} spell|{letters}, what (word is that|does it spell)|"
        "what word is spelled {letters}|what's {letters}, as a word|(what|which) word is spelled {letters})",
        clause="(what {letters} spells|(what|which) word {letters} is|what word the letters {letters} make|what is spelled {letters})",
        topic="(the word spelled {letters}|the word that is spelled {letters}|the word with the letters {letters})",
        fragment="({letters}, which word|the word {letters}|letters {letters}|and the word {letters})",
        order="(read {letters} as a word|put together {letters}|make a word of {letters}|guess the word, {letters}|put the letters {letters} together)",
    ),
    _spelled,
    weight=3,
    slots={"letters": {letters(word) for word in SPELLED}},
    held_out=_held_word,
)
