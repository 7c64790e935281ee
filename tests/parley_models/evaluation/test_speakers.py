"""The voices that ask are there, in noise of the promised level, and say the same thing each time."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from parley_models.errors import UsageError
from parley_models.evaluation.speakers import TEST_VOICES, Speaker, missing_voices, speak, voices_here


@pytest.mark.parametrize("engine", ["flite", "espeak-ng"])  # festival takes its time
def test_a_question_in_20_db_of_noise(engine: str) -> None:
    if shutil.which(engine) is None:
        pytest.skip(f"{engine} is not installed")
    voice = next(voice for voice in TEST_VOICES if voice.engine == engine)
    loud, quiet = (speak("What is the capital of France?", voice, snr_db=snr_db) for snr_db in (20.0, 80.0))
    assert loud.rate_hz == 16_000
    assert 1.0 < loud.seconds < 4.0
    noise = loud.samples - quiet.samples
    active = quiet.samples[np.abs(quiet.samples) > 0.01]
    assert 20 * np.log10(np.sqrt((active**2).mean() / (noise**2).mean())) == pytest.approx(20, abs=0.5)
    assert np.array_equal(loud.samples, speak("What is the capital of France?", voice).samples)


def test_without_synthesizers_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UsageError, match="apt install flite festival"):
        voices_here()


def test_a_festival_without_the_voice_is_not_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "flite").write_text("#!/bin/sh\n")
    (tmp_path / "festival").write_text("#!/bin/sh\necho '(cmu_us_slt_arctic_hts ked_diphone)'\n")
    for program in tmp_path.iterdir():
        program.chmod(0o755)

    assert {voice.engine for voice in voices_here()} == {"flite"}
    assert "festival kal_diphone" in map(str, missing_voices())

    (tmp_path / "festival").write_text("#!/bin/sh\necho '(ked_diphone kal_diphone)'\n")
    assert {voice.engine for voice in voices_here()} == {"flite", "festival"}


def test_the_voices_are_those_that_training_leaves_out() -> None:
    assert Speaker("flite", "slt") not in TEST_VOICES
    assert {voice.name.split("+")[-1] for voice in TEST_VOICES} == {
        "awb",
        "kal",
        "kal16",
        "kal_diphone",
        "Andy",
        "linda",
        "john",
        "shelby",
        "Michael",
    }
