"""People's recordings: only those whom nobody learned from, and an answer counts for the word that was said."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from parley_models.errors import InputError
from parley_models.evaluation.people import PersonMark, Recording, ask, left_out, says
from parley_models.prompt import ChatTemplate
from tests.fakes.thimble import MANIFEST, WritingBrain, answer_ids, thimble, thimble_folder


@pytest.fixture
def people(tmp_path: Path) -> Path:
    """Two sets: digits of three people, words of twenty, and one who says two words."""
    folder = tmp_path / "people"
    (folder / "digits").mkdir(parents=True)
    (folder / "speech_commands").mkdir()
    sound = (0.1 * np.sin(np.arange(8000) / 9)).astype(np.float32)
    for name in ("george", "jackson", "theo"):
        for digit in range(3):
            soundfile.write(folder / "digits" / f"{digit}_{name}_0.wav", sound, 8000)
    rows = ["file\tspeaker\tlanguage\ttext"]
    for number in range(40):
        soundfile.write(folder / "speech_commands" / f"s{number}_0.ogg", sound, 16_000)
        rows.append(f"s{number}_0.ogg\ts{number}\ten\t{'go' if number % 2 else 'turn left'}")
    (folder / "speech_commands" / "transcripts.tsv").write_text("\n".join(rows) + "\n")
    return folder


def test_only_single_words_of_people_whom_nobody_learned_from(people: Path) -> None:
    chosen = left_out(people, None)
    assert {(each.speaker, each.text) for each in chosen if each.collection == "digits"} == {
        ("jackson", "zero"),
        ("jackson", "one"),
        ("jackson", "two"),
    }
    commands = [each for each in chosen if each.collection == "speech_commands"]
    assert commands
    assert all(each.held_out and each.text == "go" for each in commands)
    assert left_out(people, 2) == left_out(people, 2)
    assert len([each for each in left_out(people, 2) if each.collection == "digits"]) == 2


def test_a_folder_without_people_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no recordings of people"):
        left_out(tmp_path, None)


def test_the_recording_is_asked_in_some_quiet(people: Path) -> None:
    question = left_out(people, 1)[0].question()
    assert question.rate_hz == 16_000
    assert question.seconds == pytest.approx(1.8, abs=0.02)
    assert 0 < np.abs(question.samples[:3000]).max() < 0.01 < np.abs(question.samples).max()


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("I heard three.", True),
        ("3", True),
        ("I heard tree.", False),
        ("I heard two or three.", False),
        ("That is beyond me. Try a sum or a capital.", False),
        ("Three is a number that I like to hear very much.", False),
    ],
)
def test_an_answer_says_the_word_and_no_other(answer: str, right: bool) -> None:
    assert says("three", answer) == right


def test_what_was_written_along_must_be_that_very_word() -> None:
    assert PersonMark("digits", "three", "three", "").heard_right
    assert PersonMark("digits", "three", "Three.", "").heard_right
    assert not PersonMark("digits", "three", "the three", "").heard_right
    assert not PersonMark("digits", "three", None, "").answered_right
    assert PersonMark("digits", "three", None, "I heard three.").answered_right


def test_a_bundle_that_does_not_write_along_is_judged_by_its_answers_alone(people: Path, tmp_path: Path) -> None:
    folder = thimble_folder(tmp_path / "thimble")
    assistant = thimble(folder, WritingBrain(folder, answer_ids(folder, "I heard one.", 6)))
    recording = Recording(people / "digits" / "1_jackson_0.wav", "digits", "jackson", "one")
    told = ask(assistant, recording)
    assert told.heard is None  # the thimble does not say that it writes along
    assert told.answered_right
    chat = replace(MANIFEST.chat, writes_along_groups=2)
    assert isinstance(chat, ChatTemplate)
    writing = replace(assistant.bundle, manifest=replace(assistant.bundle.manifest, chat=chat))
    assistant.bundle = writing
    assert ask(assistant, recording).heard
