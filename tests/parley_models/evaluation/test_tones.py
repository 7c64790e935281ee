"""The test voices can ask as the answer demands, and ask as ever where nothing is demanded."""

import shutil

import numpy as np
import pytest

from parley_models.evaluation.measures import Measured, Measures
from parley_models.evaluation.speakers import TEST_VOICES, Speaker, fitting, speak
from parley_models.evaluation.tones import TONES
from parley_models.evaluation.wide_questions import wide_questions

WORDS = "How does my voice sound to you?"
KAL, LINDA, JOHN = Speaker("flite", "kal"), Speaker("espeak-ng", "en-gb+linda"), Speaker("espeak-ng", "en-us+john")
pytestmark = pytest.mark.skipif(not (shutil.which("flite") and shutil.which("espeak-ng")), reason="flite and espeak-ng are not installed")


def measured(voice: Speaker, tone: str = "") -> Measured:
    return Measures().measure(speak(WORDS, voice, tone=tone, snr_db=40.0))


def test_every_tone_of_the_questions_is_there_and_somebody_can_speak_in_it() -> None:
    assert {question.tone for question in wide_questions()} - {""} == TONES.keys()
    for tone in TONES:
        able = fitting(TEST_VOICES, tone)
        assert able
        assert all(TONES[tone].suits(voice) for voice in able)
    assert tuple(fitting(TEST_VOICES, "")) == TEST_VOICES


@pytest.mark.parametrize(
    "voice", [voice for voice in TEST_VOICES if voice.engine != "festival" and TONES["pitch=high"].suits(voice)], ids=str
)
def test_high_voices(voice: Speaker) -> None:
    high = measured(voice, "pitch=high")
    assert high.median_f0_hz > 220  # type: ignore[operator]
    assert high.span_s == pytest.approx(measured(voice).span_s, rel=0.15)


@pytest.mark.parametrize(
    "voice", [voice for voice in TEST_VOICES if voice.engine != "festival" and TONES["pitch=low"].suits(voice)], ids=str
)
def test_low_voices(voice: Speaker) -> None:
    assert measured(voice, "pitch=low").median_f0_hz < 120  # type: ignore[operator]


@pytest.mark.parametrize("voice", [KAL, JOHN], ids=str)
def test_fast_slow_loud_quiet(voice: Speaker) -> None:
    plain, fast, slow = (measured(voice, tone) for tone in ("", "pace=fast", "pace=slow"))
    assert plain.span_s / fast.span_s > 1.4
    assert plain.span_s / slow.span_s < 0.7
    loud, quiet = (np.abs(speak(WORDS, voice, tone=f"loudness={how}").samples).max() for how in ("loud", "quiet"))
    assert 0.7 < loud < 1.0
    assert 20 * np.log10(loud / quiet) == pytest.approx(27, abs=1)


def test_a_whisper_has_no_voice_but_the_same_words() -> None:
    plain, whisper = measured(LINDA), measured(LINDA, "whispered=true")
    assert plain.median_f0_hz
    assert whisper.median_f0_hz is None
    assert whisper.span_s == pytest.approx(plain.span_s, rel=0.12)


def test_moods() -> None:
    happy, sad, angry, plain = (measured(JOHN, f"mood={mood}") for mood in ("happy", "sad", "angry", "neutral"))
    assert happy.median_f0_hz > 1.08 * plain.median_f0_hz > 1.08 * 1.08 * sad.median_f0_hz  # type: ignore[operator]
    assert happy.f0_range_semitones > 1.3 * sad.f0_range_semitones  # type: ignore[operator]
    assert angry.span_s < plain.span_s < sad.span_s
    assert angry.loudness_dbfs > sad.loudness_dbfs + 6  # type: ignore[operator]
