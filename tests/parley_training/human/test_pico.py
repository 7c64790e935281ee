"""Pico's readings as a set of recordings, read back by what reads people's."""

from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from parley_models.evaluation.people import recordings
from parley_training.human.pico import RATE_HZ, make_set, readings


class Humming:
    """Hums for 60 ms a letter at the tempo it is told, an octave higher in British English."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def __call__(self, language: str, text: str) -> bytes:
        speed = ElementTree.fromstring(text)
        said = "".join(speed.itertext())
        self.told.append(said)
        seconds = 0.06 * len(said) / (int(speed.attrib["level"]) / 100)
        hum = np.sin(np.arange(int(seconds * RATE_HZ)) * 2 * np.pi * (240 if language == "en-GB" else 120) / RATE_HZ)
        return (hum * 16_000).astype("<i2").tobytes()


def test_readings_become_a_set_that_is_learned_from(tmp_path: Path) -> None:
    hum = Humming()
    make_set(tmp_path / "pico", 30, hum)

    found = list(recordings(tmp_path))
    wanted = readings(30)
    assert [each.text for each in found] == [each.text for each in wanted] == hum.told
    assert {each.speaker for each in found} == {"lh0", "kh0"}
    assert not any(each.held_out for each in found)
    for recording, reading in zip(found, wanted, strict=True):
        assert abs(len(recording.samples()) / RATE_HZ - 0.06 * len(reading.text) / reading.tempo) < 0.03, (
            "the vocal tract changes the tempo"
        )


def test_the_same_is_read_again(tmp_path: Path) -> None:
    assert readings(20) == readings(20)
    assert len({reading.text for reading in readings(200)}) > 180
