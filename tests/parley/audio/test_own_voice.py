"""The last guard against an assistant that answers itself: an echo is told from a voice in rooms that nobody has heard before."""

import numpy as np
import pytest

from parley.audio.desk import DESK_HZ
from parley_models.pcm import Samples
from tests.fakes.room import Acoustics, Room
from tests.fakes.sitting import Sitting

ON_A_DESK = Acoustics(delay_s=0.1, drift_ppm=100)
LOUD_AND_BARE = Acoustics(delay_s=0.12, drift_ppm=100, gain=0.6, reverberation_s=0.5, direct_db=-12, seed=2)
DISTORTED = Acoustics(distortion=0.3, gain=0.5)
FAR_AWAY = Acoustics(delay_s=0.4)
"""A wireless speaker."""

HEARD_S = 0.7
"""From the beginning of a voice to when it must have been told from an echo."""


@pytest.mark.parametrize("acoustics", [ON_A_DESK, LOUD_AND_BARE, DISTORTED, FAR_AWAY])
def test_an_echo_is_known_in_the_first_answer(acoustics: Acoustics, answers: list[Samples]) -> None:
    with Sitting(Room(acoustics, keep=False)) as sitting:
        sitting.desk.open_microphone()
        sitting.room.run(0.3)
        sitting.answer(1, np.concatenate(answers[:3]))
        sitting.room.run(1.1)
        known = []
        for _ in range(8):
            sitting.room.run(0.2)
            known.append(sitting.desk.hears_itself)
        sitting.desk.stop(1)
        sitting.room.run(0.4)
        known.append(sitting.desk.hears_itself)
    assert all(known), "it would answer itself"


@pytest.mark.parametrize("loudness", [1.0, 0.4])
@pytest.mark.parametrize("acoustics", [Acoustics(gain=0.01), ON_A_DESK, DISTORTED])
def test_who_speaks_over_an_answer_is_no_echo(acoustics: Acoustics, loudness: float, answers: list[Samples], human: Samples) -> None:
    with Sitting(Room(acoustics, keep=False)) as sitting:
        sitting.desk.open_microphone()
        sitting.room.run(0.3)
        for turn, into_s in enumerate((0.8, 1.0, 1.2, 1.4)):
            sitting.answer(turn, np.concatenate(answers[turn : turn + 3]))
            sitting.room.run(into_s)
            sitting.room.say(human[: int(HEARD_S * DESK_HZ)] * np.float32(loudness), sitting.room.now())
            sitting.room.run(HEARD_S)
            assert not sitting.desk.hears_itself, "who speaks is taken for the speaker"
            sitting.desk.stop(turn)
            sitting.room.run(1.5)


def test_a_word_after_which_the_answer_is_silent_is_no_echo(answers: list[Samples], human: Samples) -> None:
    """ "Stop!" """
    with Sitting(Room(ON_A_DESK, keep=False)) as sitting:
        sitting.desk.open_microphone()
        sitting.room.run(0.3)
        for turn in range(4):
            sitting.answer(turn, np.concatenate(answers[turn : turn + 3]))
            sitting.room.run(0.8 + 0.15 * turn)
            sitting.room.say(human[: int(0.35 * DESK_HZ)], sitting.room.now())
            sitting.room.run(0.25)
            sitting.desk.stop(turn)  # as when the engine has heard it
            sitting.room.run(0.4)
            assert not sitting.desk.hears_itself
            sitting.room.run(1.5)


def test_who_speaks_while_nothing_is_played_is_no_echo(human: Samples) -> None:
    with Sitting(Room(ON_A_DESK, keep=False)) as sitting:
        sitting.desk.open_microphone()
        sitting.room.run(0.3)
        sitting.room.say(human, sitting.room.now())
        sitting.room.run(1.0)
        assert not sitting.desk.hears_itself
