"""Recordings without a text become a set that has them."""

import csv
from pathlib import Path

import numpy as np
import soundfile

from parley_models.evaluation.people import recordings
from parley_models.pcm import Samples
from parley_training.human.transcription import RATE_HZ, make_set, said, speech_in


def a_set(folder: Path, texts: dict[str, tuple[str, str]]) -> Path:
    """Recordings of a second's hum between two seconds of quiet, whose table says (language, text)."""
    folder.mkdir()
    hum = 0.2 * np.sin(np.arange(RATE_HZ) * 2 * np.pi * 150 / RATE_HZ)
    for name in texts:
        soundfile.write(folder / name, np.pad(hum, 2 * RATE_HZ), RATE_HZ)
    with (folder / "transcripts.tsv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, delimiter="\t", lineterminator="\n")
        table.writerow(["file", "speaker", "language", "text"])
        table.writerows([name, "g01", language, text] for name, (language, text) in texts.items())
    return folder


def test_what_has_no_text_is_told_and_cut_to_its_speech(tmp_path: Path) -> None:
    folder = a_set(tmp_path / "orders", {"known.flac": ("en", "tea"), "untold.flac": ("en", ""), "foreign.flac": ("es", "")})
    heard: list[Samples] = []

    def recognise(sound: Samples) -> str:
        heard.append(sound)
        return "An 8-ounce tea, Mr. Ray."

    assert make_set(tmp_path / "told" / "orders", folder, recognise) == 1

    (told,) = recordings(tmp_path / "told")
    assert (told.collection, told.speaker, told.words) == ("orders", "g01", ["an", "eight", "ounce", "tea", "mister", "ray"])
    assert len(heard) == 1
    assert 1.3 < len(heard[0]) / RATE_HZ < 1.6, "the hum and a little before and behind it"
    assert abs(float(np.abs(heard[0]).max()) - 0.7) < 0.01


def test_what_the_recogniser_did_not_hear_is_left_out(tmp_path: Path) -> None:
    folder = a_set(tmp_path / "orders", {"one.flac": ("en", ""), "two.flac": ("en", "")})
    answers = iter(["", "Two teas."])
    assert make_set(tmp_path / "told" / "orders", folder, lambda _: next(answers)) == 1
    assert [each.path.stem for each in recordings(tmp_path / "told")] == ["two"]


def test_numbers_and_titles_are_written_as_they_are_said() -> None:
    assert said("Mrs. Hale’s 20-ounce latte!") == "missus hale's twenty ounce latte"
    assert said("In 1887, they left.") == "", "nobody knows how that was said"
    assert said("It cost 20,000.") == ""


def test_silence_stays_what_it_is() -> None:
    assert len(speech_in(np.zeros(RATE_HZ, np.float32))) == RATE_HZ
