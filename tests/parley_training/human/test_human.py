"""People's recordings: read with their texts, aligned, kept apart by speaker."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from parley_models.evaluation.people import HELD_OUT_DIGITS, recordings
from parley_training.corpus.lines import exchange_of
from parley_training.corpus.phones import NUMBER, PHONES, SILENCE
from parley_training.corpus.pronunciation import pronounced
from parley_training.human.alignment import align
from parley_training.human.recipe import said_line


def certain(phones: list[str]) -> np.ndarray:
    """A reader that is nearly sure of one phone a slot."""
    table = np.full((len(phones), len(PHONES)), -6.0, np.float32)
    table[np.arange(len(phones)), [NUMBER[phone] for phone in phones]] = -0.01
    return table


def test_phones_are_found_where_they_are_heard() -> None:
    heard = [SILENCE] * 3 + ["s"] * 2 + ["ih"] * 3 + ["k"] + ["s"] * 2 + [SILENCE] * 4 + ["t", "t", "uw", "uw"] + [SILENCE] * 2
    labels, likelihood = align(certain(heard), ["six", "two"])
    assert [PHONES[label] for label in labels] == heard
    assert likelihood > -0.1


def test_another_text_is_unlikely() -> None:
    heard = [SILENCE, "s", "s", "ih", "ih", "k", "s", "s", SILENCE]
    assert align(certain(heard), ["six"])[1] > -0.1
    assert align(certain(heard), ["zero"])[1] < -2
    assert align(certain(heard), ["supercalifragilistic"])[1] == -np.inf


def test_words_are_pronounced() -> None:
    assert [PHONES[phone] for phone in pronounced("six")] == ["s", "ih", "k", "s"]


@pytest.fixture
def sets(tmp_path: Path) -> Path:
    sound = np.sin(np.arange(8000) / 9).astype(np.float32)
    (tmp_path / "digits").mkdir()
    for name in ("7_theo_0", f"3_{HELD_OUT_DIGITS}_1"):
        soundfile.write(tmp_path / "digits" / f"{name}.wav", sound, 8000)
    (tmp_path / "words").mkdir()
    soundfile.write(tmp_path / "words" / "a.wav", sound, 16000)
    (tmp_path / "words" / "transcripts.tsv").write_text(
        'file\tspeaker\tlanguage\ttext\na.wav\tann\ten\tDon\'t say "stop".\nb.wav\tbo\tcmn\t你好\nc.wav\tcy\ten\t\n', encoding="utf-8"
    )
    return tmp_path


def test_only_english_with_a_text_is_taken(sets: Path) -> None:
    found = {recording.path.name: recording for recording in recordings(sets)}
    assert set(found) == {"a.wav", "7_theo_0.wav", f"3_{HELD_OUT_DIGITS}_1.wav"}
    assert found["a.wav"].words == ["don't", "say", "stop"]
    assert found["7_theo_0.wav"].text == "seven"
    assert len(found["7_theo_0.wav"].samples()) == 16000
    assert np.abs(found["a.wav"].samples()).max() == pytest.approx(0.5, abs=0.01)


def test_a_speaker_is_never_on_both_sides(sets: Path) -> None:
    held = {recording.speaker: recording.held_out for recording in recordings(sets)}
    assert held[HELD_OUT_DIGITS]
    assert not held["theo"]


def test_a_persons_bare_word_is_a_question_in_mini_1s_world_alone(sets: Path) -> None:
    seven = next(recording for recording in recordings(sets) if recording.text == "seven")
    assert said_line(seven, "mini0") == {"intent": "human", "question": "seven", "answer": "", "key": ""}
    exchange = exchange_of(said_line(seven, "mini1"))
    assert (exchange.intent, exchange.question, exchange.answer) == ("heard_word", "Seven.", "I heard seven.")
    sentence = next(recording for recording in recordings(sets) if recording.speaker == "ann")
    assert said_line(sentence, "mini1")["answer"] == ""
