"""On loudspeakers: Parley must not hear itself, and must hear who speaks over it."""

import numpy as np
import pytest

from parley.audio.events import EchoLoss, MicrophoneSound, PlaybackEnded, SpeechGone, SpeechOnset
from parley.audio.settings import AudioSettings
from parley_models.pcm import Samples
from tests.fakes.room import Acoustics, Room
from tests.fakes.sitting import Sitting

ROOMS = {
    "40 ms": Acoustics(delay_s=0.04),
    "a large, loud, bare room; the microphone's clock runs fast": Acoustics(
        delay_s=0.12, drift_ppm=100, gain=0.6, reverberation_s=0.5, direct_db=-12, seed=2
    ),
    "200 ms; a loudspeaker that distorts; the microphone's clock runs slow": Acoustics(
        delay_s=0.2, drift_ppm=-100, gain=0.6, distortion=1.0, seed=3
    ),
}


@pytest.mark.parametrize("name", ROOMS)
def test_ten_answers_without_hearing_itself(name: str, answers: list[Samples]) -> None:
    with Sitting(Room(ROOMS[name])) as sitting:
        sitting.desk.open_microphone()
        sitting.room.run(0.3)
        for turn in range(10):
            sitting.room.run(sitting.answer(turn, answers[turn % len(answers)][:30_000]) + 0.2)

        assert sitting.all_of(SpeechOnset) == []
        assert sitting.desk.echo_loss_db is not None
        assert sitting.desk.echo_loss_db >= 20
        assert not any(event.half_duplex for event in sitting.all_of(EchoLoss))
        assert len(sitting.all_of(PlaybackEnded)) == 10


def test_who_turns_the_speaker_up_does_not_have_the_room_learned_anew(answers: list[Samples]) -> None:
    with Sitting(Room(ROOMS["40 ms"])) as sitting:
        sitting.desk.open_microphone()
        sitting.room.run(0.3)
        for turn in range(3):
            sitting.room.run(sitting.answer(turn, answers[turn][:30_000]) + 0.2)
        assert sitting.desk.echo_loss_db is not None
        sitting.desk.apply(AudioSettings(output_gain_db=3.0, duck_db=-20.0))
        sitting.room.run(0.1)
        assert sitting.desk.echo_loss_db is not None
        sitting.room.run(sitting.answer(3, answers[3][:30_000]) + 0.2)
        assert sitting.all_of(SpeechOnset) == []  # louder, and still its own voice
        sitting.desk.apply(AudioSettings(noise_suppression=False))
        sitting.room.run(0.1)
        assert sitting.desk.echo_loss_db is None


@pytest.mark.parametrize("loudness", [1.0, 0.3])
def test_who_speaks_over_it_is_heard_and_ducks_it(loudness: float, answers: list[Samples], human: Samples) -> None:
    with Sitting(Room(Acoustics(delay_s=0.1, drift_ppm=100))) as sitting:
        sitting.desk.open_microphone()
        sitting.room.run(0.3)
        sitting.room.run(sitting.answer(0, np.concatenate(answers[:2])) + 0.3)
        for turn in range(1, 4):
            length_s = sitting.answer(turn, np.concatenate([answers[turn], answers[turn + 1]]))
            began = sitting.room.now() + 1.2
            sitting.room.say(human * np.float32(loudness), began)
            sitting.room.run(1.6)
            told_at, onset = next((at, event) for at, event in sitting.told if isinstance(event, SpeechOnset) and at > began)
            before, after = (sitting.loudspeaker(begin, begin + 0.2) for begin in (began - 0.2, told_at + 0.04))

            assert onset.over_turn == turn
            assert told_at < began + 0.3
            assert np.abs(after).max() < 0.4 * np.abs(before).max()
            sitting.desk.stop(turn)
            sitting.room.run(max(length_s - 1.6, 2.0))

        heard = np.concatenate([event.chunk.samples for event in sitting.all_of(MicrophoneSound)])
        assert np.abs(heard).max() > 0.3 * loudness * np.abs(human).max()


