"""Ears, brain and voice that keep the promises of `parley_models.parts` without any network."""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from parley_models.errors import EngineError
from parley_models.pcm import AudioChunk, Samples
from parley_models.prosody import Prosody
from parley_models.tokens import SpeechTokens

SAMPLES_PER_GROUP = 1_920
"""120 ms at 16 kHz."""

VOICE_RATE_HZ = 24_000


class LoudnessListening:
    """One group per 120 ms; all five codes say how loud it was."""

    def __init__(self, likely: Callable[[str], float] | None = None) -> None:
        self._rest: Samples = np.zeros(0, np.float32)
        self._likely = likely

    def feed(self, chunk: AudioChunk) -> SpeechTokens:
        sound = np.concatenate([self._rest, chunk.samples])
        whole = len(sound) // SAMPLES_PER_GROUP * SAMPLES_PER_GROUP
        self._rest = sound[whole:]
        return self._groups(sound[:whole])

    def finish(self) -> SpeechTokens:
        padded = np.pad(self._rest, (0, -len(self._rest) % SAMPLES_PER_GROUP))
        self._rest = self._rest[:0]
        return self._groups(padded)

    def log_likelihoods(self, texts: Sequence[str]) -> list[float] | None:
        return None if self._likely is None else [self._likely(text) for text in texts]

    @staticmethod
    def _groups(sound: Samples) -> SpeechTokens:
        loudness = np.sqrt(np.square(sound.reshape(-1, SAMPLES_PER_GROUP)).mean(axis=1))
        return SpeechTokens(np.repeat((loudness * 1000).astype(np.uint16)[:, None], 5, axis=1))


@dataclass(frozen=True)
class LoudnessEars:
    """Hears how loud it is, in every view the same."""

    views: int = 1
    likely: Callable[[str], float] | None = None
    """How well texts explain any sound; None = it can't tell."""

    def stream(self, view: int = 0) -> LoudnessListening:
        assert view < self.views
        return LoudnessListening(self.likely)

    def tokens(self, sound: AudioChunk) -> SpeechTokens:
        listening = self.stream()
        return SpeechTokens(np.concatenate([listening.feed(sound).codes, listening.finish().codes]))


@dataclass
class ScriptedBrain:
    """Says what its script holds for the n-th answer; keeps everything it read. May be held before a token."""

    script: Callable[[int, int], Sequence[int]]
    """(number of the answer from 0, seed) to its ids."""

    ids: list[int] = field(default_factory=list)
    kept: list[int] = field(default_factory=list)
    """For each `resume`, how many ids did not have to be read again."""

    prompts: list[list[int]] = field(default_factory=list)
    """The whole context at the start of each answer."""

    question_complete: float | None = None
    said_likelihood: float = 0.0
    sound_from: int = 300
    """The first audio id: the thimble's."""

    hold_at: int | None = None
    held: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)
    decoded: int = 0

    def resume(self, ids: Sequence[int]) -> None:
        common = next((at for at, pair in enumerate(zip(self.ids, ids, strict=False)) if pair[0] != pair[1]), min(len(ids), len(self.ids)))
        self.kept.append(common)
        self.ids = list(ids)

    def read(self, ids: Sequence[int]) -> None:
        self.ids += ids

    def hear(self, ids: Sequence[int], *, last: bool = False) -> Sequence[int]:
        self.read(ids)
        return ids

    def decode(self, seed: int, limit: int) -> Iterator[int]:
        self.prompts.append(list(self.ids))
        yield from self._give(list(self.script(len(self.prompts) - 1, seed))[:limit])  # may hold the end: it is never said

    def voice(self, seed: int, limit: int, *, may_end: bool) -> Iterator[int]:
        """The script's sound, as often as it takes where it may not end."""
        self.prompts.append(list(self.ids))
        sound = [token_id for token_id in self.script(len(self.prompts) - 1, seed) if token_id >= self.sound_from]
        yield from self._give((sound if may_end else sound * limit)[:limit])

    def _give(self, ids: Sequence[int]) -> Iterator[int]:
        expected = list(self.ids)
        for token_id in ids:
            if self.decoded == self.hold_at:
                self.held.set()
                assert self.go_on.wait(timeout=10)
            self.decoded += 1
            yield token_id
            if self.ids != expected:
                raise EngineError("Another answer was begun before this one was finished.")
            self.ids.append(token_id)  # an id is read when the next is asked for (`Brain.decode`)
            expected.append(token_id)


@dataclass
class ToneSpeaking:
    """Every group is 120 ms / rate of one tone."""

    hz: float
    rate: float
    begun: int = 0

    def feed(self, groups: SpeechTokens) -> Sequence[AudioChunk]:
        if not len(groups):
            return []
        count = round(len(groups) * 0.12 / self.rate * VOICE_RATE_HZ)
        at = np.arange(self.begun, self.begun + count) / VOICE_RATE_HZ
        chunk = AudioChunk((0.3 * np.sin(2 * np.pi * self.hz * at)).astype(np.float32), VOICE_RATE_HZ, self.begun / VOICE_RATE_HZ)
        self.begun += count
        return [chunk]

    def finish(self) -> Sequence[AudioChunk]:
        return []


class ToneVoice:
    """Speaks in tones; pitch and rate are heard in them."""

    rate_hz = VOICE_RATE_HZ

    def stream(self, voice: str, prosody: Prosody, seed: int) -> ToneSpeaking:
        return ToneSpeaking(200.0 * 2 ** (prosody.pitch / 12), prosody.rate)
