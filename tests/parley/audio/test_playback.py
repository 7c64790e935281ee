"""What the user hears of an answer, and what the desk says was heard."""

import numpy as np
import pytest

from parley.audio.desk import DESK_HZ
from parley.audio.events import NoSpeaker, PlaybackBegan, PlaybackEnded, Underrun
from parley.audio.settings import AudioSettings
from parley_models.pcm import AudioChunk
from tests.fakes.room import OUTPUT_LATENCY_S, Room
from tests.fakes.sitting import Sitting
from tests.parley.audio.conftest import steepest, tone

STEEPEST = steepest(tone(0.1)) * 1.05
"""What a tone of 220 Hz has anyhow. A click is an order of magnitude steeper."""


def test_an_answer_comes_out_whole() -> None:
    with Sitting() as sitting:
        sound = tone(1.5)
        sitting.answer(1, sound)
        sitting.room.run(2.0)
        heard = sitting.loudspeaker()

    began = int(np.flatnonzero(heard)[0])
    inside = slice(int(0.01 * DESK_HZ), len(sound))
    assert np.abs(heard[began:][inside] - sound[inside]).max() < 0.05  # a sample or so of delay
    assert steepest(heard) < STEEPEST
    assert sitting.all_of(PlaybackEnded) == [PlaybackEnded(1, 1.5, complete=True)]
    assert sitting.all_of(Underrun) == []


@pytest.mark.parametrize(("first_s", "wait_s"), [(0.36, 0.01), (0.1, 0.07)])
def test_it_begins_at_once_with_what_voices_make_and_60_ms_after_a_short_first_chunk(first_s: float, wait_s: float) -> None:
    with Sitting() as sitting:
        asked = sitting.room.now()
        sitting.desk.play(1, AudioChunk(tone(first_s), DESK_HZ))
        sitting.room.run(0.15)
        sounding = [at for at, block in sitting.room.played if np.abs(block).max() > 0]

        assert sounding[0] - OUTPUT_LATENCY_S - asked == pytest.approx(wait_s, abs=0.015)
        assert sitting.times_of(PlaybackBegan)[0] == pytest.approx(sounding[0], abs=0.025)


def test_nobody_waits_for_the_silence_before_the_first_word() -> None:
    """It is left out, and still counts as heard: what was heard of an answer is told in its own time."""
    breath = np.zeros(int(0.08 * DESK_HZ), np.float32)
    with Sitting() as sitting:
        asked = sitting.room.now()
        sitting.answer(1, np.concatenate([breath, tone(1.0)]))
        sitting.room.run(0.3)
        sounding = [at for at, block in sitting.room.played if np.abs(block).max() > 0]
        assert sounding[0] - OUTPUT_LATENCY_S - asked == pytest.approx(0.02, abs=0.015)
        assert sitting.desk.played_s(1) == pytest.approx(sitting.room.now() - sounding[0] + 0.08, abs=0.025)
        sitting.room.run(1.2)

    assert sitting.all_of(PlaybackEnded) == [PlaybackEnded(1, 1.08, complete=True)]
    assert len(np.trim_zeros(sitting.loudspeaker())) == pytest.approx(DESK_HZ, abs=0.02 * DESK_HZ)


def test_silence_inside_an_answer_is_kept() -> None:
    pause = np.zeros(int(0.5 * DESK_HZ), np.float32)
    with Sitting() as sitting:
        for part in (tone(0.3), pause, tone(0.3)):
            sitting.desk.play(1, AudioChunk(part, DESK_HZ))
        sitting.desk.finish(1)
        sitting.room.run(1.5)

    assert sitting.all_of(PlaybackEnded)[0].heard_s == pytest.approx(1.1, abs=1e-4)
    assert len(np.trim_zeros(sitting.loudspeaker())) == pytest.approx(1.1 * DESK_HZ, abs=0.02 * DESK_HZ)


@pytest.mark.parametrize("rate_hz", [16_000, 22_050, 24_000, 48_000])
def test_any_rate_keeps_its_length_and_pitch(rate_hz: int) -> None:
    sound = (0.4 * np.sin(2 * np.pi * 300 * np.arange(rate_hz) / rate_hz)).astype(np.float32)
    with Sitting() as sitting:
        sitting.desk.play(1, AudioChunk(sound, rate_hz))
        sitting.desk.finish(1)
        sitting.room.run(1.5)
        heard = np.trim_zeros(sitting.loudspeaker())

    assert sitting.all_of(PlaybackEnded)[0].heard_s == pytest.approx(1.0, abs=1e-4)
    spectrum = np.abs(np.fft.rfft(heard[:DESK_HZ] * np.hanning(len(heard[:DESK_HZ]))))
    assert np.argmax(spectrum) * DESK_HZ / len(heard[:DESK_HZ]) == pytest.approx(300, abs=1.5)


def test_played_seconds_follow_the_loudspeaker() -> None:
    with Sitting() as sitting:
        sitting.answer(1, tone(3.0))
        sitting.room.run(0.2)
        errors = []
        for _ in range(25):
            sitting.room.run(0.0537)
            now = sitting.room.now()
            out = sum(float(np.clip((now - at) * DESK_HZ, 0, len(block))) for at, block in sitting.room.played if np.abs(block).max() > 0)
            errors.append(sitting.desk.played_s(1) - out / DESK_HZ)

        assert np.abs(errors).max() < 0.02
        assert sitting.desk.queued_s(1) + sitting.desk.played_s(1) == pytest.approx(3.0, abs=0.001)