def test_a_cough_ducks_for_a_moment_and_the_answer_goes_on(answers: list[Samples], human: Samples) -> None:
    cough = human[:4_800] * np.hanning(4_800).astype(np.float32)
    with Sitting(Room(Acoustics(delay_s=0.1))) as sitting:
        sitting.desk.open_microphone()
        sitting.room.run(0.3)
        length_s = sitting.answer(1, np.concatenate(answers[:3]))
        at = sitting.room.now() + 2.0
        sitting.room.say(cough, at)
        sitting.room.run(length_s + 0.5)

    assert [event.seconds < 0.3 for event in sitting.all_of(SpeechGone)] in ([], [True])
    ducked = [when - at for when, block in sitting.room.played if at < when < at + 1 and np.abs(block).max() > 0]
    assert len(ducked) > 90
    (ended,) = sitting.all_of(PlaybackEnded)
    assert ended.complete
    whole = np.concatenate(answers[:3])
    later = sitting.loudspeaker(at + 0.7)
    assert np.abs(later).max() == pytest.approx(np.abs(whole[-len(later) :]).max(), rel=0.05)


def test_speech_that_is_no_interruption_lets_it_come_back(human: Samples, answers: list[Samples]) -> None:
    with Sitting(Room(Acoustics(delay_s=0.1))) as sitting:
        sitting.desk.open_microphone()
        sitting.room.run(0.3)
        sitting.answer(1, np.concatenate(answers))
        sitting.room.say(human[:19_200], sitting.room.now() + 2.0)
        sitting.room.run(6.0)
        (gone,) = sitting.times_of(SpeechGone)
        quiet, loud = sitting.loudspeaker(gone - 0.2, gone + 0.4), sitting.loudspeaker(gone + 0.8, gone + 2.5)

    assert np.abs(loud).max() > 3 * np.abs(quiet).max()


def test_without_enough_loss_the_microphone_is_deaf_while_it_speaks(answers: list[Samples], human: Samples) -> None:
    settings = AudioSettings(echo_cancellation=False)
    with Sitting(Room(Acoustics(delay_s=0.1, gain=0.6)), settings) as sitting:
        sitting.desk.open_microphone()
        for turn in range(5):
            sitting.room.run(sitting.answer(turn, answers[turn]) + 0.3)
        assert sitting.all_of(EchoLoss)[-1].half_duplex
        onsets = len(sitting.all_of(SpeechOnset))
        told = len(sitting.all_of(MicrophoneSound))

        sitting.room.run(sitting.answer(9, answers[0]) + 0.2)
        deaf = np.concatenate([event.chunk.samples for event in sitting.all_of(MicrophoneSound)[told + 15 :]])
        assert len(sitting.all_of(SpeechOnset)) == onsets
        assert np.abs(deaf).max() < 0.01  # the echo would be 0.2

        sitting.room.run(1.0)
        sitting.room.say(human, sitting.room.now())
        sitting.room.run(1.0)
        assert sitting.all_of(SpeechOnset)[onsets].over_turn is None


def test_with_headphones_nothing_is_deaf(answers: list[Samples], human: Samples) -> None:
    settings = AudioSettings(echo_cancellation=False)
    with Sitting(Room(Acoustics(gain=1e-5)), settings) as sitting:
        sitting.desk.open_microphone()
        for turn in range(4):
            sitting.room.run(sitting.answer(turn, answers[turn]) + 0.3)
        assert sitting.all_of(SpeechOnset) == []
        sitting.answer(8, answers[0])
        sitting.room.say(human, sitting.room.now() + 0.5)
        sitting.room.run(1.5)

    assert [event.over_turn for event in sitting.all_of(SpeechOnset)] == [8]
    assert sitting.desk.echo_loss_db is None


@pytest.mark.slow
@pytest.mark.parametrize("drift_ppm", [100, -100])
def test_ten_minutes_of_drift(drift_ppm: int, answers: list[Samples]) -> None:
    with Sitting(Room(Acoustics(delay_s=0.12, drift_ppm=drift_ppm), keep=False)) as sitting:
        sitting.desk.open_microphone()
        turn = 0
        while sitting.room.now() < 600:
            sitting.room.run(sitting.answer(turn, answers[turn % len(answers)]) + 0.3)
            turn += 1
        sound = sitting.all_of(MicrophoneSound)

        assert sitting.all_of(SpeechOnset) == []
        assert sitting.desk.echo_loss_db is not None
        assert sitting.desk.echo_loss_db >= 20
        assert sum(event.chunk.seconds for event in sound) == pytest.approx(600 * (1 + drift_ppm * 1e-6), abs=2.5)
        assert [event.chunk.start_s for event in sound] == pytest.approx(np.arange(len(sound)) * 0.02)
