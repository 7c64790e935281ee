"""Devices that go away, stand in for others, and come back."""

import numpy as np
import pytest

from parley.audio.card import Device
from parley.audio.desk import DESK_HZ
from parley.audio.events import (
    AudioEvent,
    DeviceBack,
    DeviceChanged,
    DeviceLost,
    MicrophoneSound,
    NoMicrophone,
    NoSpeaker,
    PlaybackEnded,
    SpeechGone,
    SpeechOnset,
)
from parley.audio.settings import AudioSettings
from parley_models.pcm import Samples
from tests.fakes.room import Room
from tests.fakes.sitting import Sitting
from tests.parley.audio.conftest import steepest, tone
from tests.parley.audio.test_playback import STEEPEST

DESK = Device("Desk", 1, 2, default_input=True, default_output=True)
HEADSET = Device("Headset", 1, 2)
CHOSEN = AudioSettings(input_device="Headset", output_device="Headset")


def news(sitting: Sitting) -> list[AudioEvent]:
    kinds = (DeviceBack, DeviceChanged, DeviceLost, NoMicrophone, NoSpeaker)
    return [event for _, event in sitting.told if isinstance(event, kinds)]


def test_the_chosen_device_is_used() -> None:
    with Sitting(Room(there=[DESK, HEADSET]), CHOSEN) as sitting:
        sitting.desk.open_microphone()
        sitting.room.run(0.5)

        assert sitting.room.opened == ["Headset", "Headset"]
        assert news(sitting) == []
        assert sitting.desk.devices == (DESK, HEADSET)


@pytest.mark.parametrize("silently", [True, False])
def test_a_speaker_that_goes_away_in_mid_answer_is_replaced_and_comes_back(silently: bool) -> None:
    with Sitting(Room(there=[DESK, HEADSET]), CHOSEN) as sitting:
        sitting.room.run(2.0)
        sitting.answer(1, tone(6.0))
        sitting.room.run(1.0)
        sitting.room.unplug("Headset", silently=silently)
        lost = sitting.room.now()
        sitting.room.run(2.0)
        assert news(sitting) == [DeviceLost("speaker", "Headset"), DeviceChanged("speaker", "Desk", chosen=False)]
        assert sitting.times_of(DeviceLost)[0] - lost < 1.2
        assert "until the chosen one is back" in sitting.all_of(DeviceChanged)[0].text

        sitting.room.plug(HEADSET)
        sitting.desk.refresh_devices()
        sitting.room.run(0.5)
        assert news(sitting)[2:] == [DeviceBack("speaker", "Headset")]
        sitting.room.run(6.0)
        played_s = sum(len(np.trim_zeros(block)) for _, block in sitting.room.played) / DESK_HZ

    assert sitting.all_of(PlaybackEnded) == [PlaybackEnded(1, 6.0, complete=True)]
    assert played_s == pytest.approx(6.0, abs=0.06)  # nothing twice, nothing left out
    assert steepest(sitting.loudspeaker(begin=lost + 0.1)) < STEEPEST  # changing devices on purpose does not click


def test_a_microphone_that_goes_away_is_replaced() -> None:
    with Sitting(Room(there=[DESK, HEADSET]), AudioSettings(input_device="Headset")) as sitting:
        sitting.desk.open_microphone()
        sitting.room.run(3.0)
        sitting.room.unplug("Headset", silently=True)
        sitting.room.run(2.0)
        heard = len(sitting.all_of(MicrophoneSound))
        sitting.room.run(1.0)

        assert news(sitting) == [DeviceLost("microphone", "Headset"), DeviceChanged("microphone", "Desk", chosen=False)]
        assert len(sitting.all_of(MicrophoneSound)) - heard == pytest.approx(50, abs=2)


def test_without_any_notice_a_missing_device_is_found_when_it_is_quiet() -> None:
    with Sitting(Room(there=[DESK]), CHOSEN) as sitting:
        sitting.room.run(0.5)
        assert news(sitting) == [DeviceChanged("speaker", "Desk", chosen=False)]
        sitting.room.plug(HEADSET)
        sitting.room.run(8.0)

        assert news(sitting)[1:] == [DeviceBack("speaker", "Headset")]


def test_an_answer_is_not_torn_apart_to_look_for_devices() -> None:
    with Sitting(Room(there=[DESK, HEADSET])) as sitting:
        sitting.answer(1, tone(3.0))
        sitting.room.run(0.5)
        sitting.desk.refresh_devices()
        sitting.room.run(2.0)
        assert sitting.room.opened == ["Desk"]
        sitting.room.run(2.0)
        assert sitting.room.opened == ["Desk", "Desk"]


def test_no_microphone_is_said_once_and_one_that_appears_is_taken() -> None:
    speaker_only = Device("Monitor", 0, 2, default_output=True)
    with Sitting(Room(there=[speaker_only])) as sitting:
        sitting.desk.open_microphone()
        sitting.room.run(4.0)
        (trouble,) = news(sitting)
        assert isinstance(trouble, NoMicrophone)
        assert "You can still type." in trouble.text

        sitting.room.plug(Device("Webcam", 1, 0, default_input=True))
        sitting.desk.refresh_devices()
        sitting.room.run(0.5)
        assert news(sitting)[1:] == [DeviceBack("microphone", "Webcam")]
        assert sitting.all_of(MicrophoneSound)


def test_a_microphone_that_goes_in_the_middle_of_a_word_is_looked_for_like_any_other(human: Samples) -> None:
    headset = Device("Headset", 1, 0, default_input=True)
    with Sitting(Room(there=[Device("Desk", 0, 2, default_output=True), headset])) as sitting:
        sitting.desk.open_microphone()
        sitting.room.run(2.0)
        sitting.room.say(human, sitting.room.now())
        sitting.room.run(1.0)
        assert len(sitting.all_of(SpeechOnset)) == 1
        sitting.room.unplug("Headset")
        sitting.room.run(1.0)
        assert [type(event) for event in news(sitting)] == [DeviceLost, NoMicrophone]
        assert len(sitting.all_of(SpeechGone)) == 1  # nobody is heard speaking any more
        sitting.room.plug(headset)
        sitting.room.run(10.0)
        assert news(sitting)[2:] == [DeviceBack("microphone", "Headset")]


def test_another_choice_moves_the_answer_over() -> None:
    with Sitting(Room(there=[DESK, HEADSET])) as sitting:
        sitting.answer(1, tone(2.0))
        sitting.room.run(1.0)
        sitting.desk.apply(AudioSettings(output_device="Headset"))
        sitting.room.run(2.0)

        assert sitting.room.opened == ["Desk", "Headset"]
        assert news(sitting) == [DeviceChanged("speaker", "Headset", chosen=True)]
        assert sitting.all_of(PlaybackEnded) == [PlaybackEnded(1, 2.0, complete=True)]
        assert steepest(sitting.loudspeaker()) < STEEPEST


def test_closing_twice_and_while_a_device_opens_leaves_nothing_open() -> None:
    room = Room(opening_s=0.5)
    with Sitting(room) as sitting:
        sitting.desk.open_microphone()
        sitting.room.run(0.05)
    sitting.desk.close()

    assert room.streams == set()
