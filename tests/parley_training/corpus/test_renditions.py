"""Every style is really another sound, by measures that know nothing of how it was made; and so is every tone that a question needs."""

import random
import shutil
from functools import cache
from itertools import combinations

import numpy as np
import pytest

from parley_models.evaluation.fundamental import at_rate, f0_track
from parley_models.evaluation.measures import Measured, Measures
from parley_models.pcm import AudioChunk
from parley_models.style import Style
from parley_training.corpus import answers, asking
from parley_training.corpus.exchange import Tone
from parley_training.corpus.renditions import EMOTIONS, MANNERS, rendition
from parley_training.corpus.speech import RATE_HZ, Speaker
from parley_training.corpus.wide.chinese import chinese
from parley_training.corpus.wide.scene import Derived
from parley_training.corpus.wide.styles import STYLES

pytestmark = pytest.mark.skipif(not (shutil.which("flite") and shutil.which("espeak-ng")), reason="flite and espeak-ng are not installed")
WORDS = "Paris is the capital of France."
PLAIN = Style()


@cache
def spoken(style: Style, voice: str = answers.FIRST) -> AudioChunk:
    return AudioChunk(answers.speak(WORDS, style, voice), answers.ANSWER_RATE_HZ)


@cache
def measured(style: Style, voice: str = answers.FIRST) -> Measured:
    return Measures().measure(spoken(style, voice))


def tones(here: Measured, there: Measured) -> float:
    assert here.median_f0_hz
    assert there.median_f0_hz
    return float(12 * np.log2(here.median_f0_hz / there.median_f0_hz))


def figures(style: Style) -> np.ndarray:
    """Pitch in 1.5 semitones, range in 2, pace in 10 %, loudness in 2 dB: about what a listener tells apart in a sentence."""
    it = measured(style)
    assert it.f0_range_semitones is not None
    assert it.loudness_dbfs is not None
    return np.array([tones(it, measured(PLAIN)) / 1.5, it.f0_range_semitones / 2, np.log(it.span_s) / 0.1, it.loudness_dbfs / 2])


def test_any_two_emotions_can_be_told_apart() -> None:
    emotions = [name for name in EMOTIONS if name != "neutral"]
    told = {name: figures(Style(emotion=name)) for name in emotions} | {"plain": figures(PLAIN)}
    for one, two in combinations(told, 2):
        assert np.linalg.norm(told[one] - told[two]) > 1.8, (one, two)


def test_emotions_go_where_acted_speech_goes() -> None:
    plain, happy, sad, angry, fearful = (measured(Style(emotion=name)) for name in ("neutral", "happy", "sad", "angry", "fearful"))
    assert tones(happy, plain) > 1.5
    assert tones(sad, plain) < -1.5
    assert happy.f0_range_semitones > 1.4 * plain.f0_range_semitones > 1.4 * 1.4 * sad.f0_range_semitones  # type: ignore[operator]
    assert fearful.span_s < happy.span_s < plain.span_s < sad.span_s
    assert angry.loudness_dbfs > plain.loudness_dbfs + 3 > sad.loudness_dbfs + 6  # type: ignore[operator]


def test_a_neutral_emotion_is_the_plain_voice() -> None:
    assert np.array_equal(spoken(Style(emotion="neutral")).samples, spoken(PLAIN).samples)


def test_loud_is_louder_than_plain_than_soft_and_a_whisper_has_no_voice() -> None:
    loud, soft, whisper = (measured(Style(manner=name)) for name in ("loud", "soft", "whisper"))
    plain = measured(PLAIN)
    assert loud.loudness_dbfs > plain.loudness_dbfs + 4 > soft.loudness_dbfs + 10  # type: ignore[operator]
    assert np.abs(spoken(Style(manner="loud")).samples).max() < 1.0
    assert whisper.median_f0_hz is None
    assert whisper.span_s == pytest.approx(plain.span_s / 0.95, rel=0.08)


def test_rate_and_pitch_are_what_was_asked_for() -> None:
    plain = measured(PLAIN)
    assert plain.span_s / measured(Style(rate=1.4)).span_s == pytest.approx(1.4, rel=0.08)
    assert tones(measured(Style(pitch=4.0)), plain) == pytest.approx(4.0, abs=0.7)


def test_every_style_that_the_world_asks_for_can_be_spoken() -> None:
    assert all(rendition(named.style) for named in STYLES.values())
    assert {named.style.manner for named in STYLES.values()} - {None} == MANNERS.keys()


@pytest.mark.parametrize("style", [PLAIN, Style(emotion="happy")])
def test_the_second_voice_speaks_on_the_first_ones_time_and_melody(style: Style) -> None:
    first, second = spoken(style), spoken(style, answers.SECOND)
    assert len(first.samples) == len(second.samples)
    melodies = [f0_track(at_rate(each)) for each in (first, second)]
    both = (melodies[0] > 0) & (melodies[1] > 0)
    assert np.median(12 * np.log2(melodies[1][both] / melodies[0][both])) == pytest.approx(-answers.SECOND_BELOW, abs=0.5)
    here, there = (np.sqrt(np.convolve(each.samples**2, np.ones(480), "same"))[::240] for each in (first, second))
    alike = {shift: np.corrcoef(here, np.roll(there, shift))[0, 1] for shift in (-8, 0, 8)}  # 80 ms early and late
    assert alike[0] > 0.6
    assert alike[0] > max(alike[-8], alike[8]) + 0.15  # the same sounds at the same moments


