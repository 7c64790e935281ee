"""Both tokenizers on one stream of sound: groups of two linguistic and three semantic codes, 120 ms each."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import soxr

from parley_models.errors import InputError
from parley_models.onnx_session import THIS_MACHINE, SessionSettings
from parley_models.pcm import AudioChunk, Samples
from parley_models.tokenizers.acoustic_model import AcousticModel
from parley_models.tokenizers.config import BLOCK_SAMPLES, RATE_HZ, EarsConfig
from parley_models.tokenizers.linguistic import LinguisticTokenizer
from parley_models.tokenizers.loudness import normalise_peak, trim_silence
from parley_models.tokenizers.resample import resample
from parley_models.tokenizers.semantic import SemanticTokenizer
from parley_models.tokenizers.spectrum import Frames
from parley_models.tokenizers.trailing import HELD_SAMPLES, TrailingWindow
from parley_models.tokens import Codes, SpeechTokens, merge


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

    def log_likelihoods(self, texts: Sequence[str]) -> list[float] | None:
        """How well each of these texts explains the sound so far; None if this stream can't tell."""
        ...


@dataclass(frozen=True, slots=True)
class DualTokenizer:
    """A bundle's ears."""

    config: EarsConfig
    linguistic: LinguisticTokenizer
    semantic: SemanticTokenizer
    acoustic: AcousticModel | None = None

    @staticmethod
    def open(folder: Path, config: EarsConfig, sessions: SessionSettings = THIS_MACHINE) -> "DualTokenizer":
        """Load both tokenizers from a bundle's folder.

        Raises:
            BundleMissing: a file is not there.
            BundleCorrupt: a file is not what it should be.
        """
        acoustic = None if config.phones is None else AcousticModel.open(folder / config.phones, folder / config.lexicon)
        linguistic, semantic = LinguisticTokenizer.open(folder, config, sessions), SemanticTokenizer.open(folder, config, sessions)
        return DualTokenizer(config, linguistic, semantic, acoustic)

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
        """All groups of a whole clip; in mode clip exactly upstream's."""
        if self.config.mode == "clip":
            clip = prepared_clip(sound.samples, sound.rate_hz, self.config)
            return merge(self.linguistic.codes(clip), self.semantic.codes(clip))
        stream = self.stream()
        first, last = stream.feed(sound), stream.finish()
        return SpeechTokens(np.concatenate([first.codes, last.codes]))


