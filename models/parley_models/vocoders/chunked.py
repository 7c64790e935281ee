"""stepvocoder's voice: a flow that remembers, so that chunks follow from one another (stepfun-ai/Step-Audio-EditX, cli/cosyvoice.py).

A chunk of semantic codes, each beside the linguistic code of its time, becomes mel once a few more codes are there; the estimator's
attention sees the prompt and the newest frames before. HiFT runs a few frames twice and fades from one chunk's sound into the next's.
The chunks' sizes are the bundle's, so how the groups come in changes nothing.

The rate is made between flow and HiFT: output frame j reads mel frame (j + 1/2) · rate − 1/2. At rate 1 everything is upstream's.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from parley_models.onnx_session import THIS_MACHINE, Array, OnnxSession, SessionSettings
from parley_models.pcm import AudioChunk, Samples
from parley_models.prosody import PLAIN, Prosody
from parley_models.tokens import Codes, SpeechTokens
from parley_models.vocoders.colour import coloured
from parley_models.vocoders.config import VoiceConfig
from parley_models.vocoders.flow_matching import guided, times, told_and_untold
from parley_models.vocoders.grid import LINGUISTIC_SIZE
from parley_models.vocoders.melody import Melody
from parley_models.vocoders.overlapped import frame_noise, source_noise
from parley_models.vocoders.stretch import MelStretch
from parley_models.vocoders.vocoder import VocoderStream, check_prosody
from parley_models.vocoders.voices import SpeakerVoice, read_voice, voice_names

Pairs = npt.NDArray[np.int64]
SEMANTIC_PER_GROUP = 3
NO_LINGUISTIC = LINGUISTIC_SIZE
"""Beside the third semantic code of a group: two linguistic codes last as long as three semantic ones."""

SEMANTIC_SHIFT = LINGUISTIC_SIZE + 1
"""Both books are in one table, with that row between them."""

_MEMORY = ("ahead", "doubled", "past_tokens", "past_frames")


@dataclass(frozen=True, slots=True)
class Noise:
    """Where an answer's randomness comes from: noise for frames start … stop."""

    mel: Callable[[int, int], Samples]
    """(1, mels, stop − start)"""

    source: Callable[[int, int], Samples]
    """(1, harmonics + 1, (stop − start) · hop)"""

    @staticmethod
    def seeded(seed: int, config: VoiceConfig) -> "Noise":
        """The same seed gives the same noise."""
        return Noise(lambda a, b: frame_noise(seed, a, b, config.mels), lambda a, b: source_noise(seed, a, b, config))


@dataclass(frozen=True, slots=True)
class ChunkedFlowHift:
    """A streaming flow and HiFT, of any size, on ONNX Runtime."""

    config: VoiceConfig
    folder: Path
    """Of the voices."""

    encoder: OnnxSession
    """See `networks.upstream_export.StreamingEncoder`."""

    estimator: OnnxSession
    """See `networks.dit.Dit`."""

    f0: OnnxSession
    hift: OnnxSession
    """See `networks.upstream_export.SourcedHift`."""

    @staticmethod
    def open(folder: Path, config: VoiceConfig, sessions: SessionSettings = THIS_MACHINE) -> "ChunkedFlowHift":
        """Load the four networks from a bundle's folder.

        Raises:
            BundleMissing: a file is not there.
            BundleCorrupt: a file is not what it should be.
        """
        names = (config.flow_encoder, config.flow_estimator, config.f0, config.hift)
        encoder, estimator, f0, hift = (OnnxSession(folder / name, sessions) for name in names)
        return ChunkedFlowHift(config, folder / config.voices, encoder, estimator, f0, hift)

    @property
    def rate_hz(self) -> int:
        """Of the sound."""
        return self.config.rate_hz

    @property
    def voices(self) -> tuple[str, ...]:
        """Names that `stream` takes, sorted."""
        return voice_names(self.folder)

    def frames(self, groups: int, rate: float) -> int:
        """Mel frames of so many groups."""
        return MelStretch(rate).frames(groups * SEMANTIC_PER_GROUP * self.config.frames_per_token)

    def samples(self, groups: int, rate: float) -> int:
        """The exact length of an answer."""
        return self.frames(groups, rate) * self.config.hop

    def stream(self, voice: str, prosody: Prosody = PLAIN, seed: int = 0) -> VocoderStream:
        """Begin an answer; see `Vocoder.stream`."""
        check_prosody(prosody, self.config)
        noise = Noise.seeded(seed, self.config)
        speaker = read_voice(self.folder, voice, self.config.mels)
        return coloured(ChunkedStream(self, speaker, noise, prosody), prosody, self.rate_hz)

    def whole(self, groups: SpeechTokens, voice: SpeakerVoice, noise: Noise) -> AudioChunk:
        """All groups at once, as upstream's `token2wav_nonstream` does."""
        flow = RememberingFlow(self, voice, noise)
        said = paired(groups.codes)
        mel = flow.extend(np.concatenate([flow.prompt, said]), flow.prompt_mel, last=True)[:, :, flow.prompt_mel.shape[2] :]
        sound, _ = self.sound(mel, np.zeros((1, 1, 0), np.float32), noise.source(0, mel.shape[2]))
        return AudioChunk(sound, self.config.rate_hz)

    def sound(self, mel: Samples, carried: Samples, noise: Samples) -> tuple[Samples, Samples]:
        """Samples (T · hop,) and source (1, 1, T · hop) of mel (1, mels, T); the source begins with the carried one (1, 1, k)."""
        (f0,) = self.f0.run({"mel": mel})
        feeds: dict[str, Array] = {"mel": mel, "f0": f0, "noise": noise, "carried": carried}
        sound, source = self.hift.run(feeds, ("sound", "source"))
        return sound[0], source


