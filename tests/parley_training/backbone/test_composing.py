"""Questions that nobody recorded hold the codes of their words, cut where those begin and end."""

import random

import numpy as np
import pytest

from parley_training.backbone.composing import Composer
from parley_training.backbone.questions import Question, by_group, phones_by_group
from parley_training.corpus.exchange import Exchange
from parley_training.corpus.phones import NUMBER

GROUPS_A_WORD = 3
WORDS = {word: number for number, word in enumerate("what is the capital of france spain color grass".split(), 1)}
ASKED = Exchange("capital", "what is the color of spain", "Red.", "red")


def recorded(text: str, voice: str, silent: int = 2) -> Question:
    """Every word is three groups of its own number, silence is zeros; the tens of a code tell the voice."""
    words = text.split()
    sounds = np.repeat([0] * silent + [WORDS[word] for word in words for _ in range(GROUPS_A_WORD)] + [0] * silent, 6)
    labels = np.where(sounds > 0, NUMBER["aa"], NUMBER["pau"]).astype(np.uint8)
    groups = len(sounds) // 6
    begun = 6 * (silent + GROUPS_A_WORD * np.arange(len(words)))
    said = np.searchsorted(begun + 6, np.arange(len(sounds)), side="right")
    codes = np.tile(sounds[::6, None] + 100 * VOICES.index(voice), 5).astype(np.uint16)
    return Question((codes,), Exchange("", text, "", ""), by_group(said, groups), phones_by_group(labels, groups), voice, begun)


VOICES = ["flite:slt", "espeak:gmw/en+max", "speech_commands:28ce0c58"]


def spoken(question: Question) -> list[int]:
    """The words that sound, group by group, by number; of which voice is left out."""
    return [int(code) % 100 for code in question.hearings[0][:, 0] if code % 100]


@pytest.mark.parametrize("seed", range(8))
def test_every_word_sounds_whole_and_in_its_place(seed: int) -> None:
    compose = Composer([recorded("what is the capital of france", VOICES[0]), recorded("the color of spain is grass", VOICES[0])])
    words = ASKED.question.split()
    question = compose(ASKED, words, random.Random(seed))
    assert question is not None
    assert question.exchange is ASKED
    assert spoken(question) == [WORDS[word] for word in words for _ in range(GROUPS_A_WORD)]
    first = int(np.flatnonzero(question.hearings[0][:, 0] % 100)[0])
    written = [int(np.searchsorted(question.said, count)) - first for count in range(1, len(words) + 1)]
    assert all(GROUPS_A_WORD * at <= group < GROUPS_A_WORD * (at + 1) for at, group in enumerate(written))
    assert len(question.said) == len(question.phones) == len(question.hearings[0])


def test_one_voice_asks_as_long_as_it_has_the_words() -> None:
    voices = [recorded("what is the color of grass", voice) for voice in VOICES[:2]]
    compose = Composer([*voices, recorded("spain", VOICES[2])])
    heard = set()
    for seed in range(20):
        question = compose(ASKED, ASKED.question.split(), random.Random(seed))
        assert question is not None
        codes = question.hearings[0][:, 0]
        heard.add(tuple(sorted({int(code) // 100 for code in codes if code % 100 not in {0, WORDS["spain"]}})))
        assert {int(code) // 100 for code in codes if code % 100 == WORDS["spain"]} == {2}
    assert heard >= {(0,), (1,)}


def test_words_that_nobody_recorded_make_no_question() -> None:
    compose = Composer([recorded("what is the capital of france", VOICES[0])])
    assert compose(ASKED, ["what", "is", "grass"], random.Random(0)) is None
    assert compose(ASKED, [], random.Random(0)) is None


def test_the_recording_whose_words_begin_with_their_groups_is_taken() -> None:
    even, ragged = recorded("what is the", VOICES[0]), recorded("what is the", VOICES[0])
    off = Question(ragged.hearings, ragged.exchange, ragged.said, ragged.phones, ragged.voice, ragged.begun + 3)
    compose = Composer([off, even])
    for seed in range(10):
        question = compose(ASKED, ["is"], random.Random(seed))
        assert question is not None
        assert spoken(question) == [WORDS["is"]] * GROUPS_A_WORD
