"""Both tokenizers on one stream of sound: groups of two linguistic and three semantic codes, 120 ms each."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import soxr

from parley_models.errors import InputError
from parley_models.onnx_session import THIS_MACHINE, SessionSettings
from parley_models.pcm import AudioChunk, Samples
from parley_models.tokenizers.config import BLOCK_SAMPLES, RATE_HZ, EarsConfig
from parley_models.tokenizers.linguistic import LinguisticTokenizer
from parley_models.tokenizers.loudness import normalise_peak, trim_silence
from parley_models.tokenizers.resample import resample
from parley_models.tokenizers.semantic import SemanticTokenizer
from parley_models.tokens import SpeechTokens, merge


class DualStream(Protocol):
    """Sound going in, complete groups coming out. Any one thread at a time; a finished stream is over."""

    def feed(self, chunk: AudioChunk) -> SpeechTokens:
        """Hear a chunk of any length and rate; returns the groups that it completes, possibly none.

        Raises:
            InputError: the rate changed within the stream.
            EngineError: a model failed.
        """
        ...

    def finish(self) -> SpeechTokens:
        """Nothing more comes: the groups of what is left."""
        ...


@dataclass(frozen=True, slots=True)
class DualTokenizer:
    """A bundle's ears."""

    config: EarsConfig
    linguistic: LinguisticTokenizer
    semantic: SemanticTokenizer

    @staticmethod
    def open(folder: Path, config: EarsConfig, sessions: SessionSettings = THIS_MACHINE) -> "DualTokenizer":
        """Load both tokenizers from a bundle's folder.

        Raises:
            BundleMissing: a file is not there.
            BundleCorrupt: a file is not what it should be.
        """
        return DualTokenizer(config, LinguisticTokenizer.open(folder, config, sessions), SemanticTokenizer.open(folder, config, sessions))

    @property
    def providers_taken(self) -> tuple[str, ...]:
        """The execution providers that run it."""
        return self.linguistic.encoder.providers_taken

    @property
    def views(self) -> int:
        """In how many ways the same sound can be heard; the first is as it is."""
        return 1 + len(self.config.delays) if self.config.mode == "blocks" else 1

    def stream(self, view: int = 0) -> DualStream:
        """A new stream that has heard nothing."""
        if self.config.mode == "clip":
            return ClipStream(self)
        return BlockStream(self, (0, *self.config.delays)[view])

    def tokens(self, sound: AudioChunk) -> SpeechTokens:
        """All groups of a whole clip."""
        stream = self.stream()
        first, last = stream.feed(sound), stream.finish()
        return SpeechTokens(np.concatenate([first.codes, last.codes]))


class BlockStream:
    """Mini's way: two groups leave with every 240 ms and never change; the end is filled up with zeros."""

    def __init__(self, ears: DualTokenizer, delay_samples: int = 0) -> None:
        """`delay_samples` of silence come before everything."""
        self._gain = np.float32(ears.config.gain)
        self._owed = np.zeros(delay_samples, np.float32)
        self._linguistic = ears.linguistic.stream()
        self._semantic = ears.semantic.stream()
        self._resampler: soxr.ResampleStream | None = None
        self._rate_hz: int | None = None
        self._heard_samples = 0

    def feed(self, chunk: AudioChunk) -> SpeechTokens:
        """Hear a chunk; see `DualStream`."""
        samples = np.concatenate([self._owed, self._at_16_khz(chunk)])
        self._owed = self._owed[:0]
        return self._hear(samples)

    def finish(self) -> SpeechTokens:
        """The groups of what is left, the last block filled up with zeros."""
        tail = np.zeros(0, np.float32)
        if self._resampler is not None:
            tail = self._resampler.resample_chunk(tail, last=True)
        padding = -(self._heard_samples + len(tail)) % BLOCK_SAMPLES
        return self._hear(np.pad(tail, (0, padding)))

    def _hear(self, samples: Samples) -> SpeechTokens:
        self._heard_samples += len(samples)
        sound = samples * self._gain
        return merge(self._linguistic.feed(sound), self._semantic.feed(sound))

    def _at_16_khz(self, chunk: AudioChunk) -> Samples:
        if self._rate_hz is None:
            self._rate_hz = chunk.rate_hz
            if chunk.rate_hz != RATE_HZ:
                self._resampler = soxr.ResampleStream(chunk.rate_hz, RATE_HZ, 1, dtype="float32")
        _refuse_other_rate(chunk, self._rate_hz)
        samples: Samples = np.asarray(chunk.samples, np.float32)
        if self._resampler is not None:
            samples = self._resampler.resample_chunk(samples)
        return samples


class ClipStream:
    """Step-Audio's way: peak and floor are those of the whole clip, so all groups leave at the end."""

    def __init__(self, ears: DualTokenizer) -> None:
        self._ears = ears
        self._chunks: list[AudioChunk] = []

    def feed(self, chunk: AudioChunk) -> SpeechTokens:
        """Keep a chunk until the end; see `DualStream`."""
        if self._chunks:
            _refuse_other_rate(chunk, self._chunks[0].rate_hz)
        self._chunks.append(chunk)
        return SpeechTokens.empty()

    def finish(self) -> SpeechTokens:
        """All groups of the clip; leftovers of either stream are dropped."""
        if not self._chunks:
            return SpeechTokens.empty()
        sound = prepared_clip(np.concatenate([chunk.samples for chunk in self._chunks]), self._chunks[0].rate_hz, self._ears.config)
        return merge(self._ears.linguistic.codes(sound), self._ears.semantic.codes(sound))


def prepared_clip(samples: Samples, rate_hz: int, config: EarsConfig) -> Samples:
    """A clip as upstream's tokenizers want it: 16 kHz, peak 0.999, silence trimmed if the config says so."""
    sound = normalise_peak(resample(np.asarray(samples, np.float32), rate_hz, RATE_HZ))
    return trim_silence(sound, RATE_HZ) if config.trim_silence else sound


def _refuse_other_rate(chunk: AudioChunk, rate_hz: int) -> None:
    if chunk.rate_hz != rate_hz:
        raise InputError(f"The sound began at {rate_hz:,} samples a second and went on at {chunk.rate_hz:,}.")
