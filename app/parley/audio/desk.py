"""Microphone and speaker of the window, as one thing.

desk = AudioDesk(AudioSettings(), on_event=print)
desk.start()
desk.open_microphone()  # MicrophoneOpened, then a MicrophoneSound every 20 ms
desk.play(1, chunk)     # PlaybackBegan(1), and after finish(1) and the last sample PlaybackEnded(1)
desk.finish(1)
desk.close()
"""

import itertools
import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence

from parley.audio.card import Device, SoundCard
from parley.audio.devices import Devices, Feed
from parley.audio.ducking import Ducking
from parley.audio.events import AudioCrashed, AudioEvent, Side
from parley.audio.hearing import DESK_HZ, Hearing
from parley.audio.microphone import MicrophoneFeed
from parley.audio.playback import Playback
from parley.audio.portaudio import PortAudioCard
from parley.audio.settings import AudioSettings
from parley.audio.speaker import SpeakerFeed
from parley.audio.tone import test_tone
from parley_models.pcm import AudioChunk

__all__ = ["DESK_HZ", "AudioDesk"]

STEP_S = 0.02
"""Between two looks: a piece of the microphone's. Twice as often costs a quarter more (measured); `stop` does not wait for it anyway."""

HURRY_S = 0.005
"""The same once the microphone was closed and its last sound is waited for: somebody waits for the answer."""

IDLE_STEP_S = 0.03
"""The same while there is nothing to play and the microphone is closed."""

FADE_S = 0.03


