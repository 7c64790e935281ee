"""From the microphone's samples to what the conversation hears."""

import numpy as np

from parley.audio.band_levels import BandLevels
from parley.audio.echo import EchoCanceller, EchoMeter, decibels, frame_energies
from parley.audio.events import EchoLoss, HearingEvent, MicrophoneClosed, MicrophoneOpened, MicrophoneSound, SpeechGone, SpeechOnset
from parley.audio.meter import Meter
from parley.audio.microphone import MicrophoneFeed
from parley.audio.near_voice import NearVoice
from parley.audio.own_voice import OwnVoice
from parley.audio.passage import Passage
from parley.audio.reference import Reference
from parley.audio.resampler import Resampler
from parley.audio.settings import AudioSettings
from parley.audio.speaker import SpeakerFeed
from parley.audio.speech_gate import SpeechGate
from parley_models.pcm import AudioChunk, Samples

DESK_HZ = 24_000
"""Rate of everything that comes from the microphone."""

FRAME = DESK_HZ // 100
PIECE = 2 * FRAME
"""Samples of a `MicrophoneSound`."""

CLOSED_BY_S = 0.25
"""Sound from before the microphone was closed is waited for so long."""

WORTH_TELLING_DB = 3.0


class Hearing:
    """Everything between the microphone's queue and the events. The audio thread's own, but for what the meters show."""

    def __init__(self, settings: AudioSettings) -> None:
        self.level = Meter()
        self.played_level = Meter()
        self.echo = EchoMeter()
        self._gate = SpeechGate(DESK_HZ)
        self._passage = Passage()
        self._microphone: MicrophoneFeed | None = None
        self._name = ""
        self._resampler = Resampler(DESK_HZ, DESK_HZ)
        self._speaker: SpeakerFeed | None = None
        self._reference: Reference | None = None
        self._near: Samples = np.zeros(0, np.float32)
        self._piece: Samples = np.zeros(0, np.float32)
        self._wanted = self._open = False
        self._close_at: float | None = None
        self._position = 0
        self._told: EchoLoss | None = None
        self._news: list[HearingEvent | EchoLoss] = []
        """What happened between two steps."""

        self._take_settings(settings)
        self._begin_cancelling()

    def apply(self, settings: AudioSettings) -> None:
        """Take other settings. Neither loudness changes the way from what is played to what is heard, which took seconds to learn."""
        before = self._settings
        self._take_settings(settings)
        if (before.echo_cancellation, before.noise_suppression) != (settings.echo_cancellation, settings.noise_suppression):
            self._begin_cancelling()

    def _take_settings(self, settings: AudioSettings) -> None:
        self._settings = settings
        self._gain = np.float32(10 ** (settings.input_gain_db / 20))

    def _begin_cancelling(self) -> None:
        settings = self._settings
        self._canceller = EchoCanceller(DESK_HZ, echo=settings.echo_cancellation, noise=settings.noise_suppression)
        self._forget_echo()

    def use_microphone(self, feed: MicrophoneFeed | None, name: str) -> None:
        """Another microphone, or none."""
        self._microphone, self._name = feed, name
        self._near = self._near[:0]
        if self._gate.speaking:  # who spoke into the one before is not heard any more: neither ducking nor looking for devices waits for it
            self._gate.reset()
            self._news.append(SpeechGone(self._position / DESK_HZ, self._gate.lasted_s))
        if feed is not None:
            self._resampler = Resampler(feed.rate_hz, DESK_HZ)
            self._forget_echo()
        self._pair()

    def use_speaker(self, feed: SpeakerFeed | None) -> None:
        """Another speaker, or none."""
        self._speaker = feed
        if feed is not None:
            self._forget_echo()
        self._pair()

    def _pair(self) -> None:
        both = self._speaker is not None and self._microphone is not None
        self._reference = Reference(self._speaker, DESK_HZ) if both and self._speaker is not None else None

    def _forget_echo(self) -> None:
        self.echo = EchoMeter()
        self._levels, self._near_voice, self.own_voice = BandLevels(DESK_HZ), NearVoice(), OwnVoice()

    def open(self) -> list[HearingEvent]:
        """Tell what is heard from now on."""
        news = self._closed() if self._close_at is not None and self._open else []
        self._wanted, self._close_at = True, None
        return news

    def close(self, at: float) -> None:
        """Tell only what was captured before `at` on the card's clock."""
        self._wanted, self._close_at = False, at

    @property
    def closing(self) -> bool:
        """Whether sound from before the microphone was closed is still on its way."""
        return self._open and self._close_at is not None

    @property
    def speaking(self) -> bool:
        """Whether someone is, as far as an open microphone tells."""
        return self._gate.speaking

    def step(self, now: float, turn: int | None) -> list[HearingEvent | EchoLoss]:
        """Take what has come since the last time; `turn` is being played."""
        news, self._news = self._news, []
        microphone = self._microphone
        if microphone is not None and self._wanted and not self._open:
            self._open, self._position = True, 0
            self._near = self._near[:0]
            microphone.heard.skip(microphone.heard.available)
            news.append(MicrophoneOpened(self._name))
        if microphone is None:
            self._meter_playing(None)
        else:
            news += self._take(microphone, turn)
        if self._close_at is not None and (not self._open or self._captured_to(now) >= self._close_at):
            news += self._closed()
        return news

    def _captured_to(self, now: float) -> float:
        """When the last sample that was listened to was captured; if the microphone delivers no more, it is not waited for long."""
        late = now - CLOSED_BY_S
        return late if self._microphone is None else max(late, self._listened_to(self._microphone))

    def _listened_to(self, microphone: MicrophoneFeed) -> float:
        return microphone.last_at - microphone.latency_s - self._resampler.held_s - len(self._near) / DESK_HZ

    def _closed(self) -> list[HearingEvent]:
        was_open, self._open, self._close_at = self._open, False, None
        rest, self._piece = self._piece, self._piece[:0]
        was_speaking = self._gate.speaking
        self._gate.reset()
        if not was_open:
            return []
        sound = [self._sound(rest, self._position - len(rest))] if len(rest) else []
        gone = [SpeechGone(self._position / DESK_HZ, self._gate.lasted_s)] if was_speaking else []
        return [*sound, *gone, MicrophoneClosed()]

    def _meter_playing(self, reference: Reference | None) -> None:
        speaker = self._speaker
        if speaker is not None:
            played = speaker.played.take() if reference is None else reference.collect()
            self.played_level.observe(played, speaker.rate_hz)

    def _take(self, microphone: MicrophoneFeed, turn: int | None) -> list[HearingEvent | EchoLoss]:
        heard = self._resampler.feed(microphone.heard.take())
        self._near = np.concatenate([self._near, heard])
        reference = self._reference
        self._meter_playing(reference)
        waiting = len(self._near)
        count = reference.ready(waiting, FRAME) if reference is not None else waiting // FRAME * FRAME
        if not count:
            return []
        near, self._near = self._near[:count], self._near[count:]
        far = reference.take(count) if reference is not None else np.zeros(count, np.float32)
        if reference is not None:
            reference.follow(microphone, len(self._near), count / DESK_HZ)
        return self._listen(near, far, self._canceller.clean(near, far), turn)

    def _listen(self, near: Samples, far: Samples, cleaned: Samples, turn: int | None) -> list[HearingEvent | EchoLoss]:
        before, after = frame_energies(near, FRAME), frame_energies(cleaned, FRAME)
        for energies in zip(before, after, frame_energies(far, FRAME), strict=True):
            self.echo.observe(*energies)
        levels = self._levels.of(near, far)
        voices = self._near_voice.observe(*levels)
        self.own_voice.observe(*levels)
        if not self._open:
            self.level.observe(np.zeros(len(near), np.float32), DESK_HZ)
            return []
        deaf = self._half_duplex and self.echo.echo_expected
        passed = self._passage.mixed(near, cleaned, past=self._gate.held_back and not self.own_voice.is_heard())
        sound = np.zeros_like(cleaned) if deaf else (passed * self._gain).clip(-1, 1)
        sound = self._before_closing(sound)
        self._position += len(sound)
        self.level.observe(sound, DESK_HZ)
        return [*self._pieces(sound), *self._speech(cleaned, before, after, voices, turn, deaf=deaf), *self._echo_news()]

    def _before_closing(self, sound: Samples) -> Samples:
        """Leave out what was captured after the microphone was closed."""
        if self._close_at is None or self._microphone is None:
            return sound
        surplus = min(max(int((self._listened_to(self._microphone) - self._close_at) * DESK_HZ), 0), len(sound))
        return sound[: len(sound) - surplus]

    def _pieces(self, sound: Samples) -> list[HearingEvent]:
        waiting = np.concatenate([self._piece, sound])
        begin = self._position - len(waiting)
        whole = len(waiting) // PIECE * PIECE
        self._piece = waiting[whole:]
        return [self._sound(waiting[at : at + PIECE], begin + at) for at in range(0, whole, PIECE)]

    @staticmethod
    def _sound(samples: Samples, position: int) -> MicrophoneSound:
        return MicrophoneSound(AudioChunk(samples, DESK_HZ, position / DESK_HZ))

    def _speech(
        self, cleaned: Samples, before: list[float], after: list[float], voices: list[bool], turn: int | None, *, deaf: bool
    ) -> list[HearingEvent | EchoLoss]:
        at_s, was_speaking = self._position / DESK_HZ, self._gate.speaking
        if deaf:
            self._gate.reset()
            return [SpeechGone(at_s, self._gate.lasted_s)] if was_speaking else []
        passed = [self.echo.passed_db(*energies) for energies in zip(before, after, strict=True)]
        levels_db = [decibels(each, 1.0) for each in after]
        voices = voices if turn is not None else [False] * len(voices)  # there is nothing to be turned down
        began = self._gate.observe(cleaned, levels_db, passed if self.echo.echo_expected else None, voices)
        if began is None:
            return []
        begin_s = max(at_s - self._gate.since_s, 0.0)
        return [SpeechOnset(begin_s, turn) if began else SpeechGone(begin_s + self._gate.lasted_s, self._gate.lasted_s)]

    @property
    def _half_duplex(self) -> bool:
        return self.echo.too_small if self._settings.half_duplex is None else self._settings.half_duplex

    def _echo_news(self) -> list[HearingEvent | EchoLoss]:
        loss_db, told = self.echo.loss_db, self._told
        if loss_db is None:
            return []
        news = EchoLoss(loss_db, self._half_duplex)
        if told is not None and told.half_duplex == news.half_duplex and abs(told.db - loss_db) < WORTH_TELLING_DB:
            return []
        self._told = news
        return [news]
