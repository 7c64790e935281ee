"""A spoken question whose answer is in doubt: what the words alone are answered with, and that nothing of it stays behind."""

from collections.abc import Iterator
from dataclasses import replace
from math import log
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

PARIS, BEYOND, DECLINES = "The capital of France is Paris.", "You are Parley. The capital?", "You are Parley. The capital of Japan?"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    modest = thimble_folder(tmp_path / "modest")
    chat = replace(MANIFEST.chat, default_system="")
    write_manifest(modest, replace(MANIFEST, chat=chat, declines=DECLINES, least_sure=0.6, files=()))
    return modest


class DoubtingBrain(WritingBrain):
    """Answers what it hears in one way, what it reads in another, and is so sure of each."""

    def __init__(self, folder: Path, heard: tuple[str, float], read: tuple[str, float] = (PARIS, 1.0)) -> None:
        super().__init__(folder, ())
        self._answers = {True: heard, False: read}
        self._folder = folder
        self.read_at: list[bool] = []
        """For each answer, whether it was to words alone."""

    def decode(self, seed: int, limit: int) -> Iterator[int]:
        by_ear = any(map(LAYOUT.is_audio, self.ids))
        self.read_at.append(not by_ear)
        text, probability = self._answers[by_ear]
        self.said_likelihood = log(probability)
        self.script = lambda _number, _seed: answer_ids(self._folder, text, 12)
        yield from super().decode(seed, limit)


def noise(seconds: float, level: float = 0.3) -> AudioChunk:
    return AudioChunk((level * np.random.default_rng(3).uniform(-1, 1, round(16_000 * seconds))).astype(np.float32), 16_000)


def asked(folder: Path, brains: list[DoubtingBrain], *, system: str | None = None) -> Question:
    assistant = thimble(folder, brains[0], LoudnessEars(len(brains)), twins=brains[1:])
    question = assistant.open(assistant.manner(Style(), system=system, seed=1))
    question.begin()
    return question


def answer_to(question: Question) -> Answered:
    *_, last = (event for event in question.answer(LiveClock()) if event is not None)
    assert isinstance(last, Answered)
    return last


@pytest.mark.parametrize("views", [1, 3])
@pytest.mark.parametrize(
    ("heard", "read", "said"),
    [
        ((PARIS, 0.7), (BEYOND, 0.9), PARIS),
        ((PARIS, 0.2), ("Paris.", 0.7), "Paris."),
        ((PARIS, 0.2), (PARIS, 0.3), PARIS),
        ((PARIS, 0.2), ("Paris.", 0.5), DECLINES),
        ((PARIS, 0.2), (BEYOND, 0.9), DECLINES),
        ((BEYOND, 0.9), (PARIS, 0.7), PARIS),
        ((BEYOND, 0.9), (PARIS, 0.5), BEYOND),
    ],
)
def test_what_is_in_doubt_is_answered_if_the_words_alone_leave_none(
    folder: Path, views: int, heard: tuple[str, float], read: tuple[str, float], said: str
) -> None:
    brains = [DoubtingBrain(folder, heard, read) for _ in range(views)]
    question = asked(folder, brains)
    question.hear(noise(1.0))
    answered = answer_to(question)
    assert answered.answer.text == said
    assert answered.answer.tokens == question.said().tokens
    assert any(map(LAYOUT.is_audio, answered.question.tokens))  # the turn is remembered as it was heard
    assert any(any(brain.read_at) for brain in brains) == (heard != (PARIS, 0.7))


@pytest.mark.parametrize(("bar", "said"), [(None, "Paris."), (0.65, "Paris."), (0.8, DECLINES)])
def test_what_is_read_again_may_have_a_higher_bar(folder: Path, bar: float | None, said: str) -> None:
    write_manifest(folder, replace(MANIFEST, declines=DECLINES, least_sure=0.6, least_sure_read=bar, files=()))
    question = asked(folder, [DoubtingBrain(folder, (PARIS, 0.2), ("Paris.", 0.7))])
    question.hear(noise(1.0))
    assert answer_to(question).answer.text == said


def test_an_answer_that_is_not_given_leaves_nothing_behind(folder: Path) -> None:
    brains = [DoubtingBrain(folder, (PARIS, 0.2), ("Paris.", 0.5)) for _ in range(2)]
    question = asked(folder, brains)
    question.hear(noise(1.0))
    assert answer_to(question).answer.text == DECLINES
    heard = next(brain for brain in brains if any(map(LAYOUT.is_audio, brain.ids)))
    tokenizer = TextTokenizer(folder / "text.model")
    behind = tokenizer.decode(each for each in heard.ids[len(heard.prompts[0]) :] if each < LAYOUT.audio_offset)
    assert heard.ids[: len(heard.prompts[0])] == heard.prompts[0]
    assert (PARIS in behind, DECLINES in behind) == (False, True)


@pytest.mark.parametrize(("typed", "said"), [(None, DECLINES), (0.4, PARIS), (0.0, PARIS)])
def test_typed_words_have_a_bar_of_their_own_and_are_not_read_again(folder: Path, typed: float | None, said: str) -> None:
    write_manifest(folder, replace(MANIFEST, declines=DECLINES, least_sure=0.6, least_sure_typed=typed, files=()))
    brain = DoubtingBrain(folder, (PARIS, 0.1), (PARIS, 0.5))
    question = asked(folder, [brain])
    question.write("What is the capital of Japan?")
    assert answer_to(question).answer.text == said
    assert brain.read_at == [True]


def test_in_a_role_nothing_is_read_again(folder: Path) -> None:
    brain = DoubtingBrain(folder, (BEYOND, 0.2))
    question = asked(folder, [brain], system="You are a pirate.")
    question.hear(noise(1.0))
    assert answer_to(question).answer.text == BEYOND
    assert brain.read_at == [False]


@pytest.mark.parametrize("views", [1, 2])
def test_speech_that_goes_on_is_heard_as_if_nothing_had_been_read(folder: Path, views: int) -> None:
    def heard(*, ahead: bool) -> tuple[Answered, list[int], list[list[int]]]:
        brains = [DoubtingBrain(folder, (PARIS, 0.2)) for _ in range(views)]
        question = asked(folder, brains)
        question.hear(noise(1.0))
        if ahead:
            for _ in question.think_ahead():
                pass
            assert any(any(brain.read_at) for brain in brains)
        question.hear(noise(0.5))
        answered = answer_to(question)
        return answered, question.heard, [brain.ids for brain in brains]

    (first, *rest), (straight, *same) = heard(ahead=True), heard(ahead=False)
    assert (first.question, first.answer) == (straight.question, straight.answer)
    assert rest == same