class AudioDesk:
    """Hears, plays, and keeps the one out of the other. Every method may be called from any thread and returns at once, but for `close`."""

    def __init__(self, settings: AudioSettings, on_event: Callable[[AudioEvent], None], card: SoundCard | None = None) -> None:
        """Nothing is opened yet.

        Args:
            settings: devices and what is done to the sound.
            on_event: told everything, on the audio thread; must be quick and must not call `close`.
            card: None = the machine's own.
        """
        self._card = card if card is not None else PortAudioCard()
        self._on_event = on_event
        self._settings = settings
        self._devices = Devices(self._card, settings, self._use)
        self._playback = Playback(self._card.now)
        self._hearing = Hearing(settings)
        self._ducking = Ducking(settings)
        self._commands: deque[Callable[[], Sequence[AudioEvent] | None]] = deque()
        self._microphone_open = False
        self._linger_until = 0.0
        self._tones = itertools.count(1)
        self._closing = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin: opens the speaker. No device raises anything here: what is missing is told as an event."""
        self._playback.gain = 10 ** (self._settings.output_gain_db / 20)
        self._thread = threading.Thread(target=self._run, name="parley-audio")
        self._thread.start()

    def close(self) -> None:
        """Silence, close the devices, and end the audio thread; returns when it has ended. May be called twice."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._closing = True
            self._card.wake()
            thread.join()

    def apply(self, settings: AudioSettings) -> None:
        """Take other settings while running; only a device that changed is opened again, and what plays goes on there."""
        self._do(lambda: self._apply(settings))

    def refresh_devices(self) -> None:
        """Devices came or went (the window's QMediaDevices signal): look again, and return to the chosen ones if they are back."""
        self._do(self._devices.look)

    @property
    def devices(self) -> Sequence[Device]:
        """What there is to choose from, as of the last look."""
        return self._devices.known

    def open_microphone(self) -> None:
        """Listen. `MicrophoneOpened` says when it does: at once, or after the device has been opened."""
        self._microphone_open = True
        self._do(self._hearing.open)

    def close_microphone(self) -> None:
        """Mute: no sound and no speech is told any more; what was heard since the last piece is thrown away. What plays goes on."""
        self._microphone_open = False
        at = self._card.now()
        self._do(lambda: self._close_microphone(at))

    @property
    def microphone_open(self) -> bool:
        """What was asked for last."""
        return self._microphone_open

    def play(self, turn: int, chunk: AudioChunk) -> bool:
        """Queue the next sound of a turn; any rate. Silence before its first word is left out.

        Playing starts 60 ms after the first chunk; at once if 0.2 s are there, or all of it.
        Turns play one after the other in the order of their first chunks.

        Returns:
            False if it was refused, because that turn has been stopped or finished. Nobody has to look.
        """
        accepted = self._playback.play(turn, chunk)
        self._card.wake()
        return accepted

    def finish(self, turn: int) -> None:
        """Nothing more comes of this turn: `PlaybackEnded` follows when what is queued has been heard."""
        self._playback.finish(turn)
        self._card.wake()

    def stop(self, turn: int) -> float:
        """Silence a turn within 100 ms and refuse what still comes of it.

        Returns:
            Seconds of it that were really heard, what is on its way to the ear included. `PlaybackEnded` says it again.
        """
        heard_s = self._playback.stop(turn)
        self._card.wake()
        return heard_s

    def played_s(self, turn: int) -> float:
        """Seconds of a turn that were heard up to now, by the output clock; stays at its last value when the turn is over."""
        return self._playback.heard_s(turn)

    def queued_s(self, turn: int) -> float:
        """Seconds of a turn that are still to be heard."""
        return self._playback.queued_s(turn)

    def duck(self) -> None:
        """Turn the speaker down, until `unduck` or `stop`. A voice beside the speaker does this by itself."""
        self._do(self._ducking.duck)

    def unduck(self) -> None:
        """It was a false alarm: back to full loudness."""
        self._do(self._ducking.unduck)

    @property
    def input_level(self) -> float:
        """Loudness of the microphone after echo and noise were taken out, 0…1 (a meter's position: −60 dB…0 dB). Falls slowly. Cheap."""
        return self._hearing.level.level

    @property
    def output_level(self) -> float:
        """Loudness of what is being heard, like `input_level`."""
        return self._hearing.played_level.level

    @property
    def echo_loss_db(self) -> float | None:
        """Echo before against after the canceller; None until it was measured."""
        return self._hearing.echo.loss_db

    @property
    def hears_itself(self) -> bool:
        """Whether the last 0.6 s of the microphone hold nothing but the speaker's echo, whatever the canceller left of it. Takes 2 ms."""
        return self._hearing.own_voice.is_heard()

    @property
    def driver_gaps(self) -> int:
        """How often the open devices' drivers ran dry or over, as the machine was too busy to call back in time. No `Underrun`."""
        return self._devices.gaps

    def test_tone(self) -> int:
        """Play two soft notes on the speaker.

        Returns:
            The number of the turn that they are, a negative one; can be stopped like any other.
        """
        turn = -next(self._tones)
        self.play(turn, test_tone())
        self.finish(turn)
        return turn

    # The audio thread ------------------------------------------------------------------------------------------------

    def _do(self, command: Callable[[], Sequence[AudioEvent] | None]) -> None:
        """Have the audio thread do something, at once."""
        self._commands.append(command)
        self._card.wake()

    def _run(self) -> None:
        try:
            while not self._closing:
                self._step()
                busy = self._playback.busy or self._devices.microphone.stream is not None
                self._card.wait(HURRY_S if self._hearing.closing else STEP_S if busy else IDLE_STEP_S)
            self._fall_silent()
        except Exception as error:
            logging.getLogger(__name__).exception("The audio thread ended")
            self._on_event(AudioCrashed(f"Microphone and speaker stopped working ({type(error).__name__}); restart Parley."))
        finally:
            self._devices.close()

    def _step(self) -> None:
        while self._commands:
            for event in self._commands.popleft()() or ():
                self._tell(event)
        now = self._card.now()
        self._devices.want_microphone(self._microphone_open or now < self._linger_until)
        for event in self._devices.step(idle=self._playback.sounding is None and not self._hearing.speaking):
            self._tell(event)
        for event in self._playback.pump():
            self._tell(event)
        for event in self._hearing.step(now, self._playback.sounding):
            self._tell(event)
        self._ducking.step(now)

    def _tell(self, event: AudioEvent) -> None:
        self._ducking.react(event, self._card.now())
        self._on_event(event)

    def _use(self, side: Side, feed: Feed | None, name: str) -> None:
        """A device was opened or closed."""
        if side == "microphone":
            self._hearing.use_microphone(feed if isinstance(feed, MicrophoneFeed) else None, name)
            return
        speaker = feed if isinstance(feed, SpeakerFeed) else None
        if speaker is None:
            self._playback.detach()
        else:
            self._playback.attach(speaker)
        self._ducking.use(speaker)
        self._hearing.use_speaker(speaker)

    def _apply(self, settings: AudioSettings) -> None:
        before, self._settings = self._settings, settings
        self._ducking.settings = settings
        self._playback.gain = 10 ** (settings.output_gain_db / 20)
        self._devices.choose(settings)
        if settings != before:
            self._hearing.apply(settings)

    def _close_microphone(self, at: float) -> None:
        self._hearing.close(at)
        self._linger_until = at + self._settings.linger_s

    def _fall_silent(self) -> None:
        """Closing a device in mid-sound clicks."""
        feed = self._devices.speaker.feed
        if isinstance(feed, SpeakerFeed):
            feed.hold()
            self._card.wait(FADE_S)