def test_stop_silences_within_100_ms_and_tells_what_was_heard() -> None:
    with Sitting() as sitting:
        sitting.answer(1, tone(3.0))
        sitting.room.run(1.0)
        asked = sitting.room.now()
        heard_s = sitting.desk.stop(1)
        accepted = sitting.desk.play(1, AudioChunk(tone(1.0), DESK_HZ))
        sitting.room.run(1.0)
        sounding = [at for at, block in sitting.room.played if np.abs(block).max() > 1e-3]
        out_s = len(np.trim_zeros(sitting.loudspeaker())) / DESK_HZ

    assert not accepted
    assert sounding[-1] + 0.01 - asked < 0.1
    assert heard_s == pytest.approx(out_s, abs=0.02)
    (ended,) = sitting.all_of(PlaybackEnded)
    assert (ended.turn, ended.complete) == (1, False)
    assert ended.heard_s == pytest.approx(heard_s, abs=0.011)
    assert sitting.desk.played_s(1) == ended.heard_s
    assert steepest(sitting.loudspeaker()) < STEEPEST


def test_after_a_stop_the_next_turn_sounds_and_nothing_of_the_first() -> None:
    with Sitting() as sitting:
        sitting.answer(1, tone(3.0, 220))
        sitting.room.run(0.5)
        sitting.desk.stop(1)
        stopped = sitting.room.now()
        sitting.answer(2, tone(0.5, 1000))
        sitting.room.run(1.0)
        later = sitting.loudspeaker(begin=stopped + 0.05)

    spectrum = np.abs(np.fft.rfft(later))
    assert spectrum[int(220 * len(later) / DESK_HZ)] < 0.01 * spectrum.max()
    assert [event.turn for event in sitting.all_of(PlaybackEnded)] == [1, 2]


def test_turns_wait_for_each_other() -> None:
    with Sitting() as sitting:
        for turn in (1, 2, 3):
            sitting.answer(turn, tone(0.3))
        sitting.desk.stop(2)
        sitting.room.run(1.2)

    assert sitting.all_of(PlaybackBegan) == [PlaybackBegan(1), PlaybackBegan(3)]
    assert sitting.all_of(PlaybackEnded)[0] == PlaybackEnded(2, 0.0, complete=False)
    assert [event.heard_s for event in sitting.all_of(PlaybackEnded)[1:]] == [0.3, 0.3]


def test_a_late_chunk_makes_a_gap_but_no_click() -> None:
    with Sitting() as sitting:
        sound = tone(1.0)
        sitting.desk.play(1, AudioChunk(sound[:9_113], DESK_HZ))
        sitting.room.run(0.8)
        sitting.desk.play(1, AudioChunk(sound[9_113:], DESK_HZ))
        sitting.desk.finish(1)
        sitting.room.run(1.2)
        heard = sitting.loudspeaker()

    (underrun,) = sitting.all_of(Underrun)
    assert underrun.at_s == pytest.approx(9_113 / DESK_HZ, abs=0.04)
    assert steepest(heard) < STEEPEST
    (ended,) = sitting.all_of(PlaybackEnded)
    assert ended.complete
    assert ended.heard_s == pytest.approx(1.0, abs=1e-4)


def test_ducking_is_quick_and_coming_back_is_soft() -> None:
    with Sitting() as sitting:
        sitting.answer(1, tone(3.0))
        sitting.room.run(0.5)
        ducked = sitting.room.now()
        sitting.desk.duck()
        sitting.room.run(0.5)
        raised = sitting.room.now()
        sitting.desk.unduck()
        sitting.room.run(2.5)
        quiet = sitting.loudspeaker(ducked + OUTPUT_LATENCY_S + 0.025, raised)
        loud = sitting.loudspeaker(raised + OUTPUT_LATENCY_S + 0.2)
        heard = sitting.loudspeaker()

    assert np.abs(quiet).max() == pytest.approx(0.4 * 10 ** (-15 / 20), rel=0.05)
    assert np.abs(loud).max() == pytest.approx(0.4, rel=0.05)
    assert steepest(heard) < STEEPEST


def test_the_test_tone_is_a_turn_of_its_own() -> None:
    with Sitting(settings=AudioSettings(output_gain_db=-6)) as sitting:
        turn = sitting.desk.test_tone()
        sitting.room.run(0.3)
        level = sitting.desk.output_level
        sitting.room.run(0.9)
        heard = sitting.loudspeaker()

    assert turn < 0
    (ended,) = sitting.all_of(PlaybackEnded)
    assert ended.turn == turn
    assert ended.heard_s == pytest.approx(0.7, abs=1e-3)
    assert 0.02 < np.abs(heard).max() < 0.25 / 2
    assert level > 0.3


def test_without_a_speaker_an_answer_ends_unheard() -> None:
    with Sitting(Room(there=[])) as sitting:
        sitting.answer(1, tone(0.5))
        sitting.room.run(3.0)

    (trouble,) = sitting.all_of(NoSpeaker)
    assert "You can still read the answers." in trouble.text
    assert sitting.all_of(PlaybackEnded) == [PlaybackEnded(1, 0.0, complete=False)]
