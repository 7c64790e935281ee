"""Upstream's voice: bidirectional flow and HiFT, whole or streamed by overlapping windows.

Every step of such a flow hears every other, so a stream can't equal the whole. Windows on a fixed schedule of groups (3, then 6, 12, 24,
24 …) hear what came before, get the same noise for the same frames, and fade into each other; the schedule does not depend on how the
groups come in. HiFT then runs on finished mel with margins on both sides, its source in one phase throughout.

Measured on the miniature reference (random weights, 30 groups): the streamed mel lies -14 dB from the whole's, relative to its variance,
the sound -6 dB, because phases part with F0; the margins alone cost nothing (-97 dB).
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from parley_models.onnx_session import THIS_MACHINE, OnnxSession, SessionSettings
from parley_models.pcm import AudioChunk, Samples
from parley_models.prosody import PLAIN, Prosody
from parley_models.tokens import Codes, SpeechTokens
from parley_models.vocoders.colour import coloured
from parley_models.vocoders.config import VoiceConfig
from parley_models.vocoders.flow_matching import solve
from parley_models.vocoders.grid import LINGUISTIC_SIZE, TOKENS_PER_GROUP
from parley_models.vocoders.melody import Melody
from parley_models.vocoders.vocoder import VocoderStream, check_prosody
from parley_models.vocoders.voices import SpeakerVoice, read_voice, voice_names

FIRST_GROUPS, MOST_GROUPS = 3, 24
CONTEXT_GROUPS = 24
"""What a window hears of the past."""

FADE_FRAMES = 6
"""Frames of mel that two windows share."""

SIDE_FRAMES = 10
"""Mel that HiFT sees on both sides of what it sounds."""

_MEL_NOISE, _SOURCE_NOISE = 0, 1


@dataclass(frozen=True, slots=True)
class OverlappedFlowHift:
    """CosyVoice-1's flow and HiFT, of any size, on ONNX Runtime."""

    config: VoiceConfig
    folder: Path
    encoder: OnnxSession
    estimator: OnnxSession
    f0: OnnxSession
    hift: OnnxSession

    @staticmethod
    def open(folder: Path, config: VoiceConfig, sessions: SessionSettings = THIS_MACHINE) -> "OverlappedFlowHift":
        """Load the four networks from a bundle's folder.

        Raises:
            BundleMissing: a file is not there.
            BundleCorrupt: a file is not what it should be.
        """
        names = (config.flow_encoder, config.flow_estimator, config.f0, config.hift)
        encoder, estimator, f0, hift = (OnnxSession(folder / name, sessions) for name in names)
        return OverlappedFlowHift(config, folder / config.voices, encoder, estimator, f0, hift)

    @property
    def rate_hz(self) -> int:
        """Of the sound."""
        return self.config.rate_hz

    @property
    def voices(self) -> tuple[str, ...]:
        """Names that `stream` takes, sorted."""
        return voice_names(self.folder)

    def frames(self, groups: int, rate: float) -> int:
        """Mel frames of so many groups, cut as upstream does: int(tokens / tokens per second · frames per second)."""
        return int(groups * TOKENS_PER_GROUP / self.config.tokens_per_s * self.config.rate_hz / self.config.hop / rate + 1e-9)

    def samples(self, groups: int, rate: float) -> int:
        """The exact length of an answer."""
        return self.frames(groups, rate) * self.config.hop

    def stream(self, voice: str, prosody: Prosody = PLAIN, seed: int = 0) -> VocoderStream:
        """Begin an answer; see `Vocoder.stream`."""
        check_prosody(prosody, self.config)
        return coloured(OverlappedStream(self, self._voice(voice), prosody, seed), prosody, self.rate_hz)

    def whole(self, groups: SpeechTokens, voice: str, rate: float = 1.0, seed: int = 0) -> AudioChunk:
        """All groups at once, as upstream's `token_to_wav_offline` does."""
        total = self.frames(len(groups), rate)
        tokens = flat(groups.codes)
        mel = self.mel(tokens, spread(len(tokens), total), self._voice(voice), frame_noise(seed, 0, total, self.config.mels))
        (f0,) = self.f0.run({"mel": mel})
        return AudioChunk(self.sound(mel, f0, 0, 0.0, seed), self.config.rate_hz)

    def _voice(self, name: str) -> SpeakerVoice:
        return read_voice(self.folder, name, self.config.mels)

    def mel(self, tokens: npt.NDArray[np.int64], positions: Samples, voice: SpeakerVoice, noise: Samples) -> Samples:
        """Log-mel (1, mels, T) of tokens (n,) read at positions (T,), after the voice's prompt.

        noise (1, mels, T), made longer for the prompt, or that of the prompt's frames and these.
        """
        config = self.config
        said, heard = len(voice.prompt_tokens), len(voice.prompt_mel)
        everything = np.concatenate([voice.prompt_tokens, tokens])[None]
        places = np.concatenate([spread(said, heard), positions + np.float32(said)])[None]
        mu, speaker = self.encoder.run({"tokens": everything, "positions": places, "speaker": voice.speaker})
        cond = np.zeros_like(mu)
        cond[0, :, :heard] = (voice.prompt_mel.T - config.mel_mean) / config.mel_deviation if heard else 0
        if noise.shape[2] == len(positions):
            noise = np.concatenate([frame_noise(-1, 0, heard, config.mels), noise], axis=2)
        mel = solve(self.estimator, noise, mu, speaker, cond, config.euler_steps, config.guidance)
        made = mel[:, :, heard:] * np.float32(config.mel_deviation) + np.float32(config.mel_mean)
        return np.ascontiguousarray(made)

    def sound(self, mel: Samples, f0: Samples, first_frame: int, cycles: float, seed: int) -> Samples:
        """Samples (T · hop,) of mel (1, mels, T) and f0 (1, T), whose source has passed `cycles` cycles when it begins."""
        config = self.config
        noise = source_noise(seed, first_frame, first_frame + mel.shape[2], config)
        feeds = {"mel": mel, "f0": f0, "noise": noise, "cycles": np.array([[cycles % 1.0]])}
        if "carried" in self.hift.inputs:  # an imported one could go on with a source that it is given
            feeds["carried"] = np.zeros((1, 1, 0), np.float32)
        (sound,) = self.hift.run(feeds, ("sound",))
        samples: Samples = sound[0]
        return samples


