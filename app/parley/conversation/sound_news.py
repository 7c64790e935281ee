"""What the sound card tells, as the dialogue takes it."""

from typing import assert_never

from parley.audio.events import (
    AudioCrashed,
    AudioEvent,
    DeviceBack,
    DeviceChanged,
    DeviceLost,
    EchoLoss,
    MicrophoneClosed,
    MicrophoneOpened,
    MicrophoneSound,
    NoMicrophone,
    NoSpeaker,
    PlaybackBegan,
    PlaybackEnded,
    SpeechGone,
    SpeechOnset,
    Underrun,
)
from parley.conversation.dialogue import Dialogue
from parley.conversation.events import Crashed, SoundChanged


class SoundNews:
    """Sorts events to where they belong, and remembers which devices there are."""

    def __init__(self, dialogue: Dialogue) -> None:
        self._dialogue = dialogue
        self._names: dict[str, str | None] = {"microphone": "", "speaker": ""}
        """Empty = there, but its name was not told yet; None = there is none."""

    def take(self, event: AudioEvent) -> None:
        """Act on an event."""
        dialogue = self._dialogue
        match event:
            case MicrophoneSound(chunk=chunk):
                dialogue.listening.sound(chunk)
            case PlaybackBegan(turn=turn):
                dialogue.speaking.began(turn)
                dialogue.changed()
            case PlaybackEnded(turn=turn, heard_s=heard_s):
                dialogue.speaking.ended(turn, heard_s)
            case SpeechOnset(over_turn=over):
                dialogue.ducked = over is not None
                dialogue.changed()
            case SpeechGone():
                dialogue.ducked = False
                dialogue.changed()
            case AudioCrashed(text=text):
                dialogue.tell(Crashed(text))
                dialogue.listening.lost_microphone(text)
                dialogue.speaking.lost_speaker()  # nobody plays any more: an answer would be waited for until the program ends
            case MicrophoneClosed() | Underrun() | EchoLoss():
                pass
            case _:
                self._device(event)

    def _device(self, event: MicrophoneOpened | DeviceLost | DeviceChanged | DeviceBack | NoMicrophone | NoSpeaker) -> None:
        dialogue, message = self._dialogue, "" if isinstance(event, MicrophoneOpened) else event.text
        match event:
            case MicrophoneOpened(name=name):
                self._names["microphone"] = name
                dialogue.listening.no_microphone = ""
            case DeviceLost(side=side):
                self._names[side] = None
            case DeviceChanged(side=side, name=name) | DeviceBack(side=side, name=name):
                self._names[side] = name
                if side == "speaker":
                    dialogue.speaking.has_speaker = True
                else:
                    dialogue.listening.no_microphone = ""
            case NoMicrophone():
                self._names["microphone"] = None
                dialogue.listening.lost_microphone(message)
            case NoSpeaker():
                self._names["speaker"] = None
                dialogue.speaking.lost_speaker()
            case _:
                assert_never(event)
        dialogue.tell(SoundChanged(self._names["microphone"], self._names["speaker"], message))
