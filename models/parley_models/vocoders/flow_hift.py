"""Mini's voice: flow and HiFT on a fixed grid of blocks, so that a stream equals the whole by construction.

The codes get the melody that is asked for, then every block of 18 mel frames is a pure function of the codes, the rate, the noise of its
frames and the last frames before it; HiFT looks left only and carries what it saw. How the groups come in changes nothing.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from parley_models.errors import BundleCorrupt, UsageError
from parley_models.onnx_session import THIS_MACHINE, Array, OnnxSession, SessionSettings
from parley_models.pcm import AudioChunk, Samples
from parley_models.prosody import PLAIN, Prosody
from parley_models.tokens import Codes, SpeechTokens
from parley_models.vocoders.colour import coloured
from parley_models.vocoders.config import VoiceConfig
from parley_models.vocoders.flow_matching import solve
from parley_models.vocoders.formants import moved
from parley_models.vocoders.grid import Grid, output_frames
from parley_models.vocoders.mel import FLOOR
from parley_models.vocoders.melody import Melody
from parley_models.vocoders.vocoder import VocoderStream, check_prosody
from parley_models.vocoders.voices import SpeakerVoice, read_voice, voice_names
from parley_models.vocoders.whisper import whispered

SILENCE = np.float32(np.log(FLOOR))


@dataclass(frozen=True, slots=True)
class FlowHift:
    """A block-causal flow and a causal HiFT."""

    config: VoiceConfig
    folder: Path
    """Of the voices."""

    encoder: OnnxSession
    """tokens (1, groups · 5) int64, positions (1, T), speaker (1, n) → mu (1, mels, T), speaker (1, mels)."""

    estimator: OnnxSession
    """See `flow_matching.solve`."""

    hift: OnnxSession
    """mel (1, mels, T), noise (1, harmonics + 1, T · hop), cycles (1, 1) float64, voicing (1, 1), state (1, n) → sound (1, T · hop),
    f0 (1, T), state. Older bundles have no voicing.
    """

    @staticmethod
    def open(folder: Path, config: VoiceConfig, sessions: SessionSettings = THIS_MACHINE) -> "FlowHift":
        """Load the three networks from a bundle's folder.

        Raises:
            BundleMissing: a file is not there.
            BundleCorrupt: a file is not what it should be.
        """
        names = (config.flow_encoder, config.flow_estimator, config.hift)
        encoder, estimator, hift = (OnnxSession(folder / name, sessions) for name in names)
        if "state" not in hift.inputs:
            raise BundleCorrupt(f"{folder / config.hift} carries no state: it is no causal HiFT.")
        return FlowHift(config, folder / config.voices, encoder, estimator, hift)

    @property
    def rate_hz(self) -> int:
        """Of the sound."""
        return self.config.rate_hz

    @property
    def voices(self) -> tuple[str, ...]:
        """Names that `stream` takes, sorted."""
        return voice_names(self.folder)

    @property
    def whispers(self) -> bool:
        """Whether its voice can be taken back."""
        return "voicing" in self.hift.inputs

    def samples(self, groups: int, rate: float) -> int:
        """The exact length of an answer."""
        return output_frames(groups, rate) * self.config.hop

    def stream(self, voice: str, prosody: Prosody = PLAIN, seed: int = 0) -> VocoderStream:
        """Begin an answer; see `Vocoder.stream`."""
        check_prosody(prosody, self.config, can_whisper=self.whispers)
        return coloured(BlockStream(self, read_voice(self.folder, voice, self.config.mels), prosody, seed), prosody, self.rate_hz)


class BlockStream:
    """One answer: codes in, mel by blocks, sound out."""

    def __init__(self, vocoder: FlowHift, voice: SpeakerVoice, prosody: Prosody, seed: int) -> None:
        config = vocoder.config
        self._vocoder = vocoder
        self._grid = Grid(config.finished_frames, config.new_frames, config.encoder_groups)
        self._speaker, self._rate, self._melody = voice.speaker, prosody.rate, Melody(prosody, voice.semitones, config)
        self._formants = voice.formants
        shifted = config.shifted_guidance if prosody.melody else None
        self._guidance = config.guidance if shifted is None else shifted
        self._random = np.random.default_rng([seed, 0])
        self._codes: Codes = np.zeros((0, 5), np.uint16)
        self._blocks = 0
        blank = (1, config.mels, self._grid.finished)
        self._finished = np.full(blank, (SILENCE - config.mel_mean) / config.mel_deviation, np.float32)
        self._noise = self._random.standard_normal(blank[::-1], np.float32).transpose(2, 1, 0)
        self._sounding = HiftStream(vocoder, seed, 0.0 if prosody.whispered else 1.0)

    def feed(self, groups: SpeechTokens) -> list[AudioChunk]:
        """Take groups; the sound of the blocks that they complete, as one chunk."""
        self._codes = np.concatenate([self._codes, self._melody.feed(groups.codes)])
        mels = []
        while self._grid.groups_needed(self._blocks, self._rate) <= len(self._codes):
            mels.append(self._next_block())
        return self._sounding.sound(mels)

    def finish(self) -> list[AudioChunk]:
        """The sound of what is left: the last block is cut where the answer ends."""
        total = output_frames(len(self._codes), self._rate)
        mels = []
        while (done := self._blocks * self._grid.new) < total:
            mels.append(self._next_block()[:, :, : total - done])
        return self._sounding.sound(mels, last=True)

    def _next_block(self) -> Samples:
        """Log-mel (1, mels, new) of the next block."""
        vocoder, config, grid = self._vocoder, self._vocoder.config, self._grid
        stop_group = grid.groups_needed(self._blocks, self._rate)
        positions = grid.positions(self._blocks * grid.new, self._rate, stop_group - grid.groups)
        feeds: dict[str, Array] = {
            "tokens": grid.tokens(self._codes, stop_group)[None],
            "positions": positions[None],
            "speaker": self._speaker,
        }
        mu, speaker = vocoder.encoder.run(feeds)
        fresh = self._random.standard_normal((grid.new, config.mels, 1), np.float32).transpose(2, 1, 0)
        noise = np.concatenate([self._noise, fresh], axis=2)
        cond = np.concatenate([self._finished, np.zeros((1, config.mels, grid.new), np.float32)], axis=2)
        mel = solve(vocoder.estimator, noise, mu, speaker, cond, config.euler_steps, self._guidance)
        self._noise, self._finished = noise[:, :, -grid.finished :], mel[:, :, -grid.finished :]
        self._blocks += 1
        finished = mel[:, :, grid.finished :] * np.float32(config.mel_deviation) + np.float32(config.mel_mean)
        return finished if self._formants == 1.0 else moved(finished, self._formants, config.mel)


class HiftStream:
    """Mel going in, sound coming out `lookahead_frames` later."""

    def __init__(self, vocoder: FlowHift, seed: int, voicing: float = 1.0) -> None:
        """`voicing` is 1 for a voice as it is predicted and 0 for a whisper; it multiplies the F0, so nothing between is of use.

        Raises:
            UsageError: this HiFT's voice can't be taken back.
        """
        if voicing != 1.0 and not vocoder.whispers:
            raise UsageError("This voice can't whisper.")
        self._config, self._hift = vocoder.config, vocoder.hift
        self._whispered = voicing == 0.0
        self._voicing = {"voicing": np.full((1, 1), voicing, np.float32)} if vocoder.whispers else {}
        self._state = vocoder.hift.zeros("state")
        self._cycles = np.zeros((1, 1), np.float64)
        self._random = np.random.default_rng([seed, 1])
        self._early = vocoder.config.lookahead_frames * vocoder.config.hop
        self._samples_out = 0
        self._begun = False

    def sound(self, mels: list[Samples], last: bool = False) -> list[AudioChunk]:
        """The sound that more mel (each (1, mels, T)) completes, as one chunk or none."""
        config = self._config
        if last and config.lookahead_frames and (mels or self._begun):
            mels = [*mels, np.full((1, config.mels, config.lookahead_frames), SILENCE, np.float32)]
        if not mels:
            return []
        self._begun = True
        samples = self._step(np.concatenate(mels, axis=2))
        skipped = min(self._early, len(samples))  # what sounds before the first frame
        self._early -= skipped
        if skipped == len(samples):
            return []
        chunk = AudioChunk(samples[skipped:], config.rate_hz, self._samples_out / config.rate_hz)
        self._samples_out += len(chunk.samples)
        return [chunk]

    def _step(self, mel: Samples) -> Samples:
        config = self._config
        if self._whispered:
            mel = whispered(mel, config.mel)
        noise = self._random.standard_normal((mel.shape[2] * config.hop, config.harmonics + 1), np.float32).T[None]
        feeds: dict[str, Array] = {"mel": mel, "noise": np.ascontiguousarray(noise), "cycles": self._cycles, "state": self._state}
        sound, f0, self._state = self._hift.run(feeds | self._voicing, ("sound", "f0", "next_state"))
        passed = self._cycles[0, 0] + np.sum(f0.astype(np.float64)) * config.hop / config.rate_hz
        self._cycles = np.array([[passed - np.floor(passed)]])
        samples: Samples = sound[0]
        return samples
