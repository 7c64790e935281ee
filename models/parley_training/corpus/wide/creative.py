"""Jokes, four-line verses, short stories with slots, and words that rhyme."""

from __future__ import annotations

import random

from parley_training.corpus.exchange import Part
from parley_training.corpus.frames import wording
from parley_training.corpus.grammar import Grammar
from parley_training.corpus.reader import bare
from parley_training.corpus.wide.scene import Scene, SceneWriter, among, plainly, styled, values
from parley_training.corpus.wide.styles import EMOTIONS
from parley_training.corpus.world import article, facts

_CATEGORY = "Creativity"
_HAPPY, _CALM = EMOTIONS["happy"].style, EMOTIONS["calm"].style


def _joke(row: dict[str, str], rule: str) -> Scene:
    return Scene({"topic": row["topic"]} if rule else {}, (Part(row["setup"]), Part(row["punch"], _HAPPY)), row["key"])


jokes = SceneWriter(
    "joke",
    _CATEGORY,
    wording(
        joke="(joke|joke|funny story|good joke|funny joke|joke for me|little joke|short joke)",
        direct="(do you know a <joke>|can you tell me a <joke>|do you have a <joke>|could you tell me a <joke>|have you heard a <joke>|will you tell me a <joke>|do you know any jokes|can you make me laugh|got any jokes|do you know something funny|"
        "what is your best joke|what's your favorite joke|would you tell me a <joke>|can you tell a joke|can you be funny)",
        topic="(a <joke>|your best joke|another joke|one more joke|something funny|a joke that makes me laugh)",
        fragment="(a joke|another joke|one more joke|a <joke>|joke time|time for a joke|something funny)",
        order="(tell me a <joke>|tell a joke|tell me a joke|tell us a joke|tell me another joke|make me laugh|make a joke|say something funny|tell me something funny|tell another one|crack a joke|cheer me up with a joke)",
    ),
    lambda rng: _joke(rng.choice(facts("jokes")), ""),
    weight=6,
)
topic_jokes = SceneWriter(
    "joke_about",
    _CATEGORY,
    wording(
        joke="(joke|joke|funny story|good joke|funny joke)",
        direct="(do you know a <joke> about {topic}|can you tell me a <joke> about {topic}|do you have a <joke> about {topic}|could you tell me a <joke> about {topic}|have you heard a <joke> about {topic}|do you know something funny about {topic}|"
        "is there a <joke> about {topic}|will you tell a joke about {topic})",
        topic="(a <joke> about {topic}|something funny about {topic}|a joke with {topic}|one more joke about {topic})",
        fragment="(a joke about {topic}|joke about {topic}|{topic}, a joke|something funny about {topic})",
        order="(tell me a <joke> about {topic}|tell a joke about {topic}|make a joke about {topic}|say something funny about {topic}|make me laugh about {topic}|entertain me with a joke about {topic})",
    ),
    lambda rng: _joke(rng.choice(facts("jokes")), "topic"),
    weight=4,
    slots={"topic": {row["topic"] for row in facts("jokes")}},
)

_VERSE_WORDING = {
    "verse": "(poem|rhyme|little poem|short poem|verse|nursery rhyme|little rhyme)",
    "direct": "(do you know a <verse> about {topic}|can you say a <verse> about {topic}|can you make a <verse> about {topic}|could you write a <verse> about {topic}|do you have a <verse> about {topic}|can you recite a <verse> about {topic}|"
    "will you make up a <verse> about {topic}|is there a <verse> about {topic})",
    "topic": "(a <verse> about {topic}|a <verse> on {topic}|four lines about {topic}|a <verse> with {topic})",
    "fragment": "(a poem about {topic}|poem about {topic}|rhyme about {topic}|{topic}, a poem|{topic} as a poem)",
    "order": "(tell me a <verse> about {topic}|say a <verse> about {topic}|make up a <verse> about {topic}|write a <verse> about {topic}|recite a <verse> about {topic}|write me a <verse> about {topic}|compose a <verse> about {topic}|"
    "make a <verse> about {topic}|rhyme something about {topic})",
}
_VERSES = [Scene({"topic": row["topic"]}, styled(row["verse"], _CALM), row["key"]) for row in facts("verses")]
verses = SceneWriter("verse", _CATEGORY, wording(**_VERSE_WORDING), among(_VERSES), weight=3, slots=values(_VERSES))


def story(pattern: str, subject: str, thing: str) -> str:
    """The story of a subject and a thing, from a row of the table."""
    one, the_one = f"{article(subject)} {subject}", f"the {subject}"
    slots = {"a_one": one, "the_one": the_one, "one": subject, "two": thing}
    slots |= {"A_one": one.capitalize(), "The_one": the_one.capitalize()}
    return pattern.format(**slots)


