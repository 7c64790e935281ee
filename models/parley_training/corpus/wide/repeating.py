"""Repeat after me: any words of an open vocabulary in any order, and short sentences."""

from __future__ import annotations

import random

from parley_training.corpus.exchange import sentence
from parley_training.corpus.frames import SHARED
from parley_training.corpus.grammar import Grammar
from parley_training.corpus.wide.alphabet import WORDS
from parley_training.corpus.wide.scene import OPEN, Scene, SceneWriter, plainly
from parley_training.corpus.world import facts

MOST_WORDS = 6
SENTENCE_SHARE, PHRASE_SHARE = 0.25, 0.1
PHRASES = tuple(row["phrase"] for row in facts("phrases"))

_SENTENCES = Grammar(
    {
        "ask": "(<someone> <does> <thing>|<thing> <is> <quality>|<thing> <is> <where> <thing>|<someone> <is_going> <place>|<when> <someone> <does> <thing>|there is <one> <where> <thing>|<thing> and <thing> <are> <quality>)",
        "someone": "(i|we|they|you|the children|my parents|people|our neighbors|the teachers|two friends|some students)",
        "does": "(like|love|want|need|see|found|lost|bought|sold|took|made|have|brought|remember|forgot|carried|painted|cleaned|built|watched)",
        "is": "(is|was|will be|is not|is very|was never)",
        "are": "(are|were|will be|are not|are very)",
        "is_going": "(will go|went|came|walked|drove|ran|traveled|will come)",
        "thing": "(the <noun>|the <noun>|my <noun>|our <noun>|her <noun>|his <noun>|this <noun>|that <noun>|the <color> <noun>|your <noun>)",
        "one": "(a <noun>|one <noun>|no <noun>)",
        "noun": "(apple|house|garden|letter|piano|cat|dog|horse|river|bridge|train|boat|kitchen|window|picture|story|song|book|table|chair|hat|coat|bicycle|cake|bottle|doctor|teacher|farmer|king|queen|moon|star|forest|mountain|village|school|market|clock|lamp|key|door|box|baby|bird|fish|flower|tree)",
        "color": "(red|blue|green|yellow|white|black|old|new|little|big|broken|lovely)",
        "quality": "(happy|cold|warm|new|old|red|green|quiet|empty|heavy|beautiful|small|tall|strange|ready|late|famous|clean|sweet|strong)",
        "where": "(in|on|under|behind|near|beside|in front of|above|below|next to)",
        "place": "(to the <noun>|home|to school|to the city|to the beach|from the station|across the bridge|over the mountains|into the forest)",
        "when": "(today|tomorrow|yesterday|on Monday|in summer|in the morning|every day|sometimes|tonight|last year)",
    },
    "ask",
)


def words_to_say(rng: random.Random, most: int = MOST_WORDS) -> str:
    """Up to so many words in any order, or a sentence, or a phrase that people do say."""
    chance = rng.random()
    if chance < PHRASE_SHARE:
        return rng.choice(PHRASES)
    if chance < PHRASE_SHARE + SENTENCE_SHARE:
        return _SENTENCES.sample(rng) if most == MOST_WORDS else rng.choice(PHRASES)
    return " ".join(rng.choices(WORDS, k=rng.randint(1, most)))


def said(words: str) -> str:
    """The words as an answer."""
    return f"{sentence(words)}."


def _scene(rng: random.Random) -> Scene:
    words = words_to_say(rng)
    return Scene({"words": words}, plainly(said(words)), words.lower())


REPEAT_RULES = {
    **SHARED,
    "end": "(|||, please|please|, thanks|, thank you|, parley)",
    "start": "(<opener>|<opener>|<please>|<please>|<opener> <please>||||)",
    "me": "(after me|after me|after me|what i say|these words|this|the following|this after me|after me, please|these words after me|exactly what i say|following me|along)",
    "ask": "(<start> repeat <me>, {words} <end>.|<start> repeat <me>, {words} <end>.|<start> repeat, {words} <end>.|<start> say after me, {words} <end>.|<start> say, {words} <end>.|<start> say {words} <end>.|<start> repeat {words} <end>.|"
    "<start> echo, {words} <end>.|<start> copy me, {words} <end>.|<start> say the words {words} <end>.|<start> say the following, {words} <end>.|<start> say this, {words} <end>.|<start> speak after me, {words} <end>.|<start> parrot me, {words} <end>.|"
    "after me, {words}.|can you say {words}?|could you say {words} <end>?|will you repeat {words} <end>?|can you repeat <me>, {words}?|how do you say {words}?|{words}, now you.|{words}, now repeat that.|{words}, say that.|{words}, repeat <end>.|"
    "<start> repeat the sentence, {words} <end>.|<start> repeat the words {words} <end>.|i say {words}, you say it too.|try to say {words}.|now say {words} <end>.|let me hear {words}.)",
}

repeat = SceneWriter("repeat", "Voice instruction following", Grammar(REPEAT_RULES, "ask"), _scene, weight=30, slots={"words": OPEN})
