"""The parts of `parley bench`: what is written down is what was on the cable, and never what was said."""

import json
import time
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from parley.bench.news import News, facts_of
from parley.bench.record import Spread
from parley.bench.soak import STEADY_S, Soak
from parley.bench.sound_server import PULSE_HZ
from parley.bench.speech import PAUSE_S, PAUSES_S, questions, speech_of
from parley.bench.stalls import Stalls
from parley.bench.tape import PLAYED, SAID, Tape
from parley.bench.turns import Interruption
from parley.cli.program import program
from parley.conversation import events as talk
from parley.conversation.turns import Segment, Turn
from parley_models.errors import DeviceError
from parley_models.style import Style
from tests.fakes.pulse import PulseServer

BLOCK_S = 0.01
TONE = (0.3 * np.sin(2 * np.pi * 440 * np.arange(PULSE_HZ // 2) / PULSE_HZ)).astype(np.float32)


def test_what_is_said_lies_on_the_tape_when_it_was_said_and_only_on_its_own_side() -> None:
    with PulseServer() as server, Tape(server) as tape:
        before = tape.place(time.monotonic())
        server.say(TONE)
        tape.wait_for(lambda: tape.last(SAID, before) is not None and tape.is_quiet(SAID, 0.2), 20, "it does not end")
        after = tape.place(time.monotonic())
        first, last = tape.first(SAID, before - BLOCK_S), tape.last(SAID, before)

        assert first is not None and last is not None
        assert before - BLOCK_S < first < last < after <= tape.now_s + 0.1  # the server lets it begin inside the block that is being made
        assert last - first > 0.49
        assert np.square(tape.sound(SAID, first)).sum() == pytest.approx(np.square(TONE).sum(), rel=0.05)  # also if a busy machine stutters
        assert tape.first(PLAYED, 0.0) is None

        tape.forget(tape.now_s)
        assert tape.first(SAID, before) is None


def test_a_tape_that_waits_in_vain_says_so() -> None:
    with PulseServer() as server, Tape(server) as tape, pytest.raises(DeviceError, match=r"^Nobody speaks\.$"):
        tape.wait_for(lambda: tape.first(SAID, 0.0) is not None, 0.1, "Nobody speaks")


def test_a_pause_is_silence_inside_a_sentence_and_nothing_else_changes() -> None:
    asked = {question.name: question for question in questions()}
    assert set(PAUSES_S) < set(asked)
    for name, at_s in PAUSES_S.items():
        plain, paused = asked[name].sound, asked[name].paused().sound
        at, gap = round(at_s * PULSE_HZ), round(PAUSE_S * PULSE_HZ)
        assert not paused[at : at + gap].any()
        assert np.array_equal(np.delete(paused, np.s_[at : at + gap])[: at - 500], plain[: at - 500])
        assert len(paused) == len(plain) + gap


def test_questions_begin_and_end_with_speech() -> None:
    quiet = np.zeros(PULSE_HZ, np.float32)
    assert len(speech_of(np.concatenate([quiet, TONE, quiet]))) == pytest.approx(len(TONE), abs=PULSE_HZ // 50)


def test_news_travel_whole_and_without_a_word_of_what_was_said() -> None:
    said = Turn(7, "assistant", text="secret", unheard="hidden", heard_as="heard", seconds=1.5, segments=(Segment("secret", Style()),))
    for event in (talk.Asked(replace(said, side="human")), talk.Answering(said, 6), talk.Spoke(said, cut_short=True)):
        told = facts_of(event)
        assert told is not None
        news = News(12.5, *told)
        assert News.of_line(news.line()) == news
        assert news.facts["turn"] == 7
        assert not {"secret", "hidden", "heard"} & set(json.dumps(news.line()).replace('"', " ").replace("\\", " ").split())
    assert facts_of(talk.Wrote(7, "secret", 0)) is None


def test_stalls_are_counted_by_their_lateness() -> None:
    stalls = Stalls.of({"driver_gaps": 3, "late_0": 970, "late_2": 15, "late_20": 14, "late_120": 1})

    assert stalls == Stalls(beats=1000, p99_ms=20, worst_ms=120, over_16_ms=15, over_100_ms=1)
    assert Stalls.of({}) == Stalls(0, 0, 0, 0, 0)


def test_a_spread_leaves_out_what_was_not_measured() -> None:
    assert Spread.of([None, 10.0, 20.0, 30.0]) == Spread(3, 20.0, 29.0, 30.0)
    assert Spread.of([None]) is None


def test_an_interruption_is_obeyed_from_the_engines_decision_on() -> None:
    assert Interruption("q", 100.0, 400.0, 460.0).obeyed_ms == 60.0
    assert Interruption("q", 100.0, 400.0, None).obeyed_ms is None


def test_growth_is_told_only_of_what_was_steady() -> None:
    def sample(at_s: float, mb: float) -> dict[str, object]:
        return {"at_s": at_s, "window": {"rss_kb": mb * 1024, "threads": 9, "files": 30}, "engine": None}

    growing_up = [sample(at, 100 + at) for at in range(0, int(STEADY_S), 10)]
    steady = [sample(STEADY_S + at, 300 + at / 360) for at in range(0, 3600, 10)]

    assert Soak(samples=growing_up).growth("window")["slope_share_an_hour"] is None
    growth = Soak(samples=[*growing_up, *steady]).growth("window")
    assert (growth["steady_mb"], growth["slope_mb_an_hour"]) == (300.0, 10.0)
    assert Soak(samples=steady).growth("engine") == {}


@pytest.mark.slow
def test_a_turn_of_each_kind_is_measured_through_the_window() -> None:
    done = CliRunner().invoke(program, ["bench", "turn", "--turns", "1", "--json"])
    record = json.loads(done.stdout)
    figures = record["figures"]

    assert done.exit_code == 0
    assert {"machine", "load", "calibration", "versions", "raw"} < set(record)
    assert 0 < figures["push_to_talk_ms"]["p50"] < 10_000
    assert 0 < figures["open_microphone_ms"]["p50"] < 10_000
    assert figures["ids_left_to_prefill"]["count"] == len(questions())
    assert figures["main_thread"]["beats"] > 1000
