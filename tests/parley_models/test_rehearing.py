"""A question that is heard in several views: whose answer counts, and that the others leave nothing behind."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from parley_models.answer import Answered, SoundPiece, TextPiece
from parley_models.assistant import Assistant
from parley_models.bundle import write_manifest
from parley_models.live_clock import LiveClock
from parley_models.pcm import AudioChunk
from parley_models.question import Question
from parley_models.style import Style
from parley_models.text_tokenizer import TextTokenizer
from tests.fakes.parts import LoudnessEars, ScriptedBrain
from tests.fakes.thimble import LAYOUT, MANIFEST, WritingBrain, answer_ids, thimble, thimble_folder

PARIS, JAPAN, YOU = "The capital of France is Paris.", "The capital of Japan?", "You are Parley."
WORDS = ("first", "second", "third", "fourth")
"""What is written along in each view, so that it can be told whose hearing was kept."""

Saying = tuple[Assistant, list[WritingBrain]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return thimble_folder(tmp_path_factory.mktemp("bundles") / "thimble")


def noise(seconds: float, level: float = 0.3) -> AudioChunk:
    return AudioChunk((level * np.random.default_rng(3).uniform(-1, 1, round(16_000 * seconds))).astype(np.float32), 16_000)


def saying(folder: Path, *answers: str, words: Sequence[str] = WORDS, likely: Callable[[str], float] | None = None) -> Saying:
    """An assistant that would answer so in its views, hearing these words; how well they explain the sound is told by their first."""
    brains = [WritingBrain(folder, answer_ids(folder, answer, 12), word) for answer, word in zip(answers, words, strict=False)]
    told = None if likely is None else lambda text: likely(text.split()[0])
    return thimble(folder, brains[0], LoudnessEars(len(brains), told), twins=brains[1:]), brains


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
    ("likely", "counts", "asked"),
    [
        ([-90, -80, -85], 1, [True, True, True]),
        ([-180, -80, -85], 1, [False, True, False]),  # neither is asked what the sound speaks against, nor who would change nothing
        ([-1, -900, -900], 0, [True, False, False]),
        ([-np.inf] * 3, 0, [True, True, True]),
    ],
)
def test_the_hearing_counts_whose_words_explain_the_sound_best(
    folder: Path, likely: Sequence[float], counts: int, asked: Sequence[bool], *, ahead: bool
) -> None:
    answers = PARIS, JAPAN, YOU
    assistant, brains = saying(folder, *answers, likely=lambda word: likely[WORDS.index(word)])
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
    assert [bool(brain.prompts) for brain in brains] == asked


def test_an_answer_counts_that_others_would_give_too(folder: Path) -> None:
    for told, text in (((-80, -90, -100), JAPAN), ((-80, -125, -125), PARIS)):
        assistant, _ = saying(folder, PARIS, JAPAN, JAPAN, likely=dict(zip(WORDS, told, strict=False)).__getitem__)
        question = opened(assistant)
        question.hear(noise(1.0))
        assert answer_to(question).answer.text == text


def test_two_that_doubt_their_answer_do_not_outvote_one_that_is_sure(folder: Path) -> None:
    for doubts, text in ((-0.2, JAPAN), (-2.0, PARIS)):
        assistant, brains = saying(folder, PARIS, JAPAN, JAPAN)
        for brain in brains[1:]:
            brain.said_likelihood = doubts
        question = opened(assistant)
        question.hear(noise(1.0))
        assert answer_to(question).answer.text == text


def test_what_others_ask_the_model_meanwhile_changes_nothing(folder: Path) -> None:
    assistant, brains = saying(folder, PARIS, JAPAN, YOU)
    question = opened(assistant)
    question.hear(noise(1.0))
    steps = question.think_ahead()
    while not brains[1].prompts:
        next(steps)
    brains[0].said_likelihood = -9.0  # of another conversation's answer, as it might be
    for _ in steps:
        pass
    assert answer_to(question).answer.text == PARIS


def test_hearings_of_the_same_words_are_asked_once_and_weigh_together(folder: Path) -> None:
    assistant, brains = saying(folder, PARIS, JAPAN, JAPAN, words=("first", "second", "second"), likely=lambda _: -80.0)
    question = opened(assistant)
    question.hear(noise(1.0))
    assert answer_to(question).answer.text == JAPAN
    assert [bool(brain.prompts) for brain in brains] == [True, True, False]


def test_where_the_ears_cannot_tell_those_count_that_most_have_heard(folder: Path) -> None:
    for words, counts in ((("first", "second", "second"), "second"), (WORDS[:3], "first")):
        assistant, _ = saying(folder, PARIS, JAPAN, YOU, words=words)
        question = opened(assistant)
        question.hear(noise(1.0))
        assert set(answer_to(question).question.text.split()) == {counts}


def test_an_answer_that_the_model_is_not_sure_of_is_not_given(folder: Path, tmp_path: Path) -> None:
    modest = thimble_folder(tmp_path / "modest")
    write_manifest(modest, replace(MANIFEST, declines=YOU, least_sure=0.4, files=()))
    for bundle, probability, text in ((modest, 0.5, PARIS), (modest, 0.3, YOU), (folder, 0.3, PARIS)):
        assistant, (brain,) = saying(bundle, PARIS)
        brain.said_likelihood = np.log(probability)
        question = opened(assistant)
        question.write("What is the capital of Japan?")  # of what is heard see test_second_reading.py
        said = answer_to(question)
        assert said.answer.text == text
        assert said.answer.tokens == question.said().tokens
        begun = brain.prompts[0]
        behind = TextTokenizer(bundle / "text.model").decode(each for each in brain.ids[len(begun) :] if each < LAYOUT.audio_offset)
        assert brain.ids[: len(begun)] == begun
        assert (PARIS in behind, YOU in behind) == (text == PARIS, text == YOU)  # what was declined left nothing behind


def test_whoever_it_plays_says_what_comes(folder: Path, tmp_path: Path) -> None:
    modest = thimble_folder(tmp_path / "modest")
    write_manifest(modest, replace(MANIFEST, declines=YOU, least_sure=0.4, files=()))
    for system, text in ((None, YOU), ("", YOU), (MANIFEST.chat.default_system, YOU), ("You are a pirate.", PARIS)):
        assistant, (brain,) = saying(modest, PARIS)
        brain.said_likelihood = -2.0
        question = assistant.open(assistant.manner(Style(), system=system, seed=1))
        question.begin()
        question.write("Where are we?")
        assert answer_to(question).answer.text == text


def test_long_words_before_any_sound_are_given_as_they_come(tmp_path: Path) -> None:
    modest = thimble_folder(tmp_path / "modest")
    write_manifest(modest, replace(MANIFEST, declines=YOU, least_sure=0.4, files=()))
    long = TextTokenizer(modest / "text.model").encode(" ".join([PARIS] * 5))
    brain = ScriptedBrain(lambda _number, _seed: long)
    question = opened(thimble(modest, brain))
    question.write("Tell me more.")
    answer = question.answer(LiveClock())
    assert isinstance(next(event for event in answer if event is not None), TextPiece)
    assert brain.decoded <= LAYOUT.text_per_block + 2 < len(long)


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
    assert [brain.ids for brain in brains] == [brain.ids for brain in straight_brains]


def test_stopping_in_the_middle_of_the_election_stops_every_model(folder: Path) -> None:
    assistant, brains = saying(folder, PARIS, JAPAN, JAPAN)
    question = opened(assistant)
    question.hear(noise(1.0))
    before = [list(brain.ids) for brain in brains]
    steps = question.think_ahead()
    next(steps)
    assert [hearing.ended for hearing in question.hearings] == [True, True, False]
    question.take_back()
    assert next(steps, "over") == "over"
    question.begin()
    assert [brain.ids for brain in brains] == before
    assert not any(brain.prompts for brain in brains)


def test_a_turn_of_speech_and_typed_words_goes_on_from_the_hearing_that_counts(folder: Path) -> None:
    assistant, brains = saying(folder, PARIS, JAPAN, JAPAN, likely=lambda word: 100.0 * (word == "second"))
    question = opened(assistant)
    question.hear(noise(0.5))
    piece = question.end_piece()
    question.write("of Japan?")
    question.hear(noise(0.5))
    assert question.heard[: len(piece)] == piece
    said = answer_to(question)
    assert said.answer.text == JAPAN
    assert said.question.text.replace("second", "").split() == ["of", "Japan?"]
    assert [bool(brain.prompts) for brain in brains] == [False, True, False]


def test_only_the_first_view_is_a_bundle_without_others(folder: Path) -> None:
    assistant, brains = saying(folder, PARIS)
    question = opened(assistant)
    question.hear(noise(1.0))
    question.end_piece()
    assert not brains[0].prompts  # nothing is answered before somebody asks for it
    assert answer_to(question).answer.text == PARIS


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
    for judging, ended in ((True, [True, True, True]), (False, [True, True, False])):
        assistant, _ = saying(folder, PARIS, PARIS, PARIS)
        question = opened(assistant)
        question.hear(noise(1.0))
        next(question.think_ahead(judging=judging))
        assert [hearing.ended for hearing in question.hearings] == ended
