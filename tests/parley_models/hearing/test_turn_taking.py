"""When a turn begins, pauses and ends: on scripted probabilities, and with the real detector on real questions."""

import importlib.resources
from pathlib import Path

import numpy as np
import pytest
import soxr

from parley.bench.sound_server import PULSE_HZ
from parley.bench.speech import PAUSES_S, questions
from parley_models.hearing.detector import FRAME, SileroDetector
from parley_models.hearing.listener import ListeningThread, Microphone
from parley_models.hearing.settings import HearingSettings
from parley_models.hearing.turn_taking import FRAME_MS, Began, Ended, News, Paused, Resumed, Sound, TurnTaking
from parley_models.pcm import Samples
from parley_models.sound_file import read_question

FRAMES_PER_S = 1000 // FRAME_MS


class Marked:
    """The sound itself says how likely it is speech."""

    def probability(self, frame: Samples) -> float:
        return float(frame[0])


def frames(*runs: tuple[float, int]) -> Samples:
    """Runs of (probability, milliseconds)."""
    return np.concatenate([np.full(round(ms / FRAME_MS) * FRAME, probability, np.float32) for probability, ms in runs])


def heard(taking: TurnTaking, sound: Samples, piece: int = 700) -> list[News]:
    return [news for at in range(0, len(sound), piece) for news in taking.feed(sound[at : at + piece])]


def of(news: list[News], kind: type) -> list[News]:
    return [each for each in news if isinstance(each, kind)]


def taking(*, manual: bool = False) -> TurnTaking:
    return TurnTaking(Marked(), HearingSettings(), manual=manual)


def test_a_turn_begins_with_its_preroll_and_ends_after_the_hang() -> None:
    news = heard(taking(), frames((0.0, 1000), (0.9, 992), (0.0, 1500)))
    (began,), (ended,) = of(news, Began), of(news, Ended)
    assert isinstance(began, Began)
    assert isinstance(ended, Ended)
    assert began.at / 16 == pytest.approx(1000 - 300, abs=FRAME_MS)
    assert ended.speech_end / 16 == pytest.approx(1992, abs=FRAME_MS)
    assert (ended.at - ended.speech_end) / 16 == pytest.approx(700, abs=FRAME_MS)
    sound = np.concatenate([each.samples for each in news if isinstance(each, Sound)])
    assert len(sound) == ended.at - began.at  # nothing lost, nothing twice
    assert not of(news, Resumed)


def test_a_click_is_no_turn() -> None:
    assert heard(taking(), frames((0.0, 500), (0.9, 64), (0.0, 500), (0.9, 64), (0.0, 500))) == []


def test_a_cough_does_not_interrupt_but_a_word_does() -> None:
    listening = taking()
    listening.answer_sounds = True
    assert heard(listening, frames((0.9, 256), (0.0, 500))) == []
    assert of(heard(listening, frames((0.9, 320))), Began)


def test_a_pause_is_told_once_and_so_is_its_end() -> None:
    news = heard(taking(), frames((0.9, 480), (0.0, 320), (0.9, 480), (0.0, 1500)))
    assert [type(each) for each in news if not isinstance(each, Sound)] == [Began, Paused, Resumed, Paused, Ended]
    pauses = [each for each in news if isinstance(each, Paused)]
    assert [(pause.at - pause.speech_end) / 16 for pause in pauses] == pytest.approx([64, 64], abs=FRAME_MS)
    quiet = [each for each in news if isinstance(each, Sound) and each.quiet]
    assert all(not each.samples.any() for each in quiet)


@pytest.mark.parametrize(("complete", "silence_ms"), [(0.99, 190), (0.96, 190), (0.92, 700), (0.6, 700), (0.3, 1000), (None, 700)])
def test_what_the_model_makes_of_it_decides_how_long_to_wait(complete: float | None, silence_ms: int) -> None:
    listening = taking()
    heard(listening, frames((0.9, 480), (0.0, 128)))
    listening.judged = (listening.now, complete)
    (ended,) = of(heard(listening, frames((0.0, 2000))), Ended)
    assert isinstance(ended, Ended)
    assert (ended.at - ended.speech_end) / 16 == pytest.approx(silence_ms, abs=FRAME_MS)


