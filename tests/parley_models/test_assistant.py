"""What whoever asks would notice: when the sound comes, what is remembered, what a style changes and what it leaves alone."""

import threading
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from parley_models.answer import Answered, AnswerEvent, SoundPiece, TextPiece, joined
from parley_models.assistant import Assistant
from parley_models.conversation import Conversation, Turn, fit
from parley_models.errors import InputError, UsageError
from parley_models.live_clock import LiveClock
from parley_models.pcm import AudioChunk
from parley_models.style import Style
from parley_models.text_tokenizer import TextTokenizer
from tests.fakes.parts import ScriptedBrain
from tests.fakes.thimble import LAYOUT, answer_ids, scripted, thimble, thimble_folder

QUESTION = AudioChunk((0.3 * np.sin(np.arange(20_000) / 7)).astype(np.float32), 16_000)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return thimble_folder(tmp_path_factory.mktemp("bundles") / "thimble")


def text_of(events: list[AnswerEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextPiece))


def sound_of(events: list[AnswerEvent]) -> AudioChunk:
    return joined([event.sound for event in events if isinstance(event, SoundPiece)], 24_000)


def end_of(events: list[AnswerEvent]) -> Answered:
    assert isinstance(events[-1], Answered)
    return events[-1]


def test_an_answer_is_text_and_sound(folder: Path) -> None:
    events = list(thimble(folder, scripted(folder, "The capital is Paris.", groups=12)).ask(QUESTION, seed=1))
    assert text_of(events) == end_of(events).answer.text == "The capital is Paris."
    assert sound_of(events).seconds == pytest.approx(12 * 0.12)
    assert end_of(events).counts.linguistic == 24
    assert end_of(events).counts.semantic == 36
    assert end_of(events).counts.heard == 11 * 5  # 1.25 s, the last 50 ms padded
    timing = end_of(events).timing
    assert timing.first_audio_ms is not None
    assert 0 < timing.first_audio_ms <= timing.total_ms


def test_the_first_sound_leaves_before_token_40_is_decoded(folder: Path) -> None:
    brain = scripted(folder, "The capital of France is Paris. " * 4, groups=60)
    brain.hold_at = 40
    came: list[AnswerEvent] = []
    spoke = threading.Event()

    def ask() -> None:
        for event in thimble(folder, brain).ask(QUESTION):
            came.append(event)
            if isinstance(event, SoundPiece):
                spoke.set()

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        assert brain.held.wait(timeout=10)  # the decoder stands before token 40 …
        assert spoke.is_set()  # … and sound is already out
        assert brain.decoded == 40
    finally:
        brain.go_on.set()
        asking.join()
    assert sound_of(came).seconds == pytest.approx(60 * 0.12)


def test_chunks_grow_and_abut(folder: Path) -> None:
    events = list(thimble(folder, scripted(folder, groups=40)).ask(QUESTION))
    sounds = [event.sound for event in events if isinstance(event, SoundPiece)]
    assert [round(sound.seconds / 0.12) for sound in sounds] == [3, 3, 6, 12, 12, 4]
    assert [sound.start_s for sound in sounds[1:]] == pytest.approx(np.cumsum([sound.seconds for sound in sounds])[:-1].tolist())


def test_rate_and_pitch_change_the_sound_and_never_the_words(folder: Path) -> None:
    brain = scripted(folder)
    assistant = thimble(folder, brain)
    plain = list(assistant.ask(QUESTION, seed=5))
    fast = list(assistant.ask(QUESTION, seed=5, style=Style(rate=2.0, pitch=3.0)))
    assert brain.prompts[0] == brain.prompts[1]
    assert text_of(plain) == text_of(fast)
    assert sound_of(fast).seconds == pytest.approx(sound_of(plain).seconds / 2)
    assert end_of(fast).answer.style == Style(rate=2.0, pitch=3.0)


def test_an_emotion_becomes_an_instruction(folder: Path) -> None:
    brain = scripted(folder)
    assistant = thimble(folder, brain)
    list(assistant.ask(QUESTION))
    list(assistant.ask(QUESTION, style="emotion=happy"))
    list(assistant.ask(QUESTION, system="You are a pirate."))
    tokenizer = TextTokenizer(folder / "text.model")
    plain, happy, pirate = (tokenizer.decode(token for token in prompt if token < LAYOUT.audio_offset) for prompt in brain.prompts)
    assert "You are Parley." in plain
    assert "Speak happily." not in plain
    assert "You are Parley.\nSpeak happily." in happy
    assert "You are a pirate." in pirate
    with pytest.raises(UsageError, match="neutral, happy"):
        assistant.ask(QUESTION, style="emotion=angry")