_SUBJECTS = tuple(row["subject"] for row in facts("story_subjects"))
_THINGS = tuple(row["object"] for row in facts("story_objects"))


def _story(rng: random.Random) -> Scene:
    subject, thing = rng.choice(_SUBJECTS), rng.choice(_THINGS)
    while thing.split()[-1] == subject:
        thing = rng.choice(_THINGS)
    text = story(rng.choice(facts("stories"))["story"], subject, thing)
    slots = {"a_one": f"{article(subject)} {subject}", "two": thing}
    return Scene(slots, styled(text, _CALM), f"{subject} {thing.split()[-1]}")


def _story_wording(both: str) -> Grammar:
    return wording(
        both=both,
        story="(story|story|short story|little story|fairy tale|tale|bedtime story|nice story)",
        direct="(do you know a <story> about <both>|can you tell me a <story> about <both>|could you tell me a <story> about <both>|can you make up a <story> about <both>|do you have a <story> about <both>|will you tell me a <story> about <both>|"
        "is there a <story> about <both>|can i hear a <story> about <both>)",
        topic="(a <story> about <both>|a <story> with <both>|the <story> of <both>)",
        fragment="(a story about <both>|story about <both>|<both>, a story|a story, <both>)",
        order="(tell me a <story> about <both>|tell a <story> about <both>|tell me a story about <both>|make up a <story> about <both>|invent a <story> about <both>|tell us a <story> about <both>|"
        "tell me the <story> of <both>)",
    )


_ONES = {f"{article(subject)} {subject}" for subject in _SUBJECTS}
stories = SceneWriter(
    "story",
    _CATEGORY,
    _story_wording("({a_one} and {two}|{a_one} and {two}|{two} and {a_one}|{a_one} who meets {two})"),
    _story,
    weight=5,
    slots={"a_one": _ONES, "two": set(_THINGS)},
)
short_stories = SceneWriter("story_about", _CATEGORY, _story_wording("{a_one}"), _story, weight=3, slots={"a_one": _ONES})


def _any_story(rng: random.Random) -> Scene:
    scene = _story(rng)
    return Scene({}, scene.parts, scene.key)


any_stories = SceneWriter(
    "any_story",
    _CATEGORY,
    wording(
        story="(story|story|short story|little story|fairy tale|tale|bedtime story|nice story|good story)",
        direct="(do you know a <story>|can you tell me a <story>|could you tell me a <story>|can you make up a <story>|do you have a <story> for me|will you tell me a <story>|can i hear a <story>|do you know any stories|what stories do you know|"
        "can you tell stories|is it time for a <story>)",
        topic="(a <story>|another <story>|one more <story>|any <story>)",
        fragment="(a <story>|story time|time for a <story>|another <story>|once upon a time)",
        order="(tell me a <story>|tell a <story>|make up a <story>|invent a <story>|tell us a <story>|tell me any <story>|start a <story>|read me a <story>|tell me another <story>)",
    ),
    _any_story,
    weight=3,
)

_RHYMES = [
    Scene({"word": row["word"]}, plainly(f"{row['rhyme'].capitalize()} rhymes with {row['word']}."), " ".join(bare(row["rhyme"])))
    for row in facts("rhymes")
]
rhymes = SceneWriter(
    "rhyme",
    _CATEGORY,
    wording(
        word="({word}|{word}|the word {word})",
        direct="(what rhymes with <word>|what word rhymes with <word>|which word rhymes with <word>|what is a rhyme for <word>|what's a rhyme for <word>|what goes with <word> in a rhyme|do you know a rhyme for <word>|can you find a rhyme for <word>|"
        "do you know a word that rhymes with <word>|what would rhyme with <word>|{word} rhymes with what|what sounds like {word})",
        clause="(what rhymes with <word>|(what|which) word rhymes with <word>|what a rhyme for <word> is)",
        topic="(a rhyme for <word>|a word that rhymes with <word>|something that rhymes with <word>|a rhyme to <word>)",
        fragment="(rhyme for <word>|{word}, a rhyme|a rhyme for <word>|rhymes with {word}|{word} rhymes with|and a rhyme for <word>)",
        order="(rhyme with <word>|find a rhyme for <word>|find a word that rhymes with <word>|make a rhyme with <word>|give a rhyme for <word>|rhyme something with <word>)",
    ),
    among(_RHYMES),
    weight=4,
    slots=values(_RHYMES),
)
