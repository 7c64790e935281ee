"""News from microphone and speaker. Told on the audio thread: whoever is told must return within a millisecond or two."""

from dataclasses import dataclass
from typing import Literal

from parley_models.pcm import AudioChunk

Side = Literal["microphone", "speaker"]


@dataclass(frozen=True, slots=True)
class MicrophoneSound:
    """The next 20 ms of an open microphone: echo and noise taken out, mono, 24 kHz. Pieces abut."""

    chunk: AudioChunk
    """`start_s` counts on the microphone's own clock, since it was opened; a jump in it means that sound was lost."""


@dataclass(frozen=True, slots=True)
class MicrophoneOpened:
    """The microphone delivers: sound follows."""

    name: str


@dataclass(frozen=True, slots=True)
class MicrophoneClosed:
    """No more sound follows until it is opened again."""


@dataclass(frozen=True, slots=True)
class SpeechOnset:
    """Someone began to speak. If Parley was speaking, it is ducked already; confirm with `stop(turn)` or call it off with `unduck()`."""

    at_s: float
    """When, on the clock of `MicrophoneSound`."""

    over_turn: int | None
    """The turn that was being played, None if it was quiet."""


@dataclass(frozen=True, slots=True)
class SpeechGone:
    """The speech ended. If nobody called `stop`, the speaker comes back by itself: soon after a cough or "mhm", else in half a second."""

    at_s: float
    seconds: float
    """How long it lasted; under 0.3 it was hardly an interruption."""


@dataclass(frozen=True, slots=True)
class PlaybackBegan:
    """The first sample of a turn has reached the speaker."""

    turn: int


@dataclass(frozen=True, slots=True)
class PlaybackEnded:
    """The last sample of a turn that will be heard has been heard."""

    turn: int
    heard_s: float
    """How much of the turn was really heard, silence between late chunks left out."""

    complete: bool
    """False if it was stopped."""


@dataclass(frozen=True, slots=True)
class Underrun:
    """The next chunk of a turn came too late: the speaker faded out and waits for it."""

    turn: int
    at_s: float
    """How much of the turn had been heard."""


@dataclass(frozen=True, slots=True)
class EchoLoss:
    """How much of Parley's own voice is taken out of the microphone, measured while it speaks. Told when it changed noticeably."""

    db: float
    """Echo before against after the canceller."""

    half_duplex: bool
    """Whether the microphone is deaf while Parley speaks, because the loss is too small (or because the settings say so)."""


@dataclass(frozen=True, slots=True)
class DeviceLost:
    """A device went away or stopped delivering; another one is being looked for."""

    side: Side
    name: str

    @property
    def text(self) -> str:
        """Fit to be shown."""
        return f"The {self.side} “{self.name}” is gone."


@dataclass(frozen=True, slots=True)
class DeviceChanged:
    """Another device than before is in use."""

    side: Side
    name: str
    chosen: bool
    """False: it stands in for the chosen one, which is not there."""

    @property
    def text(self) -> str:
        """Fit to be shown."""
        return f"The {self.side} is now “{self.name}”{'' if self.chosen else ', until the chosen one is back'}."


@dataclass(frozen=True, slots=True)
class DeviceBack:
    """The chosen device is there again, and in use."""

    side: Side
    name: str

    @property
    def text(self) -> str:
        """Fit to be shown."""
        return f"The {self.side} “{self.name}” is back."


@dataclass(frozen=True, slots=True)
class NoMicrophone:
    """There is no microphone that can be opened. One that appears is taken by itself; typing still works."""

    reason: str

    @property
    def text(self) -> str:
        """Fit to be shown."""
        return f"No microphone: {self.reason} You can still type."


@dataclass(frozen=True, slots=True)
class NoSpeaker:
    """There is no speaker that can be opened. One that appears is taken by itself; answers can still be read."""

    reason: str

    @property
    def text(self) -> str:
        """Fit to be shown."""
        return f"No speaker: {self.reason} You can still read the answers."


@dataclass(frozen=True, slots=True)
class AudioCrashed:
    """A bug on the audio thread, which has logged it: nothing is heard or played until the desk is made anew."""

    text: str


DeviceEvent = DeviceLost | DeviceChanged | DeviceBack | NoMicrophone | NoSpeaker
PlaybackEvent = PlaybackBegan | PlaybackEnded | Underrun
HearingEvent = MicrophoneOpened | MicrophoneSound | MicrophoneClosed | SpeechOnset | SpeechGone
AudioEvent = HearingEvent | PlaybackEvent | DeviceEvent | EchoLoss | AudioCrashed