def test_a_conversation_is_remembered_and_not_read_twice(folder: Path) -> None:
    brain = scripted(folder)
    assistant, talk = thimble(folder, brain), Conversation()
    list(assistant.ask(QUESTION, conversation=talk, seed=3))
    before = len(brain.ids)
    list(assistant.ask(text="And of Japan?", conversation=talk))
    assert [(turn.number, turn.role, turn.seed is None) for turn in talk.turns] == [
        (1, "human", True),
        (2, "assistant", False),
        (3, "human", True),
        (4, "assistant", False),
    ]
    assert talk.turns[2].text == "And of Japan?"
    assert brain.kept[1] == before  # everything said and heard so far was still in the context
    assert brain.prompts[1][:before] == [*brain.prompts[0], *answer_ids(folder, "The capital of France is Paris.", 12)]


def test_separate_questions_know_nothing_of_each_other(folder: Path) -> None:
    brain = scripted(folder)
    assistant = thimble(folder, brain)
    list(assistant.ask(QUESTION))
    list(assistant.ask(QUESTION))
    assert brain.prompts[0] == brain.prompts[1]


def test_an_answer_without_sound_has_no_sound(folder: Path) -> None:
    ids = answer_ids(folder, "Paris.", groups=0)
    events = list(thimble(folder, ScriptedBrain(lambda _number, _seed: ids)).ask(text="Which city?"))
    assert text_of(events) == "Paris."
    assert end_of(events).timing.first_audio_ms is None
    assert end_of(events).timing.real_time_factor is None


def test_segments_are_told_apart(folder: Path) -> None:
    first, second = (answer_ids(folder, text, groups=3)[:-1] for text in ("The capital.", "Paris."))
    brain = ScriptedBrain(lambda _number, _seed: [*first, *second, LAYOUT.eot])
    events = list(thimble(folder, brain).ask(QUESTION))
    assert [segment.text for segment in end_of(events).segments] == ["The capital.", "Paris."]
    assert end_of(events).answer.text == "The capital. Paris."
    assert {event.segment for event in events if isinstance(event, TextPiece)} == {0, 1}


@pytest.mark.parametrize(
    ("text", "says"), [("", "is empty"), ("  \n", "is empty"), ("a" * 2_001, "2,001 characters"), ("\udcff", "no text")]
)
def test_a_typed_question_that_is_none_is_refused(folder: Path, text: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        thimble(folder, scripted(folder)).ask(text=text)


def test_a_question_is_either_sound_or_text(folder: Path) -> None:
    assistant: Assistant = thimble(folder, scripted(folder))
    with pytest.raises(UsageError):
        assistant.ask()
    with pytest.raises(UsageError):
        assistant.ask(QUESTION, text="What?")


def turn(number: int, *, text_ids: int, audio_ids: int) -> Turn:
    audio = [LAYOUT.audio_offset] * audio_ids
    return Turn(number, "human" if number % 2 else "assistant", "", tuple([10] * text_ids + audio))


def test_the_oldest_turns_lose_their_sound_first_and_then_go() -> None:
    turns = [turn(number, text_ids=10, audio_ids=100) for number in (1, 2, 3, 4)]
    assert fit(turns, 1000, LAYOUT) == turns
    sizes = [len(kept.tokens) for kept in fit(turns, 300, LAYOUT)]
    assert sizes == [10, 10, 10, 110]
    assert [kept.number for kept in fit(turns, 60, LAYOUT)] == [3, 4]
    assert fit(turns, 20, LAYOUT) == []  # never an answer without its question
    assert fit(turns, 0, LAYOUT) == []


def test_what_is_left_out_stays_the_same_for_many_turns() -> None:
    turns = [turn(number, text_ids=10, audio_ids=100) for number in range(1, 101)]
    beginnings = [[len(kept.tokens) for kept in fit(turns[:count], 1_500, LAYOUT)] for count in range(2, 101, 2)]
    read_again = sum(new[: len(old)] != old for old, new in pairwise(beginnings))
    assert read_again <= 20  # 11,800 ids in steps of 750: not at each of the fifty questions
    assert all(sum(kept) + 8 * len(kept) <= 1_500 for kept in beginnings)


def test_work_done_while_the_question_lasts_is_not_counted() -> None:
    now = [0.0]
    clock = LiveClock(lambda: now[0])
    for work in (0.1, 0.1, 0.3):  # three blocks of 0.24 s of sound
        clock.start_work()
        now[0] += work
        clock.worked(0.24)
    now[0] += 0.05
    assert clock.since_question_ms == pytest.approx(350)  # the last block's 300 ms, and 50
    with clock.stopped():
        now[0] += 5.0
    assert clock.since_question_ms == pytest.approx(350)


def test_work_that_falls_behind_piles_up() -> None:
    now = [0.0]
    clock = LiveClock(lambda: now[0])
    for _ in range(4):
        clock.start_work()
        now[0] += 0.34
        clock.worked(0.24)
    assert clock.since_question_ms == pytest.approx(1000 * (0.24 + 4 * 0.34 - 4 * 0.24))
