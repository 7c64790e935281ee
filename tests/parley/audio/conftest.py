"""Voices to be played and to be heard."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from parley.audio.desk import DESK_HZ
from parley_models.pcm import Samples

ROOT = Path(__file__).resolve().parents[3]


def load(path: Path) -> Samples:
    sound, rate_hz = soundfile.read(path, dtype="float32")
    resampled: Samples = soxr.resample(sound, rate_hz, DESK_HZ)
    return resampled


@pytest.fixture(scope="session")
def answers() -> list[Samples]:
    """Six sentences as Parley would say them, each of 1 to 2 s, without silence around them."""
    found = [load(path) for path in sorted((ROOT / "assets" / "parley_assets" / "questions").glob("*.wav"))]
    return [(sound / np.abs(sound).max() * np.float32(0.5))[slice(*np.flatnonzero(np.abs(sound) > 0.02)[[0, -1]])] for sound in found]


@pytest.fixture(scope="session")
def human() -> Samples:
    """Someone who speaks without a pause for 1.8 s."""
    return load(ROOT / "tests" / "data" / "reference" / "audio" / "jfk.wav")[int(0.35 * DESK_HZ) : int(2.15 * DESK_HZ)]


def tone(seconds: float, hz: float = 220.0) -> Samples:
    """A steady tone, in which any gap, jump or click shows."""
    return (0.4 * np.sin(2 * np.pi * hz * np.arange(int(seconds * DESK_HZ)) / DESK_HZ)).astype(np.float32)


def steepest(sound: Samples) -> float:
    """The largest step between two samples."""
    return float(np.abs(np.diff(sound, prepend=0, append=0)).max())