class OverlappedStream:
    """One answer: codes in, windows of mel that fade into each other, sound out."""

    def __init__(self, vocoder: OverlappedFlowHift, voice: SpeakerVoice, prosody: Prosody, seed: int) -> None:
        self._vocoder, self._voice, self._rate, self._seed = vocoder, voice, prosody.rate, seed
        self._melody = Melody(prosody, 0.0, vocoder.config)
        self._codes: Codes = np.zeros((0, TOKENS_PER_GROUP), np.uint16)
        self._planned, self._step = FIRST_GROUPS, FIRST_GROUPS
        self._mel = np.zeros((1, vocoder.config.mels, 0), np.float32)
        self._f0 = np.zeros((1, 0), np.float32)

    def feed(self, groups: SpeechTokens) -> list[AudioChunk]:
        """Take groups; the sound of the windows that they complete."""
        self._codes = np.concatenate([self._codes, self._melody.feed(groups.codes)])
        chunks = []
        while self._planned <= len(self._codes):
            self._extend(self._planned)
            chunks += self._sound(self._mel.shape[2] - FADE_FRAMES - SIDE_FRAMES)
            self._step = min(2 * self._step, MOST_GROUPS)
            self._planned += self._step
        return chunks

    def finish(self) -> list[AudioChunk]:
        """The sound of what is left."""
        if self._mel.shape[2] < self._vocoder.frames(len(self._codes), self._rate):
            self._extend(len(self._codes))
        return self._sound(self._mel.shape[2])

    def _extend(self, stop: int) -> None:
        """Make the mel up to group `stop`, fading from what there is."""
        vocoder, rate = self._vocoder, self._rate
        first = max(0, self._planned - self._step - CONTEXT_GROUPS)
        begin, end = vocoder.frames(first, rate), vocoder.frames(stop, rate)
        if end <= self._mel.shape[2]:
            return
        tokens = flat(self._codes[first:stop])
        ratio = vocoder.config.tokens_per_s * vocoder.config.hop / vocoder.config.rate_hz * rate
        positions = ((np.arange(begin, end) + 0.5) * ratio - 0.5 - first * TOKENS_PER_GROUP).clip(0, len(tokens) - 1).astype(np.float32)
        mel = vocoder.mel(tokens, positions, self._voice, frame_noise(self._seed, begin, end, vocoder.config.mels))
        keep = max(0, self._mel.shape[2] - FADE_FRAMES)
        shared = self._mel.shape[2] - keep
        new = mel[:, :, keep - begin :]
        rise = ((np.arange(shared) + 1) / (shared + 1)).astype(np.float32)
        faded = self._mel[:, :, keep:] * (1 - rise) + new[:, :, :shared] * rise
        self._mel = np.concatenate([self._mel[:, :, :keep], faded, new[:, :, shared:]], axis=2)

    def _sound(self, stop: int) -> list[AudioChunk]:
        """The sound of the frames up to `stop` that have not sounded yet."""
        start = self._f0.shape[1]
        if stop <= start:
            return []
        config = self._vocoder.config
        left, right = max(0, start - SIDE_FRAMES), min(self._mel.shape[2], stop + SIDE_FRAMES)
        mel = np.ascontiguousarray(self._mel[:, :, left:right])
        (fresh,) = self._vocoder.f0.run({"mel": mel})
        f0 = np.concatenate([self._f0[:, left:], fresh[:, start - left :]], axis=1)  # what has sounded keeps its F0, and so its phase
        cycles = float(np.sum(self._f0[:, :left], dtype=np.float64)) * config.hop / config.rate_hz
        samples = self._vocoder.sound(mel, f0, left, cycles, self._seed)
        self._f0 = np.concatenate([self._f0, fresh[:, start - left : stop - left]], axis=1)
        cut = samples[(start - left) * config.hop : (stop - left) * config.hop]
        return [AudioChunk(cut, config.rate_hz, start * config.hop / config.rate_hz)]