@dataclass(slots=True)
class RememberingFlow:
    """One answer's flow: pairs of codes in, mel out, and everything that was heard and made remembered."""

    vocoder: ChunkedFlowHift
    voice: SpeakerVoice
    noise: Noise
    prompt: Pairs = field(init=False)
    prompt_mel: Samples = field(init=False)
    """(1, mels, frames), drawn out to the prompt's codes."""

    _heard: dict[str, Samples] = field(init=False)
    _before: list[Samples] = field(init=False)
    _past: list[Samples] = field(init=False)

    def __post_init__(self) -> None:
        config = self.vocoder.config
        self.prompt = paired(grouped(self.voice.prompt_tokens))
        frames = len(self.prompt) * config.frames_per_token
        places = np.arange(frames) * len(self.voice.prompt_mel) // max(frames, 1)
        mel = self.voice.prompt_mel[places] if len(self.voice.prompt_mel) else np.zeros((frames, config.mels), np.float32)
        self.prompt_mel = np.ascontiguousarray(mel.T[None])
        self._heard = {name: self.vocoder.encoder.zeros(name) for name in _MEMORY}  # what is open in them begins empty
        self._before = [self.vocoder.estimator.zeros("before")] * config.euler_steps
        self._past = [self.vocoder.estimator.zeros("past")] * config.euler_steps

    def begin(self, ahead: Pairs) -> None:
        """Hear the prompt; `ahead` are the first codes of the answer, as many as the encoder looks ahead."""
        self.extend(np.concatenate([self.prompt, ahead]), self.prompt_mel)

    def extend(self, pairs: Pairs, cond: Samples | None = None, *, last: bool = False) -> Samples:
        """Mel (1, mels, frames) of codes (n, 2), all but the last `lookahead_tokens` of them; of all if nothing comes after the last."""
        config = self.vocoder.config
        mu, speaker = self.mu(pairs, last=last)
        whole = np.zeros_like(mu)
        if cond is not None:
            whole[:, :, : cond.shape[2]] = (cond - np.float32(config.mel_mean)) / np.float32(config.mel_deviation)
        if not mu.shape[2]:
            return mu
        return self._solve(mu, speaker, whole) * np.float32(config.mel_deviation) + np.float32(config.mel_mean)

    def mu(self, pairs: Pairs, *, last: bool = False) -> tuple[Samples, Samples]:
        """What the estimator is told of the same codes: mu (1, mels, frames) and the speaker (1, mels)."""
        config = self.vocoder.config
        padding = config.lookahead_tokens if last else 0
        tokens, present = np.pad(pairs, ((0, padding), (0, 0))), np.pad(np.ones(len(pairs), np.float32), (0, padding))
        if len(tokens) <= config.lookahead_tokens:
            return np.zeros((1, config.mels, 0), np.float32), np.zeros((1, config.mels), np.float32)
        feeds: dict[str, Array] = {"tokens": tokens[None], "present": present[None], "speaker": self.voice.speaker, **self._heard}
        mu, speaker, *heard = self.vocoder.encoder.run(feeds, ("mu", "projected", *(f"next_{name}" for name in _MEMORY)))
        self._heard = dict(zip(_MEMORY, heard, strict=True))
        return mu, speaker

    def _solve(self, mu: Samples, speaker: Samples, cond: Samples) -> Samples:
        config, moments = self.vocoder.config, times(self.vocoder.config.euler_steps)
        made = self._past[0].shape[3]
        mel = self.noise.mel(made, made + mu.shape[2])
        twice = told_and_untold(mu=mu, speaker=speaker, cond=cond)
        for step, now in enumerate(moments[:-1]):
            feeds = {"x": np.concatenate([mel, mel]), "time": np.full(2, now, np.float32), **twice}
            feeds |= {"before": self._before[step], "past": self._past[step]}
            velocity, self._before[step], fresh = self.vocoder.estimator.run(feeds, ("velocity", "next_before", "fresh"))
            self._past[step] = np.concatenate([fresh, self._past[step]], axis=3)  # newest first
            mel = mel + np.float32(moments[step + 1] - now) * guided(velocity, config.guidance)
        return mel

    def forget(self) -> None:
        """Keep the prompt and the newest frames."""
        newest, prompt = self.vocoder.config.remembered_frames, self.prompt_mel.shape[2]
        if self._past[0].shape[3] > newest + prompt:
            for step, past in enumerate(self._past):
                oldest = past[:, :, :, past.shape[3] - prompt :]
                self._past[step] = np.concatenate([past[:, :, :, :newest], oldest], axis=3)


