"""Synthesizers' readings as a set of recordings, read back by what reads people's."""

from pathlib import Path

import numpy as np
import pytest

from parley_models.evaluation.people import recordings
from parley_models.pcm import AudioChunk
from parley_training.human.readers import ENGINES, RATE_HZ, make_set, readings

OWN_RATE_HZ = 24_000


class Humming:
    """Hums for 60 ms a letter at the speed it is told, each voice at its own pitch."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []

    def __call__(self, voice: str, text: str, speed: int, pitch: int) -> AudioChunk:
        self.told.append((voice, text))
        seconds = 0.06 * len(text) / (speed / 100)
        hum = np.sin(np.arange(int(seconds * OWN_RATE_HZ)) * 2 * np.pi * (100 + len(voice)) * pitch / 100 / OWN_RATE_HZ)
        return AudioChunk((hum / 2).astype(np.float32), OWN_RATE_HZ)


@pytest.mark.parametrize("name", sorted(ENGINES))
def test_readings_become_a_set_that_is_learned_from(tmp_path: Path, name: str) -> None:
    hum, wanted = Humming(), readings(ENGINES[name], 30)
    make_set(tmp_path / name, wanted, hum)

    found = list(recordings(tmp_path))
    assert [(each.speaker.removeprefix(f"{name}:"), each.text) for each in found] == hum.told
    assert hum.told == [(each.voice, each.text) for each in wanted]
    assert {voice for voice, _ in hum.told} == set(ENGINES[name].sizes)
    assert not any(each.held_out for each in found), "a reader that is trained on would be measured as a person left out"
    for recording, reading in zip(found, wanted, strict=True):
        assert abs(len(recording.samples()) / RATE_HZ - 0.06 * len(reading.text) / reading.tempo) < 0.03, (
            "the vocal tract changes the tempo"
        )


def test_the_same_is_read_again_and_each_engine_reads_something_else() -> None:
    pico, rhvoice = (readings(ENGINES[name], 200) for name in ("pico", "rhvoice"))
    assert pico == readings(ENGINES["pico"], 200)
    assert len({reading.text for reading in pico}) > 180
    assert [reading.text for reading in pico] != [reading.text for reading in rhvoice]
