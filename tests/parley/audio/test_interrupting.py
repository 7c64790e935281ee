"""How long somebody must speak over an answer until the speaker is turned down, and until the engine decides: in simulated time."""

import statistics
from collections.abc import Mapping

import numpy as np
import pytest

from parley.audio.desk import DESK_HZ
from parley.audio.events import MicrophoneSound, SpeechGone, SpeechOnset
from parley.bench.sound_server import PULSE_HZ
from parley.bench.speech import questions
from parley_models.hearing.detector import SileroDetector
from parley_models.hearing.listener import Microphone
from parley_models.hearing.settings import HearingSettings
from parley_models.hearing.turn_taking import Began, TurnTaking
from parley_models.pcm import Samples
from tests.fakes.room import Acoustics, Room
from tests.fakes.sitting import Sitting

HEADPHONES = Acoustics(gain=0.01)
NOTHING_COMES_BACK = Acoustics(gain=0.0, noise=0.0)
ON_A_DESK = Acoustics(delay_s=0.1, drift_ppm=100)
LOUD_AND_BARE = Acoustics(delay_s=0.12, drift_ppm=100, gain=0.6, reverberation_s=0.5, direct_db=-12, seed=2)

ASKED_FOR_S = 0.7
"""Of an interruption. Nobody waits for more before he is heard."""

FIRST_ASKED_FOR_S = 1.2
"""Of the first one, while the canceller still learns."""


def interruptions(human: Samples) -> Mapping[str, Samples]:
    """The sample questions and a person, from the first sound of the first word."""
    found = {question.name: question.sound[question.onset :: PULSE_HZ // DESK_HZ] for question in questions()}
    return {**found, "a person": human}


class Measured:
    """An answer that is being played, and somebody who speaks into it: milliseconds of his speech until something came of it."""

    def __init__(self, room: Acoustics, answers: list[Samples]) -> None:
        self.sitting = Sitting(Room(room, keep=False))
        self._answers = answers
        self._turn = 0

    def interrupt(self, voice: Samples, for_s: float = ASKED_FOR_S) -> tuple[float | None, float | None]:
        """(until the speaker is turned down, until the engine takes it for an interruption); None = not at all."""
        sitting, self._turn = self.sitting, self._turn + 1
        sitting.answer(self._turn, np.concatenate([self._answers[(self._turn + step) % len(self._answers)] for step in range(3)]))
        began = sitting.room.now() + 0.9 + 0.137 * (self._turn % 4)
        sitting.room.say(voice[: int(for_s * DESK_HZ)], began)
        sitting.room.run(began - sitting.room.now() + for_s)
        ducked = [at for at, event in sitting.told if isinstance(event, SpeechOnset) and at > began]
        decided = self._decided(began)
        sitting.desk.stop(self._turn)
        sitting.room.run(1.5)
        return (ducked[0] - began) * 1000 if ducked else None, decided

    def _decided(self, began: float) -> float | None:
        """The engine's ears on what left the desk, from 1 s before."""
        microphone = Microphone(TurnTaking(SileroDetector(), HearingSettings(), manual=False), DESK_HZ)
        microphone.turn_taking.answer_sounds = True
        for at, event in self.sitting.told:
            if isinstance(event, MicrophoneSound) and at > began - 1.0:
                news = microphone.hear((event.chunk.samples * 32767).astype("<i2").tobytes())
                if any(isinstance(each, Began) for each in news):
                    return (at - began) * 1000
        return None


@pytest.mark.parametrize(("room", "typical_ms", "slowest_ms"), [(HEADPHONES, 80, 100), (ON_A_DESK, 140, 400)])
def test_the_speaker_is_turned_down_at_once_and_the_engine_decides_soon(
    room: Acoustics, typical_ms: float, slowest_ms: float, answers: list[Samples], human: Samples
) -> None:
    """30 ms of it are the card's and the desk's pieces; the canceller alone lets 150 to 650 ms go by."""
    measured = Measured(room, answers)
    with measured.sitting as sitting:
        sitting.desk.open_microphone()
        sitting.room.run(0.3)
        sitting.room.run(sitting.answer(0, np.concatenate(answers[:2])) + 0.3)
        found = [measured.interrupt(voice) for voice in interruptions(human).values()]
    ducked, decided = ([ms for ms in column if ms is not None] for column in zip(*found, strict=True))

    assert len(ducked) == len(decided) == len(found)
    assert statistics.median(ducked) <= typical_ms
    assert max(ducked) <= slowest_ms
    assert statistics.median(decided) <= 460
    assert max(decided) <= 560


@pytest.mark.parametrize("room", [NOTHING_COMES_BACK, HEADPHONES, ON_A_DESK])
def test_who_speaks_into_the_first_answer_is_heard(room: Acoustics, answers: list[Samples], human: Samples) -> None:
    """The canceller alone, which knows nothing yet, swallows up to every second such question, and whole ones."""
    decided = []
    for voice in interruptions(human).values():
        measured = Measured(room, answers)
        with measured.sitting as sitting:
            sitting.desk.open_microphone()
            sitting.room.run(0.3)
            decided.append(measured.interrupt(voice, FIRST_ASKED_FOR_S)[1])

    found = [ms for ms in decided if ms is not None]
    assert len(found) == len(decided)
    assert statistics.median(found) <= 600
    assert max(found) <= 900


@pytest.mark.parametrize("room", [HEADPHONES, ON_A_DESK, LOUD_AND_BARE])
def test_who_types_beside_an_answer_does_not_turn_it_down(room: Acoustics, answers: list[Samples]) -> None:
    typing = np.concatenate([key(number) for number in range(30)])
    with Sitting(Room(room, keep=False)) as sitting:
        sitting.desk.open_microphone()
        sitting.room.run(0.3)
        sitting.room.run(sitting.answer(0, np.concatenate(answers[:2])) + 0.3)
        sitting.answer(1, np.concatenate(answers[2:]))
        began = sitting.room.now() + 0.5
        sitting.room.say(typing, began)
        sitting.room.run(5.0)

    assert [at for at in sitting.times_of(SpeechOnset) if at > began] == []


def test_a_knock_is_over_soon(answers: list[Samples]) -> None:
    """What was no voice may turn the answer down, but not for long."""
    knock = np.concatenate([key(number, decay_s=0.03) for number in range(2)]) * np.float32(2)
    with Sitting(Room(HEADPHONES, keep=False)) as sitting:
        sitting.desk.open_microphone()
        sitting.room.run(0.3)
        sitting.answer(1, np.concatenate(answers[:3]))
        sitting.room.say(knock, sitting.room.now() + 2.0)
        sitting.room.run(3.5)

    onsets, gone = sitting.times_of(SpeechOnset), sitting.times_of(SpeechGone)
    assert len(onsets) == len(gone)
    assert all(end - begin < 0.35 for begin, end in zip(onsets, gone, strict=True))


def key(number: int, decay_s: float = 0.005) -> Samples:
    """A key's click, and 0.13 s until the next one."""
    generator = np.random.default_rng(number)
    at = np.arange(int(0.13 * DESK_HZ)) / DESK_HZ
    return (0.15 * generator.standard_normal(len(at)) * np.exp(-at / decay_s)).astype(np.float32)
