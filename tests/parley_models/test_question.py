"""A question being asked: what is read when, what thinking ahead costs and saves, and that nothing thought in vain stays behind."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from parley_models.answer import Answered, AnswerEvent, CallPiece, SoundPiece, TextPiece
from parley_models.assistant import Assistant
from parley_models.bundle import write_manifest
from parley_models.conversation import Turn
from parley_models.errors import InputError
from parley_models.live_clock import LiveClock
from parley_models.pcm import AudioChunk
from parley_models.question import Question
from parley_models.style import Style
from parley_models.text_tokenizer import TextTokenizer
from tests.fakes.parts import ScriptedBrain
from tests.fakes.thimble import LAYOUT, MANIFEST, WritingBrain, answer_ids, scripted, thimble, thimble_folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return thimble_folder(tmp_path_factory.mktemp("bundles") / "thimble")


def noise(seconds: float, level: float = 0.3) -> AudioChunk:
    return AudioChunk((level * np.random.default_rng(3).uniform(-1, 1, round(16_000 * seconds))).astype(np.float32), 16_000)


def opened(assistant: Assistant, turns: list[Turn] | None = None, **manner: object) -> Question:
    question = assistant.open(assistant.manner(Style(), seed=1, **manner), turns or [])  # type: ignore[arg-type]
    question.begin()
    return question


def answered(question: Question) -> list[AnswerEvent]:
    return [event for event in question.answer(LiveClock()) if event is not None]


def end_of(events: list[AnswerEvent]) -> Answered:
    assert isinstance(events[-1], Answered)
    return events[-1]


def test_the_model_reads_while_the_question_is_asked(folder: Path) -> None:
    brain = scripted(folder)
    question = opened(thimble(folder, brain))
    before = len(brain.ids)
    question.hear(noise(1.0))
    assert len(brain.ids) - before == 8 * 5  # 8 whole groups of 120 ms are read, the question still lasts
    question.hear(noise(0.1))
    events = answered(question)
    assert question.ids_left <= 64
    assert end_of(events).counts.heard == 10 * 5


def test_an_answer_thought_ahead_is_committed_without_reading_again(folder: Path) -> None:
    brain = scripted(folder, "The capital of France is Paris, a city that everybody knows.", groups=30)
    question = opened(thimble(folder, brain))
    question.hear(noise(1.0))
    for _ in question.think_ahead():
        pass
    thought = brain.decoded
    assert 40 <= thought <= 52  # two 10:15 blocks at most
    assert [event for event in question._ahead.held if isinstance(event, SoundPiece)]  # type: ignore[union-attr]
    question.hear(noise(0.3, level=0.0), quiet=True)
    events = answered(question)
    assert question.ids_left == 0
    assert len(brain.prompts) == 1  # decoded once
    assert "".join(event.text for event in events if isinstance(event, TextPiece)) == end_of(events).answer.text
    assert end_of(events).answer.tokens == tuple(
        answer_ids(folder, "The capital of France is Paris, a city that everybody knows.", 30)[:-1]
    )
    assert end_of(events).counts.heard == 9 * 5  # 1.0 s, its last 40 ms padded; the quiet was not part of it


def test_it_says_the_same_as_if_it_had_not_thought_ahead(folder: Path) -> None:
    def ask(*, ahead: bool) -> list[AnswerEvent]:
        question = opened(thimble(folder, scripted(folder, groups=20)))
        question.hear(noise(1.08))
        if ahead:
            for _ in question.think_ahead():
                pass
        return answered(question)

    plain, early = ask(ahead=False), ask(ahead=True)
    assert end_of(plain).answer == end_of(early).answer
    assert end_of(plain).question == end_of(early).question
    sounds = [np.concatenate([event.sound.samples for event in each if isinstance(event, SoundPiece)]) for each in (plain, early)]
    assert np.array_equal(sounds[0], sounds[1])


def test_more_speech_throws_the_early_answer_away(folder: Path) -> None:
    brain = scripted(folder)
    question = opened(thimble(folder, brain))
    question.hear(noise(1.0))
    for _ in question.think_ahead():
        pass
    question.hear(noise(0.2, level=0.0), quiet=True)
    question.hear(noise(1.0))
    events = answered(question)
    undisturbed = scripted(folder)
    straight = opened(thimble(folder, undisturbed))
    for sound in (noise(1.0), noise(0.2, level=0.0), noise(1.0)):
        straight.hear(sound)
    answered(straight)
    assert question.heard == straight.heard  # as if it had never thought ahead
    assert brain.prompts[-1] == undisturbed.prompts[-1]
    assert end_of(events).counts.heard == len(straight.heard)


def test_speech_and_typed_words_make_one_turn(folder: Path) -> None:
    question = opened(thimble(folder, WritingBrain(folder, answer_ids(folder, "Paris.", 3))))
    question.write("What is")
    question.hear(noise(0.5))
    question.write("of Japan?")
    assert question.text.startswith("What is")
    assert question.text.endswith("of Japan?")
    assert "word" in question.text  # what the brain wrote along stands between them
    assert answered(question)


def test_the_oldest_turns_make_room_while_a_question_grows(folder: Path) -> None:
    brain = scripted(folder)
    assistant = thimble(folder, brain)
    turns = [
        Turn(number, "human" if number % 2 else "assistant", "", tuple([10] * 5 + [LAYOUT.audio_offset] * 400)) for number in range(1, 9)
    ]
    question = opened(assistant, turns)
    for _ in range(40):
        question.hear(noise(0.5))
        assert len(brain.ids) + LAYOUT.group_size + assistant.bundle.manifest.sampling.max_tokens <= 4096
    assert end_of(answered(question)).answer.text
    with pytest.raises(InputError, match="too long"):
        question.hear(noise(100.0))


def test_what_was_said_before_may_change_while_a_question_is_asked(folder: Path) -> None:
    brain = scripted(folder)
    assistant = thimble(folder, brain)
    said = answer_ids(folder, "The capital of France is Paris.", 12)[:-1]
    turns = [Turn(1, "human", "", (10, 11)), Turn(2, "assistant", "", tuple(said))]
    question = opened(assistant, turns)
    question.hear(noise(0.6))
    question.remember([turns[0], Turn(2, "assistant", "", tuple(said[:8]))], [])
    answered(question)
    expected = opened(assistant, [turns[0], Turn(2, "assistant", "", tuple(said[:8]))])
    expected.hear(noise(0.6))
    answered(expected)
    assert brain.prompts[0] == brain.prompts[1]


def test_a_bundle_that_learned_from_single_questions_is_asked_single_questions(folder: Path, tmp_path: Path) -> None:
    alone = tmp_path / "alone"
    shutil.copytree(folder, alone)
    write_manifest(alone, replace(MANIFEST, chat=replace(MANIFEST.chat, remembers_turns=False), files=()))
    before = [Turn(1, "human", "", (20, 21)), Turn(2, "assistant", "", (22, 23))]
    brains = [scripted(alone), scripted(folder)]
    for brain, bundle in zip(brains, (alone, folder), strict=True):
        question = opened(thimble(bundle, brain), before)
        question.write("And of Japan?")
        answered(question)
    assert 22 not in brains[0].ids
    assert 22 in brains[1].ids


@pytest.mark.parametrize(
    ("spells", "as_heard", "read"),
    [(False, False, "Say 2+2!"), (True, False, "Say two plus two!"), (True, True, "say two plus two")],
)
def test_typed_words_reach_a_model_that_learned_by_ear_as_it_heard_them(
    folder: Path, tmp_path: Path, spells: bool, as_heard: bool, read: str
) -> None:
    bundle = tmp_path / "bundle"
    shutil.copytree(folder, bundle)
    write_manifest(bundle, replace(MANIFEST, chat=replace(MANIFEST.chat, spells_numbers=spells, types_as_heard=as_heard), files=()))
    assistant = thimble(bundle, brain := scripted(bundle))
    question = opened(assistant)
    question.write("Say 2+2!")
    answered(question)
    assert " ".join(map(str, assistant.tokenizer.encode(read))) in " ".join(map(str, brain.ids))


def test_two_conversations_share_a_brain_and_don_t_hear_each_other(folder: Path) -> None:
    one, two = answer_ids(folder, "The capital of France is Paris.", 20), answer_ids(folder, "Japan.", 20)
    brain = ScriptedBrain(lambda number, _seed: (one, two, one, two)[number])
    assistant = thimble(folder, brain)
    contexts = assistant.context(), assistant.context()
    questions = [assistant.open(assistant.manner(Style(), seed=1), context=context) for context in contexts]
    for question, words in zip(questions, ("of France?", "of Japan?"), strict=True):
        question.begin()
        question.write(words)
    streams = {at: question.answer(LiveClock()) for at, question in enumerate(questions)}
    texts = ["", ""]
    while streams:  # turn about, id by id
        for at, stream in list(streams.items()):
            event = next(stream, None)
            texts[at] += event.text if isinstance(event, TextPiece) else ""
            if isinstance(event, Answered):
                del streams[at]
    assert texts == ["The capital of France is Paris.", "Japan."]
    assert brain.prompts[0] != brain.prompts[1]
    assert contexts[0].ids[len(brain.prompts[0]) :] == one


def test_a_call_is_neither_shown_nor_lost(folder: Path) -> None:
    text = 'It will ring.\n@set_timer seconds=300 label="tea time"'
    brain = scripted(folder, text, groups=6)
    events = answered(opened(thimble(folder, brain), tools={"set_timer": "rings"}))
    calls = [event.call for event in events if isinstance(event, CallPiece)]
    assert [(call.name, dict(call.arguments)) for call in calls] == [("set_timer", {"seconds": 300, "label": "tea time"})]
    assert end_of(events).answer.text == "It will ring."
    assert "@" not in "".join(event.text for event in events if isinstance(event, TextPiece))


def test_a_bundle_that_wants_to_know_the_time_is_told_it_between_style_and_tools(folder: Path, tmp_path: Path) -> None:
    told = thimble_folder(tmp_path / "told")
    write_manifest(told, replace(MANIFEST, told_time=True, tools="Tools: {tools}."))
    brain = scripted(told)
    assistant = thimble(told, brain)
    question = assistant.open(assistant.manner(Style(emotion="happy"), tools={"set_timer": "rings"}))
    question.begin()
    answered(question)
    read = TextTokenizer(told / "text.model").decode([token for token in brain.prompts[-1] if token < LAYOUT.audio_offset])
    noon = "It is Sunday, May third, twenty twenty-six, twelve o'clock in the afternoon."
    assert f"Speak happily. {noon} Tools: set_timer: rings." in read


def test_no_more_questions_are_remembered_than_the_bundle_says(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "forgetful")
    write_manifest(tmp_path / "forgetful", replace(MANIFEST, chat=replace(MANIFEST.chat, remembered_questions=1), files=()))
    said: list[tuple[Literal["human", "assistant"], str]]
    said = [("human", "One?"), ("assistant", "Two."), ("human", "Three?"), ("human", "And four?"), ("assistant", "Five.")]
    tokenizer = TextTokenizer(folder / "text.model")
    turns = [Turn(number, role, text, tuple(tokenizer.encode(text))) for number, (role, text) in enumerate(said, 1)]
    brains = [scripted(place) for place in (folder, tmp_path / "forgetful")]
    for place, brain in zip((folder, tmp_path / "forgetful"), brains, strict=True):
        opened(thimble(place, brain), turns)
    everything, last = (tokenizer.decode([each for each in brain.ids if not LAYOUT.is_audio(each)]) for brain in brains)
    assert "One?" in everything and "Three?" in everything
    assert "One?" not in last and "Two." not in last
    assert all(each in last for each in ("Three?", "And four?", "Five."))  # two pieces of one question
