"""A word said by itself: what the ears make of it against what was written along."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from parley_models.answer import Answered
from parley_models.bundle import write_manifest
from parley_models.live_clock import LiveClock
from parley_models.pcm import AudioChunk
from parley_models.question import Question
from parley_models.style import Style
from parley_models.text_tokenizer import TextTokenizer
from tests.fakes.parts import LoudnessEars
from tests.fakes.thimble import LAYOUT, MANIFEST, WritingBrain, answer_ids, thimble, thimble_folder

PARIS = "The capital of France is Paris."
LIKELY = {"first": -20.0, "second": -40.0, "japan": -30.0, "france": -90.0}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = thimble_folder(tmp_path_factory.mktemp("bundles") / "thimble")
    write_manifest(made, replace(MANIFEST, words_alone=("japan", "france"), files=()))
    return made


def noise(seconds: float) -> AudioChunk:
    return AudioChunk((0.3 * np.random.default_rng(3).uniform(-1, 1, round(16_000 * seconds))).astype(np.float32), 16_000)


def asked(folder: Path, words: Sequence[str], likely: Mapping[str, float] = LIKELY) -> tuple[Question, list[WritingBrain]]:
    """A question to views that write these words, one behind every 240 ms; a text explains the sound as well as its first."""
    brains = [WritingBrain(folder, answer_ids(folder, PARIS, 12), word) for word in words]
    assistant = thimble(folder, brains[0], LoudnessEars(len(brains), lambda text: likely[text.split()[0]]), twins=brains[1:])
    question = assistant.open(assistant.manner(Style(), seed=1))
    question.begin()
    return question, brains


def hear_much(question: Question) -> None:
    """Enough for eight words."""
    for _ in range(8):
        question.hear(noise(0.24))


def answer_to(question: Question) -> Answered:
    *_, last = (event for event in question.answer(LiveClock()) if event is not None)
    assert isinstance(last, Answered)
    return last


@pytest.mark.parametrize(
    ("japan", "understood"),
    [(-10.0, "japan"), (-30.0, "japan"), (-31.0, "first")],
)
def test_a_word_that_explains_the_sound_nearly_as_well_was_said(folder: Path, japan: float, understood: str) -> None:
    question, brains = asked(folder, ("first", "second"), {**LIKELY, "japan": japan})
    question.hear(noise(0.12))
    said = answer_to(question)
    assert said.question.text == understood
    assert said.answer.text == PARIS
    (prompt,) = (brain.prompts[-1] for brain in brains if brain.prompts and any(map(LAYOUT.is_audio, brain.prompts[-1])))
    written = TextTokenizer(folder / "text.model").decode(each for each in said.question.tokens if each < LAYOUT.audio_offset)
    assert understood in written
    assert sum(map(LAYOUT.is_audio, said.question.tokens)) == LAYOUT.group_size, "the sound stays in the turn"
    at = next(at for at in range(len(prompt)) if prompt[at : at + len(said.question.tokens)] == list(said.question.tokens))
    assert at > 0, "the answer is to what is told as understood"


def test_what_two_hearings_wrote_alike_is_believed(folder: Path) -> None:
    question, _ = asked(folder, ("japan", "first", "japan"), {**LIKELY, "japan": -90.0, "france": -10.0})
    question.hear(noise(0.12))
    assert answer_to(question).question.text == "japan"


def test_where_more_was_heard_no_word_was_said_alone(folder: Path) -> None:
    question, _ = asked(folder, ("first", "second"))
    hear_much(question)
    assert set(answer_to(question).question.text.split()) == {"first"}


def test_the_hearing_that_wrote_the_word_is_taken_as_it_is(folder: Path) -> None:
    question, brains = asked(folder, ("first", "japan"))
    head = len(brains[0].ids)
    question.hear(noise(0.12))
    taken_up = len(brains[1].kept)
    said = answer_to(question)
    assert said.question.text == "japan"
    assert len(brains[1].kept) == taken_up, "nothing had to be read again"
    assert list(said.question.tokens) == brains[1].prompts[-1][head : head + len(said.question.tokens)]
    assert not brains[0].prompts


def test_a_bundle_without_such_words_and_ears_that_cannot_tell_hear_as_before(folder: Path, tmp_path: Path) -> None:
    plain = thimble_folder(tmp_path / "plain")
    question, _ = asked(plain, ("first", "second"))
    question.hear(noise(0.12))
    assert answer_to(question).question.text == "first"

    brains = [WritingBrain(folder, answer_ids(folder, PARIS, 12), word) for word in ("first", "second")]
    assistant = thimble(folder, brains[0], LoudnessEars(2), twins=brains[1:])
    question = assistant.open(assistant.manner(Style(), seed=1))
    question.begin()
    question.hear(noise(0.12))
    assert answer_to(question).question.text == "first"


def test_speech_that_goes_on_takes_the_word_back(folder: Path) -> None:
    question, _ = asked(folder, ("first", "second"))
    question.hear(noise(0.12))
    for _ in question.think_ahead():
        pass
    assert question.text == "japan"
    hear_much(question)
    assert set(answer_to(question).question.text.split()) == {"first"}


def test_more_may_be_typed_and_said_behind_it(folder: Path) -> None:
    question, brains = asked(folder, ("first", "second", "second"))
    question.hear(noise(0.12))
    question.end_piece()
    question.write("second")
    hear_much(question)
    assert len({id(hearing.context.brain) for hearing in question.hearings}) == len(brains), "two views would have to take turns at one"
    said = answer_to(question)
    assert said.question.text.split()[:2] == ["japan", "second"]
    assert set(said.question.text.split()[2:]) == {"first"} or set(said.question.text.split()[2:]) == {"second"}