def test_a_judgement_of_what_came_before_more_speech_does_not_count() -> None:
    listening = taking()
    heard(listening, frames((0.9, 480), (0.0, 128)))
    listening.judged = (listening.now, 0.99)
    (ended,) = of(heard(listening, frames((0.9, 320), (0.0, 2000))), Ended)
    assert isinstance(ended, Ended)
    assert (ended.at - ended.speech_end) / 16 == pytest.approx(700, abs=FRAME_MS)


def test_by_hand_everything_is_heard_until_the_cut() -> None:
    listening = taking(manual=True)
    sound = frames((0.0, 640), (0.9, 640), (0.0, 3000), (0.9, 320))[:-100]
    news = [*heard(listening, sound), *listening.cut()]
    assert np.array_equal(np.concatenate([each.samples for each in news if isinstance(each, Sound)]), sound)
    assert [type(each) for each in news if not isinstance(each, Sound)] == [Paused, Resumed]
    assert len(of(heard(listening, frames((0.9, 640))), Sound)) == 20  # the next turn


@pytest.mark.parametrize("name", sorted(PAUSES_S))
def test_looking_for_a_word_is_no_end_unless_the_model_is_nearly_sure(name: str) -> None:
    """0.6 s without a word, with the real detector, which hears the end of a sound late and the beginning of the next one late, too."""
    paused = next(each for each in questions() if each.name == name).paused()
    sound = np.concatenate(
        [np.zeros(8_000, np.float32), soxr.resample(paused.sound, PULSE_HZ, 16_000).astype(np.float32), np.zeros(16_000)]
    )
    listening = TurnTaking(SileroDetector(), HearingSettings(), manual=False)
    news: list[News] = []
    for at in range(0, len(sound), FRAME):
        news += listening.feed(sound[at : at + FRAME].astype(np.float32))
        listening.judged = (listening.now, HearingSettings().whole_probability - 0.01)
    assert len(of(news, Began)) == len(of(news, Ended)) == 1


def question(name: str) -> Samples:
    path = Path(str(importlib.resources.files("parley_assets"))) / "questions" / name
    return read_question(path).samples


@pytest.mark.parametrize("name", ["1-hello.wav", "2-capital.wav", "3-sum.wav", "4-day.wav", "5-legs.wav", "6-opposite.wav"])
def test_real_questions_are_one_turn_each(name: str) -> None:
    quiet = (0.0005 * np.random.default_rng(1).standard_normal(16_000)).astype(np.float32)
    sound = np.concatenate([quiet, question(name), quiet, quiet])
    microphone = Microphone(TurnTaking(SileroDetector(), HearingSettings(), manual=False), 16_000)
    news = [
        each for at in range(0, len(sound), 1_600) for each in microphone.hear((sound[at : at + 1_600] * 32767).astype("<i2").tobytes())
    ]
    (began,), (ended,) = of(news, Began), of(news, Ended)
    assert isinstance(began, Began)
    assert isinstance(ended, Ended)
    loud = np.flatnonzero(np.abs(sound) > 0.02)
    assert began.at <= loud[0]
    assert abs(ended.speech_end - loud[-1]) < 0.3 * 16_000


def test_noise_and_music_are_no_turn() -> None:
    rng = np.random.default_rng(2)
    at = np.arange(3 * 16_000) / 16_000
    hiss = 0.05 * rng.standard_normal(len(at))
    chord = 0.1 * np.sin(2 * np.pi * np.outer((262, 330, 392), at)).sum(axis=0)
    for sound in (hiss, chord):
        listening = TurnTaking(SileroDetector(), HearingSettings(), manual=False)
        assert heard(listening, sound.astype(np.float32)) == []


def test_the_thread_keeps_order_and_tells_of_trouble() -> None:
    told: list[object] = []
    thread = ListeningThread()
    broken = ZeroDivisionError("broken")

    def fail() -> list[News]:
        raise broken

    thread.submit(lambda: [Resumed()], told.append)
    thread.submit(fail, told.append)
    thread.submit(list, told.append)
    thread.close()
    assert told == [[Resumed()], broken, []]
