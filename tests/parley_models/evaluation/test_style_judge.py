"""The judge of style hears what is in the sound, and nothing of what was asked for."""

import shutil
from functools import cache

import numpy as np
import pytest

from parley_models.evaluation.expression import expression, usual
from parley_models.evaluation.style_judge import StyleJudge, emotions
from parley_models.pcm import AudioChunk
from parley_models.style import Style
from parley_training.corpus import answers
from parley_training.corpus.expressions import SENTENCES

RATE_HZ = 16_000
needs_flite = pytest.mark.skipif(shutil.which("flite") is None, reason="flite is not installed")
NEW = ("Paris is the capital of France.", "Nine minus four is five.")
PLAIN = ("The moon is white.", "Good morning to you.", "Two times six is twelve.")


def voice(*, hz: float = 150.0, slide: float = 0.0, harmonics: int = 12, seconds: float = 1.2, level: float = 0.2) -> AudioChunk:
    """A hum of syllables: every 200 ms the mouth closes."""
    at = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    f0 = hz * 2 ** (slide * (at / seconds - 0.5) / 12)
    phase = 2 * np.pi * np.cumsum(f0) / RATE_HZ
    hum = sum(np.sin(k * phase) / k for k in range(1, harmonics + 1))
    mouth = 0.55 - 0.45 * np.cos(2 * np.pi * 5 * at)
    return AudioChunk((level * hum * mouth / 2).astype(np.float32), RATE_HZ)


def test_figures_of_a_voice_that_is_known() -> None:
    low, high = expression(voice(hz=110)), expression(voice(hz=220))
    assert low
    assert high
    assert high.tone - low.tone == pytest.approx(12, abs=0.3)
    slid, steady = expression(voice(slide=8)), expression(voice())
    assert slid
    assert steady
    assert slid.span == pytest.approx(np.log2(0.8 * 8), abs=0.3)
    assert slid.rise > 2.5
    assert abs(steady.rise) < 0.5
    assert 2**steady.pace == pytest.approx(5, abs=0.6)
    quiet = expression(voice(level=0.02))
    assert quiet
    assert steady.loudness - quiet.loudness == pytest.approx(20, abs=0.5)
    dull = expression(voice(harmonics=4))
    assert dull
    assert steady.brightness > dull.brightness + 6


def test_a_whisper_has_no_voice_and_silence_no_expression() -> None:
    rng = np.random.default_rng(0)
    hiss = expression(AudioChunk((0.1 * rng.standard_normal(20_000)).astype(np.float32), RATE_HZ))
    assert hiss
    assert hiss.whispered
    hum = expression(voice())
    assert hum
    assert not hum.whispered
    assert expression(AudioChunk(np.zeros(8000, np.float32), RATE_HZ)) is None
    assert StyleJudge.of([voice()]).hear(AudioChunk(np.zeros(0, np.float32), RATE_HZ)) is None


def test_a_judge_must_know_the_voice() -> None:
    with pytest.raises(ValueError, match="no usual expression"):
        usual([])


def test_the_same_words_may_be_loud_or_soft_for_one_voice_and_plain_for_another() -> None:
    judge, louder = StyleJudge.of([voice(level=0.05)]), StyleJudge.of([voice(level=0.2)])
    assert judge.hear(voice(level=0.15)).manner == "loud"  # type: ignore[union-attr]
    assert louder.hear(voice(level=0.15)).manner is None  # type: ignore[union-attr]
    assert louder.hear(voice(level=0.05)).manner == "soft"  # type: ignore[union-attr]


@cache
def taught(text: str, style: Style) -> AudioChunk:
    return AudioChunk(answers.speak(text, style), answers.ANSWER_RATE_HZ)


@needs_flite
def test_emotions_are_told_apart_on_sentences_that_the_points_were_not_measured_on() -> None:
    assert not set(NEW) & set(SENTENCES)
    judge = StyleJudge.of([taught(text, Style()) for text in PLAIN])
    heard = {(text, name): judge.hear(taught(text, Style(emotion=name))) for text in NEW for name in emotions()}
    wrong = {key: it.emotion for key, it in heard.items() if it is None or it.emotion != key[1]}  # type: ignore[union-attr]
    assert len(wrong) <= 1, wrong


@needs_flite
def test_manners_are_told_apart() -> None:
    judge = StyleJudge.of([taught(text, Style()) for text in PLAIN])
    for manner in ("loud", "soft", "whisper"):
        heard = judge.hear(taught(NEW[0], Style(manner=manner)))
        assert heard is not None
        assert heard.manner == manner
    assert judge.hear(taught(NEW[0], Style())).manner is None  # type: ignore[union-attr]
    assert judge.hear(taught(NEW[0], Style(manner="whisper"))).emotion is None  # type: ignore[union-attr]
