"""A question to a bundle whose ears hear whole clips: what is read while it is asked, and that pauses and early ends change nothing."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from parley_models.answer import Answered
from parley_models.assistant import HEARING_HZ, Assistant
from parley_models.conversation import Turn
from parley_models.live_clock import LiveClock
from parley_models.pcm import AudioChunk, Samples
from parley_models.question import Question
from parley_models.style import Style
from parley_models.tokenizers.dual import DualTokenizer
from parley_models.tokens import GROUP_SECONDS
from tests.fakes.clip_ears import tiny_clip_ears
from tests.fakes.engine_room import engine_room, noise
from tests.fakes.thimble import LAYOUT, scripted, thimble, thimble_folder

MOST_LEFT = 64
"""Ids, both bundles (PROMISES)."""

FRAME = 512


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return thimble_folder(tmp_path_factory.mktemp("bundles") / "thimble")


@pytest.fixture(scope="module")
def ears(tmp_path_factory: pytest.TempPathFactory, reference: Path) -> DualTokenizer:
    return tiny_clip_ears(tmp_path_factory.mktemp("ears"), reference)


def speech(seconds: float) -> Samples:
    """Noise that becomes louder, with a pause in the middle."""
    count = round(HEARING_HZ * seconds)
    sound = np.random.default_rng(8).uniform(-0.5, 0.5, count) * np.linspace(0.2, 1, count)
    sound[count // 2 : count // 2 + 4_000] *= 0.01
    return sound.astype(np.float32)


def frames(sound: Samples) -> Iterator[AudioChunk]:
    """As turn taking gives them."""
    for at in range(0, len(sound), FRAME):
        yield AudioChunk(sound[at : at + FRAME], HEARING_HZ)


def opened(assistant: Assistant, turns: list[Turn] | None = None) -> Question:
    question = assistant.open(assistant.manner(Style(), seed=1), turns or [])
    question.begin()
    return question


def answer_to(question: Question) -> Answered:
    *_, last = (event for event in question.answer(LiveClock()) if event is not None)
    assert isinstance(last, Answered)
    return last


@pytest.mark.parametrize("seconds", [0.5, 1.19, 1.21, 4.0, 10.0, 20.07])
def test_little_is_left_to_read_when_the_question_ends(folder: Path, ears: DualTokenizer, seconds: float) -> None:
    brain = scripted(folder)
    question = opened(thimble(folder, brain, ears))
    before, spoken_s = len(brain.ids), 0.0
    for frame in frames(speech(seconds)):
        question.hear(frame)
        spoken_s += frame.seconds
        read_s = (len(brain.ids) - before) / LAYOUT.group_size * GROUP_SECONDS
        assert read_s > spoken_s - 1.21  # the model reads while the user speaks
    answered = answer_to(question)

    assert question.ids_left <= MOST_LEFT
    assert answered.counts.heard == len(ears.tokens(AudioChunk(speech(seconds), HEARING_HZ))) * LAYOUT.group_size


def test_who_goes_on_after_a_pause_was_heard_as_if_nobody_had_thought_ahead(folder: Path, ears: DualTokenizer) -> None:
    sound, brains = speech(6.0), [scripted(folder), scripted(folder)]
    middle = len(sound) // 2
    ahead, straight = (opened(thimble(folder, brain, ears)) for brain in brains)
    for frame in frames(sound[:middle]):
        ahead.hear(frame)
    for quiet in range(1, 4):  # each pause is thought over, goes on in silence, and was none
        for _ in ahead.think_ahead():
            pass
        pause = sound[middle + (quiet - 1) * 1_024 : middle + quiet * 1_024]
        for frame in frames(pause):
            ahead.hear(frame, quiet=True)
        ahead.take_back()
    for frame in frames(sound[middle + 3 * 1_024 :]):
        ahead.hear(frame)
    for frame in frames(sound):
        straight.hear(frame)

    assert answer_to(ahead).question == answer_to(straight).question
    assert brains[0].prompts[-1] == brains[1].prompts[-1]
    assert len(brains[0].prompts) == 4


def test_an_early_end_that_was_right_leaves_nothing_to_read(folder: Path, ears: DualTokenizer) -> None:
    brain = scripted(folder)
    question = opened(thimble(folder, brain, ears))
    for frame in frames(speech(5.0)):
        question.hear(frame)
    for _ in question.think_ahead():
        pass
    question.hear(AudioChunk(np.zeros(8_000, np.float32), HEARING_HZ), quiet=True)
    answered = answer_to(question)

    assert question.ids_left == 0
    assert len(brain.prompts) == 1
    assert answered.counts.heard == 41 * LAYOUT.group_size  # 5 s; the quiet was not part of it


@pytest.mark.parametrize("trimming", [False, True])
def test_what_a_clip_owes_finds_room_beside_an_answer(folder: Path, ears: DualTokenizer, *, trimming: bool) -> None:
    """With trimming all of it comes at the end."""
    brain = scripted(folder)
    heard_at_end = replace(ears, config=replace(ears.config, trim_silence=trimming))
    assistant = thimble(folder, brain, heard_at_end)
    longest = assistant.bundle.manifest.context_tokens - assistant.bundle.manifest.sampling.max_tokens
    turns = [Turn(number, "human" if number % 2 else "assistant", "", tuple([10] * 200)) for number in range(1, 21)]
    question = opened(assistant, turns)
    for frame in frames(speech(29.0)):
        question.hear(frame)
        if len(brain.ids) > longest - 30:
            break
    answer_to(question)

    assert len(brain.prompts[-1]) <= longest


def test_a_recording_that_is_there_whole_has_the_whole_clips_codes(folder: Path, ears: DualTokenizer) -> None:
    sound = AudioChunk(speech(6.0), HEARING_HZ)
    assert thimble(folder, scripted(folder), ears).hear(sound) == tuple(ears.tokens(sound).ids(LAYOUT))


def test_the_engine_reads_a_live_question_while_the_user_speaks(folder: Path, ears: DualTokenizer) -> None:
    brain = scripted(folder)
    with engine_room(folder, lambda: thimble(folder, brain, ears)) as room, room.client() as client:
        client.manual()
        client.speak_live(noise(6.0))
        client.connection.input_audio_buffer.commit()
        client.connection.response.create()
        client.until("response.done")
        (latency,) = client.of("parley.latency")

    assert 0 < latency["ids_left"] <= MOST_LEFT
    heard = [token for token in brain.prompts[-1] if LAYOUT.is_audio(token)]
    assert len(heard) == 50 * LAYOUT.group_size  # 6 s
