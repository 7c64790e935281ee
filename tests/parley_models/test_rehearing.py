"""A question that is heard in several views: whose answer counts, and that the others leave nothing behind."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from parley_models.answer import Answered, SoundPiece
from parley_models.assistant import Assistant
from parley_models.bundle import write_manifest
from parley_models.live_clock import LiveClock
from parley_models.pcm import AudioChunk
from parley_models.question import Question
from parley_models.rehearing import Vote, elected
from parley_models.style import Style
from parley_models.text_tokenizer import TextTokenizer
from tests.fakes.parts import ScriptedBrain
from tests.fakes.thimble import LAYOUT, MANIFEST, WritingBrain, answer_ids, thimble, thimble_folder

PARIS, JAPAN, YOU = "The capital of France is Paris.", "The capital of Japan?", "You are Parley."
WORDS = ("first", "second", "third", "fourth")
"""What is written along in each view, so that it can be told whose hearing was kept."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return thimble_folder(tmp_path_factory.mktemp("bundles") / "thimble")


def noise(seconds: float, level: float = 0.3) -> AudioChunk:
    return AudioChunk((level * np.random.default_rng(3).uniform(-1, 1, round(16_000 * seconds))).astype(np.float32), 16_000)


def saying(folder: Path, *answers: str) -> tuple[Assistant, list[WritingBrain]]:
    """An assistant that would answer so in its views."""
    brains = [WritingBrain(folder, answer_ids(folder, answer, 12), word) for answer, word in zip(answers, WORDS, strict=False)]
    return thimble(folder, brains[0], twins=brains[1:]), brains


def opened(assistant: Assistant) -> Question:
    question = assistant.open(assistant.manner(Style(), seed=1))
    question.begin()
    return question


def answer_to(question: Question) -> Answered:
    *events, last = (event for event in question.answer(LiveClock()) if event is not None)
    assert any(isinstance(event, SoundPiece) for event in events)
    assert isinstance(last, Answered)
    return last


@pytest.mark.parametrize("ahead", [False, True])
@pytest.mark.parametrize(
    ("answers", "counts"),
    [((PARIS, PARIS, JAPAN), 0), ((PARIS, JAPAN, JAPAN), 1), ((PARIS, JAPAN, PARIS), 0), ((PARIS, JAPAN, YOU), 0), ((PARIS, PARIS), 0)],
)
def test_the_answer_counts_that_two_hearings_agree_on(folder: Path, answers: Sequence[str], counts: int, *, ahead: bool) -> None:
    assistant, brains = saying(folder, *answers)
    question = opened(assistant)
    head = len(brains[0].ids)
    question.hear(noise(1.0))
    if ahead:
        for _ in question.think_ahead():
            pass
        assert question.has_thought_ahead
    said = answer_to(question)
    assert said.answer.text == answers[counts]
    assert said.answer.tokens == tuple(answer_ids(folder, answers[counts], 12)[:-1])
    assert set(said.question.text.split()) == {WORDS[counts]}
    assert said.question.tokens == tuple(question.heard)
    assert list(question.heard) == brains[counts].prompts[-1][head : head + len(question.heard)]


def test_who_is_not_needed_is_not_asked(folder: Path) -> None:
    assistant, brains = saying(folder, PARIS, PARIS, JAPAN, JAPAN)
    question = opened(assistant)
    question.hear(noise(1.0))
    assert answer_to(question).answer.text == PARIS
    assert [bool(brain.prompts) for brain in brains] == [True, True, False, False]


def test_where_nobody_agrees_it_says_so_if_any_would(folder: Path, tmp_path: Path) -> None:
    modest = thimble_folder(tmp_path / "modest")
    write_manifest(modest, replace(MANIFEST, declines="You are", files=()))
    for bundle, text in ((folder, PARIS), (modest, YOU)):
        assistant, _ = saying(bundle, PARIS, JAPAN, YOU)
        question = opened(assistant)
        question.hear(noise(1.0))
        assert answer_to(question).answer.text == text
    assert elected([Vote((1,), 0.0), Vote((2,), 0.0), Vote((3,), 0.0)]) == 0
    assert elected([Vote((1,), -0.5), Vote((2,), -0.1), Vote((3,), -0.1, declines=True)]) == 2
    assert elected([Vote((1,), -0.1), Vote((2,), -0.1), Vote((3,), -3.0, declines=True)]) == 0  # it hardly means it


def test_before_declining_all_are_asked_and_the_question_counts_that_two_heard(tmp_path: Path) -> None:
    modest = thimble_folder(tmp_path / "modest")
    write_manifest(modest, replace(MANIFEST, declines="You are", files=()))
    brains = [WritingBrain(modest, answer_ids(modest, YOU, 12), word) for word in ("first", "second", "third", "second")]
    question = opened(thimble(modest, brains[0], twins=brains[1:]))
    question.hear(noise(1.0))

    said = answer_to(question)
    assert said.answer.text == YOU
    assert set(said.question.text.split()) == {"second"}
    assert said.question.tokens == tuple(question.heard)
    assert all(brain.prompts for brain in brains)


