"""Turns out of frames: where speech begins, where it pauses, where a turn ends."""

from dataclasses import dataclass

import numpy as np

from parley_models.hearing.detector import FRAME, SpeechDetector
from parley_models.hearing.settings import HearingSettings
from parley_models.pcm import Samples

RATE_HZ = 16_000
FRAME_MS = 1_000 * FRAME // RATE_HZ


@dataclass(frozen=True, slots=True)
class Began:
    """A turn begins: sound counts from here, the preroll included."""

    at: int
    """In samples at 16 kHz since the stream began, as everywhere here."""


@dataclass(frozen=True, slots=True)
class Sound:
    """More of the turn's sound."""

    samples: Samples
    end: int
    quiet: bool
    """Nothing but silence since a pause began."""


@dataclass(frozen=True, slots=True)
class Paused:
    """Speech ended, for a short while at least: time to think ahead."""

    speech_end: int
    at: int
    """Where that was noticed."""


@dataclass(frozen=True, slots=True)
class Resumed:
    """It was only a pause."""


@dataclass(frozen=True, slots=True)
class Ended:
    """The turn is over."""

    speech_end: int
    at: int
    """Where the decision fell."""


News = Began | Sound | Paused | Resumed | Ended


class TurnTaking:
    """One microphone's stream at 16 kHz. One thread at a time feeds it; the three attributes may be set by others at any time."""

    def __init__(self, detector: SpeechDetector, settings: HearingSettings, *, manual: bool) -> None:
        """`manual`: all sound is one turn until `cut`; pauses are told, ends are not."""
        self._detector = detector
        self.manual = manual
        self.settings = settings
        self.answer_sounds = False
        """An answer is being played: it takes more to begin a turn."""

        self.judged: tuple[int, float | None] = (0, None)
        """How likely the question is whole, as judged by sound up to a place."""

        self.now = 0
        """Samples taken so far."""

        self._frame: Samples = np.zeros(0, np.float32)
        self._kept: Samples = np.zeros(0, np.float32)
        self._open = manual
        self._speech = False
        self._speech_frames = 0
        self._run_begin = 0
        self._silent_frames = 0
        self._speech_end = 0
        self._paused = False
        self._spoken = False

    @property
    def is_open(self) -> bool:
        """A turn is going on."""
        return self._open

    def feed(self, samples: Samples) -> list[News]:
        """Take more sound of any length."""
        news: list[News] = []
        given = 0
        sound = np.concatenate([self._frame, samples])
        while len(sound) - given >= FRAME:
            frame = sound[given : given + FRAME]
            given += FRAME
            self.now += FRAME
            self._keep(frame)
            news += self._take(self._detector.probability(frame))
        self._frame = sound[given:]
        return news

    def cut(self) -> list[News]:
        """The turn ends here, by decision from outside: what was not given out yet. A manual stream goes on with the next turn."""
        news: list[News] = []
        if self._open:
            self.now += len(self._frame)
            self._keep(self._frame)
            news = self._give()
        self._frame = self._frame[:0]
        self._close()
        self._kept = self._kept[:0]
        return news

    def _take(self, probability: float) -> list[News]:
        speech = probability >= (self.settings.silence_probability if self._speech else self.settings.speech_probability)
        self._speech = speech
        if speech:
            self._run_begin = self._run_begin if self._speech_frames else self.now - FRAME
            self._speech_frames += 1
            self._silent_frames = 0
        else:
            self._silent_frames += 1
        return self._within(speech) if self._open else self._waiting(speech)

    def _waiting(self, speech: bool) -> list[News]:
        settings = self.settings
        needed_ms = settings.interruption_ms if self.answer_sounds else settings.onset_ms
        if not speech and self._silent_frames * FRAME_MS >= settings.lull_ms:
            self._speech_frames = 0
        if speech and self._speech_frames * FRAME_MS >= needed_ms:
            self._open, self._spoken = True, True
            self._speech_end = self.now
            preroll = settings.preroll_ms * RATE_HZ // 1_000
            self._kept = self._kept[max(0, len(self._kept) - (self.now - self._run_begin) - preroll) :]
            return [Began(self.now - len(self._kept)), *self._give()]
        spoken = self.now - self._run_begin if self._speech_frames else 0
        self._kept = self._kept[max(0, len(self._kept) - spoken - settings.preroll_ms * RATE_HZ // 1_000) :]
        return []

    def _within(self, speech: bool) -> list[News]:
        news: list[News] = []
        if speech:
            self._spoken = True
            self._speech_end = self.now
            if self._paused:
                self._paused = False
                news.append(Resumed())
            return news + self._give()
        silence_ms = self._silent_frames * FRAME_MS
        if self._spoken and not self._paused and silence_ms >= self.settings.think_ms:
            news += self._give()
            self._paused = True
            return [*news, Paused(self._speech_end, self.now)]
        news += self._give()
        if not self.manual and silence_ms >= self.settings.silence_needed_ms(self._judgement()):
            news.append(Ended(self._speech_end, self.now))
            self._close()
        return news

    def _judgement(self) -> float | None:
        heard_to, complete = self.judged
        return complete if heard_to >= self._speech_end else None

    def _keep(self, samples: Samples) -> None:
        self._kept = np.concatenate([self._kept, samples])

    def _give(self) -> list[News]:
        samples, self._kept = self._kept, self._kept[:0]
        return [Sound(samples, self.now, quiet=self._paused)] if len(samples) else []

    def _close(self) -> None:
        self._open = self.manual
        self._paused = self._spoken = self._speech = False
        self._speech_frames = self._silent_frames = 0
