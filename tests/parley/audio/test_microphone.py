"""What leaves the microphone, and when it does not."""

import numpy as np
import pytest

from parley.audio.desk import DESK_HZ
from parley.audio.events import MicrophoneClosed, MicrophoneOpened, MicrophoneSound, SpeechGone, SpeechOnset
from parley.audio.settings import AudioSettings
from parley_models.pcm import Samples
from tests.fakes.room import OPENING_S, Acoustics, Room
from tests.fakes.sitting import Sitting
from tests.parley.audio.conftest import tone

PLAIN = AudioSettings(echo_cancellation=False, noise_suppression=False)


def test_it_opens_without_holding_anyone_up_and_pieces_abut() -> None:
    with Sitting() as sitting:
        asked = sitting.room.now()
        sitting.desk.open_microphone()
        assert sitting.room.now() == asked
        sitting.room.run(1.0)

    assert sitting.told[0][1] == MicrophoneOpened("Desk")
    assert sitting.told[0][0] == pytest.approx(asked + OPENING_S, abs=0.03)
    sound = sitting.all_of(MicrophoneSound)
    assert [len(event.chunk.samples) for event in sound] == [480] * len(sound)
    assert [event.chunk.start_s for event in sound] == pytest.approx(np.arange(len(sound)) * 0.02)
    assert len(sound) * 0.02 == pytest.approx(1.0 - OPENING_S, abs=0.06)


def test_what_was_said_arrives_undamaged() -> None:
    spoken = tone(0.5, 440)
    with Sitting(Room(Acoustics(noise=1e-5)), PLAIN) as sitting:
        sitting.desk.open_microphone()
        sitting.room.run(0.3)
        sitting.room.say(spoken, sitting.room.now())
        sitting.room.run(1.0)
        heard = np.concatenate([event.chunk.samples for event in sitting.all_of(MicrophoneSound)])

    begin = int(np.flatnonzero(np.abs(heard) > 0.02)[0])
    body = heard[begin + 1_000 : begin + 11_000]
    assert np.sqrt(np.square(body).mean()) == pytest.approx(0.4 / np.sqrt(2), rel=0.03)
    spectrum = np.abs(np.fft.rfft(body * np.hanning(len(body))))
    assert np.argmax(spectrum) * DESK_HZ / len(body) == pytest.approx(440, abs=3)
    assert len(np.flatnonzero(np.abs(heard) > 0.02)) == pytest.approx(0.97 * len(spoken), rel=0.05)


def test_the_end_of_a_word_is_kept_and_nothing_said_after_closing() -> None:
    """Holding a key ends with the last word still under way to the desk; whoever mutes wants nothing of the next one out."""
    with Sitting(Room(Acoustics(noise=0)), PLAIN) as sitting:
        sitting.desk.open_microphone()
        sitting.room.run(0.3)
        released = sitting.room.now() + 0.5
        before = tone(0.5, 500)
        sitting.room.say(np.concatenate([before, 2 * tone(1.0, 500)]), sitting.room.now())
        sitting.room.at(released, sitting.desk.close_microphone)
        sitting.room.run(1.5)

    heard = np.concatenate([event.chunk.samples for event in sitting.all_of(MicrophoneSound)])
    begin = int(np.flatnonzero(np.abs(heard) > 0.02)[0])
    assert len(heard) - begin == pytest.approx(len(before), abs=0.012 * DESK_HZ)
    assert np.abs(heard).max() < 0.5
    assert sitting.told[-1][1] == MicrophoneClosed()
    assert sitting.times_of(MicrophoneClosed)[0] < released + 0.06


def test_a_closed_microphone_lingers_and_opens_at_once() -> None:
    with Sitting(settings=AudioSettings(linger_s=5)) as sitting:
        sitting.desk.open_microphone()
        sitting.room.run(0.5)
        sitting.desk.close_microphone()
        sitting.room.run(2.0)
        asked = sitting.room.now()
        sitting.desk.open_microphone()
        sitting.room.run(0.5)
        assert sitting.times_of(MicrophoneOpened)[1] == pytest.approx(asked, abs=0.02)
        assert sitting.all_of(MicrophoneSound)[-1].chunk.start_s < 0.5
        sitting.desk.close_microphone()
        assert len(sitting.room.streams) == 2
        sitting.room.run(5.5)
        assert len(sitting.room.streams) == 1


def test_closing_before_it_was_open_tells_nothing() -> None:
    with Sitting() as sitting:
        sitting.desk.open_microphone()
        sitting.desk.close_microphone()
        sitting.room.run(1.0)

    assert sitting.told == []


def test_speech_begins_and_ends(human: Samples) -> None:
    with Sitting() as sitting:
        sitting.desk.open_microphone()
        sitting.room.run(1.0)
        at = sitting.room.now()
        sitting.room.say(human, at)
        sitting.room.run(3.0)

    (onset,), (gone,) = sitting.all_of(SpeechOnset), sitting.all_of(SpeechGone)
    assert onset.over_turn is None
    assert sitting.times_of(SpeechOnset)[0] - at < 0.25
    assert gone.seconds == pytest.approx(len(human) / DESK_HZ, abs=0.25)
    assert gone.at_s - onset.at_s == pytest.approx(gone.seconds, abs=0.02)


def test_noise_is_not_speech() -> None:
    with Sitting(Room(Acoustics(noise=0.01))) as sitting:
        sitting.desk.open_microphone()
        sitting.room.run(8.0)

    assert sitting.all_of(SpeechOnset) == []


def test_muting_in_the_middle_of_speech_ends_it(human: Samples) -> None:
    with Sitting() as sitting:
        sitting.desk.open_microphone()
        sitting.room.run(0.5)
        sitting.room.say(human, sitting.room.now())
        sitting.room.run(0.8)
        sitting.desk.close_microphone()
        sitting.room.run(0.5)

    assert [type(event) for _, event in sitting.told if not isinstance(event, MicrophoneSound)] == [
        MicrophoneOpened,
        SpeechOnset,
        SpeechGone,
        MicrophoneClosed,
    ]


def test_the_meter_shows_what_is_said(human: Samples) -> None:
    with Sitting() as sitting:
        sitting.desk.open_microphone()
        sitting.room.run(1.0)
        quiet = sitting.desk.input_level
        sitting.room.say(human, sitting.room.now())
        sitting.room.run(1.0)
        loud = sitting.desk.input_level
        sitting.desk.close_microphone()
        sitting.room.run(3.0)

        assert quiet < 0.1
        assert loud > 0.5
        assert sitting.desk.input_level == 0


def test_gain_is_limited() -> None:
    with Sitting(settings=AudioSettings(echo_cancellation=False, noise_suppression=False, input_gain_db=30)) as sitting:
        sitting.desk.open_microphone()
        sitting.room.run(0.3)
        sitting.room.say(tone(0.5), sitting.room.now())
        sitting.room.run(0.6)

    assert max(float(np.abs(event.chunk.samples).max()) for event in sitting.all_of(MicrophoneSound)) == 1.0