def flat(codes: Codes) -> npt.NDArray[np.int64]:
    """Codes (groups, 5) as one sequence (groups · 5,), semantic codes after the linguistic ones' numbers."""
    tokens: npt.NDArray[np.int64] = codes.astype(np.int64) + np.array([0, 0] + [LINGUISTIC_SIZE] * 3)
    return tokens.reshape(-1)


def spread(tokens: int, frames: int) -> Samples:
    """Positions (frames,) that spread `tokens` tokens evenly, both ends held: torch's linear interpolation without aligned corners."""
    steps = (np.arange(frames) + 0.5) * (tokens / max(frames, 1)) - 0.5
    return steps.clip(0, max(tokens - 1, 0)).astype(np.float32)


def frame_noise(seed: int, start: int, stop: int, size: int, kind: int = _MEL_NOISE) -> Samples:
    """Noise (1, size, stop − start) that is a function of seed and absolute frame: a frame made twice gets the same."""
    rows = [np.random.default_rng([seed + 1, kind, frame]).standard_normal(size, np.float32) for frame in range(start, stop)]
    return np.stack(rows, axis=1)[None] if rows else np.zeros((1, size, 0), np.float32)


def source_noise(seed: int, start: int, stop: int, config: VoiceConfig) -> Samples:
    """Noise (1, harmonics + 1, frames · hop) for HiFT's source, a function of seed and absolute frame as well."""
    waves = config.harmonics + 1
    noise = frame_noise(seed, start, stop, waves * config.hop, _SOURCE_NOISE)
    return np.ascontiguousarray(noise[0].T.reshape(-1, waves, config.hop).transpose(1, 0, 2).reshape(1, waves, -1))