def test_the_second_voice_is_another_person() -> None:
    """Mel cepstra of the same moments: further apart than the first voice is from itself in another style."""
    cepstra = {key: cepstrum(spoken(*key)) for key in ((PLAIN, "slt"), (PLAIN, "rms"), (Style(pitch=4.0), "slt"))}
    distance = {key: np.linalg.norm(cepstra[key] - cepstra[PLAIN, "slt"], axis=1).mean() for key in cepstra}
    assert distance[PLAIN, "rms"] > 1.3 * distance[Style(pitch=4.0), "slt"]


def cepstrum(sound: AudioChunk) -> np.ndarray:
    """Twelve cepstral coefficients of the spectral envelope, every 20 ms, where it is loud."""
    windows = np.lib.stride_tricks.sliding_window_view(sound.samples, 960)[::480] * np.hanning(960)
    spectrum = np.log(np.abs(np.fft.rfft(windows, axis=1)) + 1e-4)
    loud = windows.std(axis=1) > 0.0
    return np.fft.irfft(np.where(loud[:, None], spectrum, 0), axis=1)[:, 1:13]


def test_the_second_voice_speaks_english_only() -> None:
    with pytest.raises(ValueError, match="English only"):
        answers.speak("ni3 hao3", Style(dialect="mandarin"), answers.SECOND)


def test_chinese_comes_in_the_first_voices_pitch() -> None:
    """Of eight phrases together: espeak-ng lets the pitch flutter on from phrase to phrase, and the median of five tones jumps with it."""
    text = "zou2 san4, nei5 hou2. do1 ze6 saai3, m4 goi1 nei5."
    said = np.concatenate([answers.speak(text, Style(dialect="cantonese")) for _ in range(4)])
    found = Measures().measure(AudioChunk(said, answers.ANSWER_RATE_HZ))
    assert found.median_f0_hz == pytest.approx(answers.FIRST_HZ, rel=0.08)


MEN = (Speaker("flite", "rms"), Speaker("espeak", "gmw/en-US+m3"))
WOMEN = (Speaker("flite", "slt"), Speaker("espeak", "gmw/en-US+f2"))


def asked(tone: Tone | None, speaker: Speaker) -> tuple[Measured, asking.Asked]:
    it = asking.ask(WORDS, tone, lambda _: speaker, random.Random(3))
    return Measures().measure(AudioChunk(it.utterance.samples, RATE_HZ)), it


@pytest.mark.parametrize("speaker", [MEN[0], WOMEN[1]])
def test_high_and_low_voices_are_what_anybody_would_call_so(speaker: Speaker) -> None:
    high, low = (asked(Tone(pitch=which), speaker)[0].median_f0_hz for which in ("high", "low"))
    assert high
    assert low
    assert high > 220
    assert low < 120


@pytest.mark.parametrize("speaker", [WOMEN[0], MEN[1]])
def test_fast_and_slow_questions(speaker: Speaker) -> None:
    usual, fast, slow = (asked(tone, speaker)[0].span_s for tone in (None, Tone(pace="fast"), Tone(pace="slow")))
    assert usual / fast > 1.35
    assert usual / slow < 0.72


def test_loud_and_quiet_questions_keep_their_level_in_any_microphone() -> None:
    rng = np.random.default_rng(0)
    peaks = {}
    for which in ("loud", "quiet"):
        _, it = asked(Tone(loudness=which), WOMEN[0])
        peaks[which] = [20 * np.log10(np.abs(asking.heard(it, it.utterance.samples, rng, test=False)).max()) for _ in range(10)]
    assert min(peaks["loud"]) > max(peaks["quiet"]) + 10


def test_a_whispered_question_has_no_voice_and_a_question_about_whispering_that_is_not_one_has() -> None:
    assert asked(Tone(whispered=True), WOMEN[0])[0].median_f0_hz is None
    _, it = asked(Tone(whispered=False), MEN[1])
    assert "whisper" not in it.speaker.voice
    whisperer, voiced = Speaker("espeak", "gmw/en-US+whisper"), MEN[1]
    drawn = iter((whisperer, voiced))
    assert asking.ask("Hi.", Tone(whispered=False), lambda _: next(drawn), random.Random(0)).speaker.voice == voiced.voice


def test_moods_of_questions_are_told_apart() -> None:
    plain, happy, sad, angry = (asked(Tone(mood=mood), WOMEN[0])[0] for mood in ("neutral", "happy", "sad", "angry"))
    assert tones(happy, plain) > 1.5 > -1.0 > tones(sad, plain)
    assert sad.span_s > 1.15 * plain.span_s > 1.15 * angry.span_s
    assert angry.f0_range_semitones > 1.2 * sad.f0_range_semitones  # type: ignore[operator]


@pytest.mark.parametrize("language", ["cmn", "yue"])
def test_chinese_questions_time_every_character(language: str) -> None:
    rng = random.Random(1)
    writers = [writer for (_, spoken_in), writer in chinese.items() if spoken_in == language]
    for writer in (each for each in writers if isinstance(each, Derived)):
        exchange = writer.write(rng)
        it = asking.ask(exchange.question_sound, None, lambda _: WOMEN[1], rng, language)
        characters = [mark for mark in exchange.question if mark.isalnum()]
        assert len(it.utterance.syllables) == len(characters), exchange.question
        assert sorted(it.utterance.syllables) == it.utterance.syllables
        assert it.utterance.labels().any()  # phones of some kind
