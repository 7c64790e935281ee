"""The melody in an answer's codes: what is moved, what stays, and where a phrase begins."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from parley_models.prosody import PLAIN, Prosody
from parley_models.tokens import Codes
from parley_models.vocoders.config import VoiceConfig
from parley_models.vocoders.melody import CLIMB_S, Melody
from parley_models.vocoders.pitch import shift_pitch

CONFIG = VoiceConfig()
MIDDLE, STEP, DETAILS = round(CONFIG.pitch_middle), CONFIG.pitch_step_semitones, CONFIG.pitch_details
UNVOICED = 0
REST = CONFIG.pitch_levels + 1
"""Codes above the voiced ones, of which there are 16."""


def codes_of(levels: list[int]) -> Codes:
    """Groups with these F0 levels, three a group; details and linguistic codes are any."""
    random = np.random.default_rng(len(levels))
    details = random.integers(0, 16, len(levels))
    semantic = (np.array(levels) * DETAILS + details).reshape(-1, 3)
    return np.concatenate([random.integers(0, 1024, (len(semantic), 2)), semantic], axis=1).astype(np.uint16)


def levels_of(codes: Codes) -> npt.NDArray[np.int64]:
    return codes[:, 2:].reshape(-1).astype(np.int64) // DETAILS


def performed(levels: list[int], prosody: Prosody, semitones: float = 0.0) -> list[int]:
    return list(levels_of(Melody(prosody, semitones, CONFIG).feed(codes_of(levels))))


def test_a_flat_melody_lies_in_the_middle() -> None:
    assert performed([3, MIDDLE, 40, 1, 47, 20], Prosody(span=0.0)) == [MIDDLE] * 6
    assert performed([3, MIDDLE, 40, 1, 47, 20], Prosody(span=0.0, pitch=-3.0)) == [MIDDLE - round(3 / STEP)] * 6


def test_a_wide_melody_goes_twice_as_far_and_stays_within_the_levels() -> None:
    assert performed([MIDDLE - 4, MIDDLE, MIDDLE + 5, 2, 47, MIDDLE + 1], Prosody(span=2.0)) == [13, 21, 31, 1, 47, 23]


def test_only_the_level_of_voiced_codes_is_changed() -> None:
    levels = [UNVOICED, 10, 30, REST, UNVOICED, 40, 12, REST, 25]
    codes = codes_of(levels)
    before = codes.copy()
    changed = Melody(Prosody(pitch=3.0, span=1.7, climb=4.0, tremor=1.0), 0.0, CONFIG).feed(codes)

    assert np.array_equal(codes, before)  # who fed them keeps them as they were
    assert np.array_equal(changed[:, :2], codes[:, :2])
    assert np.array_equal(changed[:, 2:] % DETAILS, codes[:, 2:] % DETAILS)
    still = np.isin(levels, (UNVOICED, REST))
    assert np.array_equal(levels_of(changed)[still], np.array(levels)[still])
    assert (levels_of(changed)[~still] != np.array(levels)[~still]).all()


def test_without_a_melody_of_its_own_codes_stay() -> None:
    codes = codes_of([5, 10, 20])
    assert Melody(PLAIN, 0.0, CONFIG).feed(codes) is codes
    assert Melody(Prosody(rate=0.7, level_db=3.0, tilt_db=2.0, whispered=True), 0.0, CONFIG).feed(codes) is codes


def test_a_voices_own_pitch_adds_to_the_one_asked_for() -> None:
    assert performed([20, 20, 20], Prosody(pitch=6.0), semitones=-3.0) == [20 + round(3 / STEP)] * 3


@pytest.mark.parametrize("semitones", [1.125, 3.0, -1.875, -0.375, 0.375])
def test_a_pitch_keeps_every_interval_also_where_it_lies_between_two_levels(semitones: float) -> None:
    levels = list(range(20, 32))
    found = performed(levels, Prosody(pitch=semitones))

    assert set(np.diff(found)) == {1}
    assert found == list(levels_of(shift_pitch(codes_of(levels), semitones, CONFIG)))


def test_a_lower_voice_says_codes_that_hold_no_pitch_as_they_are() -> None:
    codes = codes_of([5, 10, 20])
    assert Melody(PLAIN, -9.0, replace(CONFIG, pitch_details=0)).feed(codes) is codes


def test_a_melody_climbs_within_a_phrase_and_anew_after_a_pause() -> None:
    ramp = round(CLIMB_S * 25) + 1
    phrase, pause = [MIDDLE] * 81, [UNVOICED] * 6
    found = performed([*pause, *phrase, *pause, *phrase], Prosody(climb=6.0))
    first, second = found[6:87], found[93:]

    assert first == second
    assert first == sorted(first)
    assert first[0] <= MIDDLE + 1
    assert set(first[ramp:]) == {MIDDLE + round(6 / STEP)}
    assert len(set(first[:ramp])) > 5
    assert performed(phrase, Prosody(climb=-6.0))[-1] == MIDDLE - round(6 / STEP)


def test_a_consonant_begins_no_phrase() -> None:
    found = performed([*[MIDDLE] * 72, *[UNVOICED] * 3, *[MIDDLE] * 3], Prosody(climb=6.0))
    assert found[-3:] == [MIDDLE + round(6 / STEP)] * 3


@pytest.mark.parametrize("rate", [1.0, 2.0])
def test_a_tremor_is_as_fast_whatever_the_rate(rate: float) -> None:
    found = np.array(performed([MIDDLE] * 375, Prosody(rate=rate, tremor=3.0))) - MIDDLE
    assert set(np.abs(found)) == set(range(round(3 / STEP) + 1))
    # codes are 40 ms apart at rate 1, 20 ms at rate 2
    spectrum, hz = np.abs(np.fft.rfft(found)), np.fft.rfftfreq(len(found), 0.04 / rate)
    assert hz[np.argmax(spectrum)] == pytest.approx(6.5, abs=0.2)


@pytest.mark.parametrize("sizes", [[1] * 40, [0, 3, 17, 20], [39, 1]])
def test_how_groups_come_in_changes_no_code(sizes: list[int]) -> None:
    random = np.random.default_rng(4)
    codes = codes_of(list(np.where(random.random(120) < 0.3, UNVOICED, random.integers(1, 48, 120))))
    prosody = Prosody(rate=1.2, pitch=1.0, span=1.5, climb=5.0, tremor=0.9)
    melody, stops = Melody(prosody, 0.0, CONFIG), np.cumsum(sizes)
    pieces = [melody.feed(codes[stop - size : stop]) for size, stop in zip(sizes, stops, strict=True)]
    assert np.array_equal(np.concatenate(pieces), Melody(prosody, 0.0, CONFIG).feed(codes))