class ChunkedStream:
    """One answer: codes in, mel by chunks, sound out."""

    def __init__(self, vocoder: ChunkedFlowHift, voice: SpeakerVoice, noise: Noise, prosody: Prosody = PLAIN) -> None:
        self._vocoder, self._noise, self._melody = vocoder, noise, Melody(prosody, 0.0, vocoder.config)
        self._flow = RememberingFlow(vocoder, voice, noise)
        self._waiting: Pairs = np.zeros((0, 2), np.int64)
        self._begun = False
        self._chunks = 0
        self._stretch = MelStretch(prosody.rate)
        self._sounding = FadingHift(vocoder, noise)

    def feed(self, groups: SpeechTokens) -> list[AudioChunk]:
        """Take groups; the sound of the chunks that they complete."""
        self._waiting = np.concatenate([self._waiting, paired(self._melody.feed(groups.codes))])
        self._begin()
        ahead, sizes, sound = self._vocoder.config.lookahead_tokens, self._vocoder.config.chunk_tokens, []
        while len(self._waiting) >= (size := sizes[min(self._chunks, len(sizes) - 1)]) + ahead:
            mel = self._flow.extend(self._waiting[: size + ahead])
            self._flow.forget()
            self._waiting = self._waiting[size:]
            self._chunks += 1
            sound += self._sounding.sound(self._stretch.feed(mel))
        return sound

    def finish(self) -> list[AudioChunk]:
        """The sound of what is left."""
        if not self._begun and not len(self._waiting):
            return []
        self._begin(anyway=True)
        mel = self._flow.extend(self._waiting, last=True)
        self._waiting = self._waiting[:0]
        return self._sounding.sound(self._stretch.feed(mel, last=True), last=True)

    def _begin(self, *, anyway: bool = False) -> None:
        ahead = self._vocoder.config.lookahead_tokens
        if not self._begun and (len(self._waiting) >= ahead or anyway):
            first = self._waiting[:ahead]
            self._flow.begin(np.pad(first, ((0, ahead - len(first)), (0, 0))))
            self._begun = True


class FadingHift:
    """Mel going in, sound coming out; the last frames of a chunk sound again at the head of the next, and both fade into each other."""

    def __init__(self, vocoder: ChunkedFlowHift, noise: Noise) -> None:
        self._vocoder, self._noise = vocoder, noise
        config = vocoder.config
        self._mel = np.zeros((1, config.mels, 0), np.float32)
        self._source = np.zeros((1, 1, 0), np.float32)
        self._sound: Samples = np.zeros(0, np.float32)
        self._window = np.hamming(2 * config.fade_frames * config.hop).astype(np.float32)
        self._frames_in, self._samples_out = 0, 0

    def sound(self, mel: Samples, last: bool = False) -> list[AudioChunk]:
        """The sound that more mel (1, mels, T) completes, as one chunk or none."""
        config, shared = self._vocoder.config, self._vocoder.config.fade_frames * self._vocoder.config.hop
        if not mel.shape[2]:  # nothing that what is held could fade into
            return self._chunk(self._sound) if last else []
        start = self._frames_in - self._mel.shape[2]
        self._frames_in += mel.shape[2]
        mel = np.ascontiguousarray(np.concatenate([self._mel, mel], axis=2))
        sound, source = self._vocoder.sound(mel, self._source, self._noise.source(start, start + mel.shape[2]))
        faded = len(self._sound)
        if faded:
            rise, fall = self._window[:shared], self._window[shared:]
            sound = np.concatenate([sound[:faded] * rise[:faded] + self._sound * fall[:faded], sound[faded:]])
        self._mel, self._source, self._sound = mel[:, :, -config.fade_frames :], source[:, :, -shared:], sound[-shared:]
        return self._chunk(sound if last else sound[: max(0, len(sound) - shared)])

    def _chunk(self, ready: Samples) -> list[AudioChunk]:
        if not len(ready):
            return []
        start_s = self._samples_out / self._vocoder.config.rate_hz
        self._samples_out += len(ready)
        return [AudioChunk(ready.clip(-1, 1), self._vocoder.config.rate_hz, start_s)]  # Hamming's halves add up to 1.08


def paired(codes: Codes | npt.NDArray[np.int64]) -> Pairs:
    """Codes (groups, 5) as pairs (3 · groups, 2) of rows of the one table: [L L S S S] → [L S] [L S] [nothing S]."""
    codes = codes.astype(np.int64)
    linguistic = np.concatenate([codes[:, :2], np.full((len(codes), 1), NO_LINGUISTIC)], axis=1)
    return np.stack([linguistic.reshape(-1), codes[:, 2:].reshape(-1) + SEMANTIC_SHIFT], axis=1)


def grouped(flat: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Flat tokens (n,) as codes (groups, 5); an incomplete last group is filled up with zeros, as upstream does."""
    whole = np.pad(flat, (0, -len(flat) % 5)).reshape(-1, 5)
    codes: npt.NDArray[np.int64] = np.maximum(whole - np.array([0, 0] + [LINGUISTIC_SIZE] * 3), 0)
    return codes