class BlockStream:
    """Mini's way: two groups leave with every 240 ms, a lookahead later, and never change; the end is filled up with zeros."""

    def __init__(self, ears: DualTokenizer, delay_samples: int = 0) -> None:
        """`delay_samples` of silence come before everything."""
        self._gain = np.float32(ears.config.gain)
        self._owed = np.zeros(delay_samples, np.float32)
        self._linguistic = ears.linguistic.stream()
        self._codebook = ears.linguistic.codebook
        self._semantic = ears.semantic.stream()
        self._acoustic = ears.acoustic
        self._frames: list[Frames] = []
        """The linguistic encoder's, at their own time, for the acoustic model."""

        self._early = self._lookahead = ears.config.lookahead_frames
        self._named: Codes = np.zeros(0, np.uint16)
        """Linguistic codes that wait for the semantic ones of their groups; `_heard` the other way round."""

        self._heard: Codes = np.zeros(0, np.uint16)
        self._resampler: soxr.ResampleStream | None = None
        self._rate_hz: int | None = None
        self._heard_samples = 0

    def feed(self, chunk: AudioChunk) -> SpeechTokens:
        """Hear a chunk; see `DualStream`."""
        samples = np.concatenate([self._owed, self._at_16_khz(chunk)])
        self._owed = self._owed[:0]
        return self._hear(samples)

    def finish(self) -> SpeechTokens:
        """The groups of what is left, the last block filled up with zeros; ears that look ahead see a block of zeros behind it."""
        tail = np.zeros(0, np.float32)
        if self._resampler is not None:
            tail = self._resampler.resample_chunk(tail, last=True)
        padding = -(self._heard_samples + len(tail)) % BLOCK_SAMPLES
        rest = self._hear(np.pad(tail, (0, padding)))
        if not self._lookahead:
            return rest
        self._name(np.zeros(BLOCK_SAMPLES, np.float32))
        return SpeechTokens(np.concatenate([rest.codes, self._groups().codes]))

    def log_likelihoods(self, texts: Sequence[str]) -> list[float] | None:
        """See `DualStream`."""
        if self._acoustic is None:
            return None
        nothing = np.zeros((0, self._codebook.width), np.float32)
        return self._acoustic.log_likelihoods(np.concatenate([nothing, *self._frames]), texts)

    def _hear(self, samples: Samples) -> SpeechTokens:
        self._heard_samples += len(samples)
        sound = samples * self._gain
        self._heard = np.concatenate([self._heard, self._semantic.feed(sound)])
        self._name(sound)
        return self._groups()

    def _name(self, sound: Samples) -> None:
        frames = self._linguistic.encode(sound)
        before, self._early = min(self._early, len(frames)), max(0, self._early - len(frames))
        self._named = np.concatenate([self._named, self._codebook.nearest(frames[before:])])
        if self._acoustic is not None:
            self._frames.append(frames[before:])

    def _groups(self) -> SpeechTokens:
        """What both tokenizers have named by now."""
        groups = merge(self._named, self._heard)
        self._named, self._heard = self._named[2 * len(groups) :], self._heard[3 * len(groups) :]
        return groups

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
    """Step-Audio's way. A clip below 1.2 s has exactly upstream's groups, at its end; a longer one gives groups as they become old enough.

    How a longer one's codes differ from those of `DualTokenizer.tokens` is told in `trailing`. Where silence is to be trimmed, all
    groups leave at the end and are upstream's: what is silence is known only when the loudest sound was heard.
    """

    def __init__(self, ears: DualTokenizer) -> None:
        self._ears = ears
        self._chunks: list[AudioChunk] = []
        self._rate_hz: int | None = None
        self._window: TrailingWindow | None = None

    def feed(self, chunk: AudioChunk) -> SpeechTokens:
        """Hear a chunk; see `DualStream`."""
        self._rate_hz = chunk.rate_hz if self._rate_hz is None else self._rate_hz
        _refuse_other_rate(chunk, self._rate_hz)
        if self._window is not None:
            return self._window.feed(chunk.samples)
        self._chunks.append(chunk)
        heard = sum(len(each.samples) for each in self._chunks)
        if self._ears.config.trim_silence or heard * RATE_HZ < HELD_SAMPLES * self._rate_hz:
            return SpeechTokens.empty()
        samples, self._chunks = _joined(self._chunks), []
        self._window = TrailingWindow(self._ears.linguistic, self._ears.semantic, self._rate_hz)
        return self._window.feed(samples)

    def finish(self) -> SpeechTokens:
        """The groups of what is left; leftovers of either stream are dropped."""
        if self._window is not None:
            return self._window.finish()
        if self._rate_hz is None:
            return SpeechTokens.empty()
        return self._ears.tokens(AudioChunk(_joined(self._chunks), self._rate_hz))

    def log_likelihoods(self, _texts: Sequence[str]) -> list[float] | None:
        """It can't tell; see `DualStream`."""
        return None


def prepared_clip(samples: Samples, rate_hz: int, config: EarsConfig) -> Samples:
    """A clip as upstream's tokenizers want it: 16 kHz, peak 0.999, silence trimmed if the config says so."""
    sound = normalise_peak(resample(np.asarray(samples, np.float32), rate_hz, RATE_HZ))
    return trim_silence(sound, RATE_HZ) if config.trim_silence else sound


def _refuse_other_rate(chunk: AudioChunk, rate_hz: int) -> None:
    if chunk.rate_hz != rate_hz:
        raise InputError(f"The sound began at {rate_hz:,} samples a second and went on at {chunk.rate_hz:,}.")


def _joined(chunks: Sequence[AudioChunk]) -> Samples:
    return np.concatenate([np.asarray(chunk.samples, np.float32) for chunk in chunks])
