"""The small parts: the ring, the resampler, the gate's promises, and a desk that breaks."""

import logging
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.audio.desk import AudioDesk
from parley.audio.events import AudioCrashed, AudioEvent
from parley.audio.resampler import Resampler
from parley.audio.ring import Ring
from parley.audio.settings import AudioSettings
from parley.audio.speaker import SpeakerFeed
from parley_models.pcm import Samples
from tests.fakes.room import Acoustics, Room
from tests.fakes.sitting import Sitting
from tests.parley.audio.conftest import steepest, tone


@given(st.lists(st.tuples(st.integers(0, 70), st.integers(0, 70)), max_size=40))
def test_a_ring_gives_back_what_was_written_in_order(steps: list[tuple[int, int]]) -> None:
    ring, written, read = Ring(64), 0, 0
    for write, take in steps:
        fits = min(write, 64 - (written - read))
        assert ring.write(np.arange(written, written + write, dtype=np.float32)) == fits
        written += fits
        taken = ring.take(take)
        assert taken.tolist() == list(range(read, read + min(take, written - read)))
        read += len(taken)
        assert (ring.available, ring.room) == (written - read, 64 - written + read)


@pytest.mark.parametrize(("from_hz", "to_hz"), [(48_000, 24_000), (44_100, 24_000), (24_000, 48_000), (24_000, 16_000), (24_000, 24_000)])
def test_resampling_is_steady_and_clean(from_hz: int, to_hz: int) -> None:
    sound = np.sin(2 * np.pi * 1_000 * np.arange(from_hz) / from_hz).astype(np.float32)
    resampler = Resampler(from_hz, to_hz)
    pieces = [resampler.feed(sound[at : at + from_hz // 100]) for at in range(0, from_hz, from_hz // 100)]

    assert {len(piece) for piece in pieces[4:]} == {to_hz // 100}  # nothing is hoarded
    assert 0 < resampler.held_s < 0.02
    after = np.concatenate(pieces)[to_hz // 4 : to_hz * 3 // 4]
    phases = 2 * np.pi * 1_000 * np.arange(len(after)) / to_hz
    basis = np.stack([np.sin(phases), np.cos(phases)], axis=1)
    fit = basis @ np.linalg.lstsq(basis, after, rcond=None)[0]
    assert 20 * np.log10(np.abs(fit).max() / np.abs(after - fit).max()) > 80


@pytest.mark.parametrize("from_hz", [24_000, 32_000, 44_100, 48_000, 96_000])
def test_a_clock_that_is_followed_back_and_forth_makes_no_jumps(from_hz: int) -> None:
    sound = np.sin(2 * np.pi * 1_000 * np.arange(2 * from_hz) / from_hz).astype(np.float32)
    resampler, pieces = Resampler(from_hz, 24_000), []
    for at in range(0, len(sound), from_hz // 50):
        resampler.trim(1 + 4e-4 * np.sin(at / from_hz * 10))
        pieces.append(resampler.feed(sound[at : at + from_hz // 50]))

    assert {len(piece) for piece in pieces[4:]} <= {479, 480, 481}
    after, turn = np.concatenate(pieces)[2_400:], 2 * np.cos(2 * np.pi * 1_000 / 24_000)
    assert np.abs(after[2:] - turn * after[1:-1] + after[:-2]).max() < 1e-3  # what no tone near 1 kHz explains


@pytest.mark.parametrize("block", [64, 240, 480])
def test_a_speaker_fades_whatever_the_size_of_its_blocks(block: int) -> None:
    feed, out = SpeakerFeed(24_000), []
    feed.push(tone(0.1))
    for count in range(200):
        samples = np.full(block, np.nan, np.float32)
        if count == 100:
            feed.push(tone(0.1))
        feed.fill(samples, count * block / 24_000, 0.02)
        out.append(samples)

    assert steepest(np.concatenate(out)) < 1.1 * steepest(tone(0.1))


def test_a_listener_that_breaks_is_logged_and_told_and_the_desk_still_closes(caplog: pytest.LogCaptureFixture) -> None:
    told: list[AudioEvent] = []

    def listener(event: AudioEvent) -> None:
        told.append(event)
        if not isinstance(event, AudioCrashed):
            raise ZeroDivisionError

    room = Room()
    desk = AudioDesk(AudioSettings(), listener, room)
    desk.open_microphone()
    desk.start()
    room.release()
    give_up = time.monotonic() + 20
    while not any(isinstance(event, AudioCrashed) for event in told):
        assert time.monotonic() < give_up
        time.sleep(0.01)
    desk.close()

    assert "ZeroDivisionError" in caplog.text
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert room.streams == set()


def test_it_takes_less_than_a_twentieth_of_a_core(answers: list[Samples], monkeypatch: pytest.MonkeyPatch) -> None:
    """All that the desk computes, callbacks included, while it plays and listens; the best of three stretches, as others work here too."""
    spent = [0.0]

    def timed(owner: type, name: str) -> None:
        work = getattr(owner, name)

        def measured(*arguments: object) -> None:
            begin = time.thread_time()
            work(*arguments)
            spent[0] += time.thread_time() - begin

        monkeypatch.setattr(owner, name, measured)

    timed(AudioDesk, "_step")
    timed(SpeakerFeed, "fill")
    shares = []
    with Sitting(Room(Acoustics(drift_ppm=50), keep=False)) as sitting:
        sitting.desk.open_microphone()
        sitting.room.run(0.5)
        for turn in range(3):
            spent[0], begin = 0.0, sitting.room.now()
            sitting.room.run(sitting.answer(turn, answers[turn + 1]) + 0.2)
            shares.append(spent[0] / (sitting.room.now() - begin))

    assert min(shares) < 0.05
