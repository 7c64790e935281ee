"""Questions come from any ordinary sound file; what is none is refused quickly, with one sentence that names the file."""

import math
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from parley_models.errors import InputError, UsageError
from parley_models.pcm import AudioChunk, Samples
from parley_models.sound_file import read_question, write_sound


def hum(seconds: float, rate_hz: int, level: float = 0.2) -> Samples:
    t = np.arange(int(seconds * rate_hz)) / rate_hz
    return (level * np.sin(2 * math.pi * 220 * t)).astype(np.float32)


@pytest.mark.parametrize("ending", ["wav", "flac", "ogg"])
@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 44_100, 48_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_any_rate_mono_or_stereo_becomes_16_khz_mono(tmp_path: Path, ending: str, rate_hz: int, channels: int) -> None:
    path = tmp_path / f"question.{ending}"
    soundfile.write(path, np.stack([hum(0.8, rate_hz)] * channels, axis=1), rate_hz)
    question = read_question(path)
    assert question.rate_hz == 16_000
    assert question.samples.dtype == np.float32
    assert abs(question.seconds - 0.8) < 0.002
    middle = question.samples[2_000:-2_000]
    assert abs(float(np.sqrt(np.mean(middle**2))) - 0.2 / math.sqrt(2)) < 0.01


def test_the_content_decides_the_format_and_not_the_name(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "question.wav", hum(0.5, 16_000), 16_000)
    (tmp_path / "question.wav").rename(tmp_path / "question.raw")
    assert read_question(tmp_path / "question.raw").seconds == 0.5


def test_opposite_channels_do_not_cancel(tmp_path: Path) -> None:
    sound = hum(0.5, 16_000)
    soundfile.write(tmp_path / "q.wav", np.stack([sound, -sound], axis=1), 16_000)
    assert float(np.abs(read_question(tmp_path / "q.wav").samples).max()) > 0.19


def test_loud_floats_are_brought_into_range(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "q.wav", hum(0.5, 16_000, level=1000.0), 16_000, subtype="FLOAT")
    assert float(np.abs(read_question(tmp_path / "q.wav").samples).max()) == pytest.approx(1.0)


def write(samples: Samples, subtype: str = "PCM_16") -> Callable[[Path], None]:
    return lambda path: soundfile.write(path, samples, 16_000, format="WAV", subtype=subtype)


def with_one(value: float) -> Samples:
    samples = hum(0.5, 16_000)
    samples[100] = value
    return samples


def cut_in_half(path: Path) -> None:
    soundfile.write(path, hum(0.5, 16_000), 16_000)
    path.write_bytes(path.read_bytes()[:8_000])


BAD: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (lambda _: None, "There is no file"),
    "a folder": (lambda path: path.mkdir(), "is a folder"),
    "empty": (lambda path: path.touch(), "is empty"),
    "text": (lambda path: path.write_text("What is the capital of France?"), "not a sound file"),
    "no samples": (write(hum(0, 16_000)), "holds no sound"),
    "silence": (write(np.zeros(16_000, np.float32)), "is silent"),
    "near silence": (write(hum(1, 16_000, level=5e-4)), "is silent"),
    "a constant": (write(np.full(16_000, 0.5, np.float32)), "is silent"),
    "too short": (write(hum(0.05, 16_000)), "too short"),
    "too long": (write(hum(31, 16_000)), "lasts 31 s"),
    "NaN": (write(with_one(math.nan), "FLOAT"), "no numbers"),
    "infinity": (write(with_one(math.inf), "FLOAT"), "no numbers"),
    "cut short": (cut_in_half, "is cut short"),
    "five channels": (lambda path: soundfile.write(path, np.ones((8000, 5)), 16_000), "5 channels"),
}


@pytest.mark.parametrize("channels", [1, 2])
def test_floats_whose_squares_are_beyond_floats_are_a_question_like_others(tmp_path: Path, channels: int) -> None:
    huge = np.stack([hum(0.5, 16_000, level=1e30)] * channels, axis=1)
    soundfile.write(str(tmp_path / "q.wav"), huge, 16_000, subtype="FLOAT")
    assert np.abs(read_question(tmp_path / "q.wav").samples).max() == pytest.approx(1.0)


@pytest.mark.parametrize("case", BAD)
def test_what_is_no_question_is_refused_in_one_sentence(tmp_path: Path, case: str) -> None:
    make, says = BAD[case]
    path = tmp_path / "question.wav"
    make(path)
    with pytest.raises(InputError, match=says) as refusal:
        read_question(path)
    message = str(refusal.value)
    assert str(path) in message
    assert "\n" not in message
    assert message.endswith(".")


def test_ten_minutes_are_refused_without_being_read(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    soundfile.write(path, np.zeros((600 * 48_000, 1), np.int16), 48_000)
    begun = time.perf_counter()
    with pytest.raises(InputError, match="lasts 600 s"):
        read_question(path)
    assert time.perf_counter() - begun < 0.5


def test_an_answer_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    answer = AudioChunk(hum(0.3, 24_000), 24_000)
    path = tmp_path / "new" / "answer.wav"
    write_sound(path, answer)
    samples, rate_hz = soundfile.read(path)
    assert rate_hz == 24_000
    assert np.abs(samples - answer.samples).max() < 1e-4
    assert list(path.parent.iterdir()) == [path]
    with pytest.raises(UsageError, match=r"\.wav or \.flac"):
        write_sound(tmp_path / "answer.mp3", answer)
    (tmp_path / "a file").touch()
    with pytest.raises(UsageError, match="can't be written"):
        write_sound(tmp_path / "a file" / "answer.wav", answer)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["a file", "new"]