def test_two_that_doubt_their_answer_do_not_outvote_one_that_is_sure(folder: Path) -> None:
    for doubts, text in ((-0.2, JAPAN), (-2.0, PARIS)):
        assistant, brains = saying(folder, PARIS, JAPAN, JAPAN, YOU)
        for brain in brains[1:]:
            brain.said_likelihood = doubts
        question = opened(assistant)
        question.hear(noise(1.0))
        assert answer_to(question).answer.text == text
        assert [bool(brain.prompts) for brain in brains] == [True, True, True, False]


def test_what_was_thought_ahead_in_vain_is_forgotten_in_every_view(folder: Path) -> None:
    assistant, brains = saying(folder, PARIS, JAPAN, JAPAN)
    question = opened(assistant)
    question.hear(noise(1.0))
    for _ in question.think_ahead():
        pass
    question.hear(noise(0.2, level=0.0), quiet=True)
    question.hear(noise(0.5))
    straight_assistant, straight_brains = saying(folder, PARIS, JAPAN, JAPAN)
    straight = opened(straight_assistant)
    for sound in (noise(1.0), noise(0.2, level=0.0), noise(0.5)):
        straight.hear(sound)
    assert question.heard == straight.heard
    assert (answer_to(question).answer, question.heard) == (answer_to(straight).answer, straight.heard)
    assert [brain.prompts[-1] for brain in brains] == [brain.prompts[-1] for brain in straight_brains]


def test_stopping_in_the_middle_of_the_vote_stops_every_model(folder: Path) -> None:
    assistant, brains = saying(folder, PARIS, JAPAN, JAPAN)
    question = opened(assistant)
    question.hear(noise(1.0))
    before = [list(brain.ids) for brain in brains]
    steps = question.think_ahead()
    while not brains[1].prompts:
        next(steps)
    question.take_back()
    assert next(steps, "over") == "over"
    question.begin()
    assert [brain.ids for brain in brains] == before
    assert not brains[2].prompts


def test_a_turn_of_speech_and_typed_words_goes_on_from_the_hearing_that_counts(folder: Path) -> None:
    assistant, brains = saying(folder, PARIS, JAPAN, JAPAN)
    question = opened(assistant)
    question.hear(noise(0.5))
    piece = question.end_piece()
    question.write("of Japan?")
    question.hear(noise(0.5))
    assert question.heard[: len(piece)] == piece
    said = answer_to(question)
    assert said.answer.text == JAPAN
    assert said.question.text.replace("second", "").split() == ["of", "Japan?"]
    assert all(brain.prompts for brain in brains)


def test_only_the_first_view_is_a_bundle_without_others(folder: Path) -> None:
    assistant, brains = saying(folder, PARIS)
    question = opened(assistant)
    question.hear(noise(1.0))
    question.end_piece()
    assert not brains[0].prompts  # nothing is answered before somebody asks for it
    assert answer_to(question).answer.text == PARIS


def test_an_answer_without_sound_is_not_thought_to_its_end_before_the_vote(folder: Path) -> None:
    long = " ".join([PARIS] * 5)
    ids = TextTokenizer(folder / "text.model").encode(long)
    brains = [ScriptedBrain(lambda _number, _seed: ids) for _ in range(2)]
    question = opened(thimble(folder, brains[0], twins=brains[1:]))
    question.hear(noise(1.0))
    question.end_piece()
    assert [brain.decoded for brain in brains] == [LAYOUT.text_per_block + 1] * 2
    (*_, last) = question.answer(LiveClock())
    assert isinstance(last, Answered)
    assert last.answer.text == long


def test_a_question_is_as_whole_as_two_hearings_say(folder: Path) -> None:
    assistant, _ = saying(folder, PARIS, PARIS, PARIS)
    question = opened(assistant)
    question.hear(noise(1.0))
    for hearing, complete in zip(question.hearings, (0.2, 0.9, 0.6), strict=True):
        hearing.context.question_complete = complete
    assert question.complete == 0.6
    alone, _ = saying(folder, PARIS)
    assert opened(alone).complete is None


def test_what_a_pause_was_taken_for_is_forgotten_when_speech_goes_on(folder: Path) -> None:
    assistant, _ = saying(folder, PARIS, PARIS)
    question = opened(assistant)
    question.hear(noise(1.0))
    next(question.think_ahead(judging=True))
    assert question.complete is not None
    question.take_back()
    assert question.complete is None


def test_who_wants_to_judge_a_pause_has_it_heard_to_its_end_in_every_view_first(folder: Path) -> None:
    for judging, ended in ((True, [True, True, True]), (False, [True, False, False])):
        assistant, _ = saying(folder, PARIS, PARIS, PARIS)
        question = opened(assistant)
        question.hear(noise(1.0))
        next(question.think_ahead(judging=judging))
        assert [hearing.ended for hearing in question.hearings] == ended
