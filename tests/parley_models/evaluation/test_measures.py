import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from parley_models.evaluation.fundamental import f0_track
from parley_models.evaluation.measures import Measures
from parley_models.pcm import AudioChunk

RATE_HZ = 24_000
MEASURES = Measures()
needs_flite = pytest.mark.skipif(shutil.which("flite") is None, reason="flite is not installed")


def buzz(f0_hz: float, seconds: float, *, syllables_per_s: float = 0.0, level: float = 0.2, rate_hz: int = RATE_HZ) -> AudioChunk:
    """A voice-like tone of falling harmonics, swelling and fading with every syllable."""
    t = np.arange(round(seconds * rate_hz)) / rate_hz
    tone = np.sum([np.sin(2 * np.pi * f0_hz * k * t) / k for k in range(1, int(4000 / f0_hz))], axis=0)
    swell = 0.55 - 0.45 * np.cos(2 * np.pi * syllables_per_s * t) if syllables_per_s else 1.0
    return AudioChunk((level * tone * swell / 2).astype(np.float32), rate_hz)


def with_silence(chunk: AudioChunk, seconds: float) -> AudioChunk:
    return AudioChunk(np.pad(chunk.samples, round(seconds * chunk.rate_hz)), chunk.rate_hz)


@pytest.mark.parametrize("f0_hz", [65.0, 82.4, 110.0, 196.0, 247.3, 330.0, 470.0])
def test_f0_of_a_tone(f0_hz: float) -> None:
    measured = MEASURES.measure(buzz(f0_hz, 0.5))

    assert measured.median_f0_hz == pytest.approx(f0_hz, rel=0.005)
    assert measured.f0_range_semitones == pytest.approx(0.0, abs=0.3)


def test_f0_does_not_depend_on_level_rate_or_a_missing_fundamental() -> None:
    t = np.arange(RATE_HZ // 2) / RATE_HZ
    hollow = np.sum([np.sin(2 * np.pi * 150 * k * t) for k in (2, 3, 4, 5)], axis=0) * 0.05

    assert MEASURES.measure(buzz(150, 0.5, level=0.01)).median_f0_hz == pytest.approx(150, rel=0.005)
    assert MEASURES.measure(buzz(150, 0.5, rate_hz=8000)).median_f0_hz == pytest.approx(150, rel=0.005)
    assert MEASURES.measure(AudioChunk(hollow.astype(np.float32), RATE_HZ)).median_f0_hz == pytest.approx(150, rel=0.005)


def test_a_glide_has_its_range() -> None:
    f0 = 120 * 2 ** (np.linspace(0, 12, RATE_HZ) / 12)
    phase = 2 * np.pi * np.cumsum(f0) / RATE_HZ
    glide = AudioChunk((0.1 * np.sum([np.sin(k * phase) / k for k in range(1, 12)], axis=0)).astype(np.float32), RATE_HZ)

    assert MEASURES.measure(glide).f0_range_semitones == pytest.approx(0.9 * 12, abs=0.8)


def test_noise_and_silence_are_unvoiced() -> None:
    noise = AudioChunk(np.random.default_rng(0).normal(0, 0.1, RATE_HZ).astype(np.float32), RATE_HZ)
    silence = AudioChunk(np.zeros(RATE_HZ, np.float32), RATE_HZ)

    assert MEASURES.measure(noise).median_f0_hz is None
    assert MEASURES.measure(noise).syllables_per_s == 0.0
    assert MEASURES.measure(silence).syllables_per_s is None
    assert MEASURES.measure(silence).loudness_dbfs is None
    assert MEASURES.measure(AudioChunk(np.zeros(0, np.float32), RATE_HZ)).syllables_per_s is None


@pytest.mark.parametrize("syllables_per_s", [2.0, 3.5, 5.0, 7.0])
def test_syllables_are_counted_and_silence_around_does_not_matter(syllables_per_s: float) -> None:
    chunk = buzz(140, 2.0, syllables_per_s=syllables_per_s)

    assert MEASURES.measure(chunk).syllables_per_s == pytest.approx(syllables_per_s, rel=0.12)
    assert MEASURES.measure(with_silence(chunk, 0.7)).syllables_per_s == pytest.approx(syllables_per_s, rel=0.12)
    assert MEASURES.measure(with_silence(chunk, 0.7)).span_s == pytest.approx(2.0, abs=0.12)


def test_a_pause_is_left_out_of_the_rate() -> None:
    part = buzz(140, 1.0, syllables_per_s=4.0).samples
    paused = AudioChunk(np.concatenate([part, np.zeros(RATE_HZ, np.float32), part]), RATE_HZ)

    assert MEASURES.measure(paused).syllables_per_s == pytest.approx(4.0, rel=0.12)


def test_loudness_is_the_speech_s_own() -> None:
    loud, soft = buzz(140, 1.0, level=0.4), buzz(140, 1.0, level=0.1)
    heard = [MEASURES.measure(chunk).loudness_dbfs for chunk in (loud, soft, with_silence(soft, 1.0))]

    assert heard[0] is not None
    assert heard[0] == pytest.approx(20 * np.log10(float(np.sqrt(np.mean(loud.samples**2)))), abs=0.5)
    assert heard[1] == pytest.approx(heard[0] - 12.04, abs=0.3)
    assert heard[2] == pytest.approx(heard[1], abs=0.5)


def test_faster_and_higher_than_neutral() -> None:
    neutral = with_silence(buzz(200, 2.0, syllables_per_s=4.0), 0.3)
    styled = with_silence(buzz(200 * 2 ** (3 / 12), 2.0 / 1.5, syllables_per_s=6.0), 0.1)
    difference = MEASURES.against_neutral(styled, neutral)

    assert difference.rate_ratio == pytest.approx(1.5, rel=0.05)
    assert difference.pitch_semitones == pytest.approx(3.0, abs=0.1)


def test_a_vocoder_that_ignores_the_request_shows() -> None:
    neutral = buzz(200, 2.0, syllables_per_s=4.0)

    assert MEASURES.against_neutral(neutral, neutral).rate_ratio == pytest.approx(1.0)
    assert MEASURES.against_neutral(neutral, neutral).pitch_semitones == pytest.approx(0.0)


def test_the_track_has_a_value_every_ten_milliseconds() -> None:
    assert len(f0_track(np.zeros(1600, np.float32))) == 11


@needs_flite
def test_flite_s_rate_and_height(tmp_path: Path) -> None:
    def speak(stretch: float) -> AudioChunk:
        out = tmp_path / f"{stretch}.wav"
        text = "Seventy-four plus nineteen is ninety-three."
        subprocess.run(["flite", "-voice", "slt", "--setf", f"duration_stretch={stretch}", "-t", text, "-o", str(out)], check=True)
        samples, rate_hz = soundfile.read(out, dtype="float32")
        return AudioChunk(samples, rate_hz)

    neutral, fast = speak(1.0), speak(1 / 1.3)
    spoken = MEASURES.measure(neutral)

    assert spoken.median_f0_hz is not None
    assert 150 < spoken.median_f0_hz < 200  # a woman's voice; pyworld's dio says 174
    assert spoken.syllables_per_s is not None
    assert 3.0 < spoken.syllables_per_s < 6.5
    assert MEASURES.against_neutral(fast, neutral).rate_ratio == pytest.approx(1.3, rel=0.07)
    assert MEASURES.against_neutral(fast, neutral).pitch_semitones == pytest.approx(0.0, abs=0.7)
