"""Microphone and speaker of the window, as one thing.

desk = AudioDesk(AudioSettings(), on_event=print)
desk.start()
desk.open_microphone()  # MicrophoneOpened, then a MicrophoneSound every 20 ms
desk.play(1, chunk)     # PlaybackBegan(1), and after finish(1) and the last sample PlaybackEnded(1)
desk.finish(1)
desk.close()
"""

from collections.abc import Callable, Sequence

from parley.audio.card import Device, SoundCard
from parley.audio.events import AudioEvent
from parley.audio.settings import AudioSettings
from parley_models.pcm import AudioChunk, Samples

DESK_HZ = 24_000
"""Rate of everything that comes from the microphone. The speaker takes any rate."""


class AudioDesk:
    """Hears, plays, and keeps the one out of the other. Every method may be called from any thread and returns at once, but for `close`."""

    def __init__(self, settings: AudioSettings, on_event: Callable[[AudioEvent], None], card: SoundCard | None = None) -> None:
        """Nothing is opened yet.

        Args:
            settings: devices and what is done to the sound.
            on_event: told everything, on the audio thread; must be quick and must not call `close`.
            card: None = the machine's own.
        """
        raise NotImplementedError

    def start(self) -> None:
        """Begin: opens the speaker. No device raises anything here: what is missing is told as an event."""
        raise NotImplementedError

    def close(self) -> None:
        """Silence, close the devices, and end the audio thread; returns when it has ended. May be called twice."""
        raise NotImplementedError

    def apply(self, settings: AudioSettings) -> None:
        """Take other settings while running; only a device that changed is opened again, and what plays goes on there."""
        raise NotImplementedError

    def refresh_devices(self) -> None:
        """Devices came or went (the window's QMediaDevices signal): look again, and return to the chosen ones if they are back."""
        raise NotImplementedError

    @property
    def devices(self) -> Sequence[Device]:
        """What there is to choose from, as of the last look."""
        raise NotImplementedError

    def open_microphone(self) -> None:
        """Listen. `MicrophoneOpened` says when it does: at once, or after the device has been opened."""
        raise NotImplementedError

    def close_microphone(self) -> None:
        """Mute: no sound and no speech is told any more; what was heard since the last piece is thrown away. What plays goes on."""
        raise NotImplementedError

    @property
    def microphone_open(self) -> bool:
        """What was asked for last."""
        raise NotImplementedError

    def play(self, turn: int, chunk: AudioChunk) -> bool:
        """Queue the next sound of a turn; any rate. Playing starts 60 ms after the first chunk, or at once if that is all of it.

        Turns play one after the other in the order of their first chunks.

        Returns:
            False if it was refused, because that turn has been stopped or finished. Nobody has to look.
        """
        raise NotImplementedError

    def finish(self, turn: int) -> None:
        """Nothing more comes of this turn: `PlaybackEnded` follows when what is queued has been heard."""
        raise NotImplementedError

    def stop(self, turn: int) -> float:
        """Silence a turn within 100 ms and refuse what still comes of it.

        Returns:
            Seconds of it that were really heard, what is on its way to the ear included. `PlaybackEnded` says it again.
        """
        raise NotImplementedError

    def played_s(self, turn: int) -> float:
        """Seconds of a turn that were heard up to now, by the output clock; stays at its last value when the turn is over."""
        raise NotImplementedError

    def queued_s(self, turn: int) -> float:
        """Seconds of a turn that are still to be heard."""
        raise NotImplementedError

    def duck(self) -> None:
        """Turn the speaker down, until `unduck` or `stop`. A voice beside the speaker does this by itself."""
        raise NotImplementedError

    def unduck(self) -> None:
        """It was a false alarm: back to full loudness."""
        raise NotImplementedError

    @property
    def input_level(self) -> float:
        """Loudness of the microphone after echo and noise were taken out, 0…1 (a meter's position: −60 dB…0 dB). Falls slowly. Cheap."""
        raise NotImplementedError

    @property
    def output_level(self) -> float:
        """Loudness of what is being heard, like `input_level`."""
        raise NotImplementedError

    @property
    def waveform(self) -> Samples:
        """Peaks of the last 5 s of the microphone, one per 20 ms, oldest first: float32 (250,), 0…1. A copy."""
        raise NotImplementedError

    @property
    def echo_loss_db(self) -> float | None:
        """Echo before against after the canceller; None until it was measured."""
        raise NotImplementedError

    def test_tone(self) -> int:
        """Play two soft notes on the speaker.

        Returns:
            The number of the turn that they are, a negative one; can be stopped like any other.
        """
        raise NotImplementedError
