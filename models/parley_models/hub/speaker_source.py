"""A recording as a voice: who speaks, how it sounds, and which codes it has."""

import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from parley_models.errors import BundleMissing, InputError
from parley_models.evaluation.measures import Measures
from parley_models.manifest import VoiceEntry
from parley_models.onnx_session import OnnxSession
from parley_models.pcm import AudioChunk
from parley_models.sound_file import read_question
from parley_models.tokenizers.config import RATE_HZ
from parley_models.tokenizers.dual import DualTokenizer, prepared_clip
from parley_models.tokenizers.resample import resample
from parley_models.tokens import SpeechTokens, merge
from parley_models.vocoders.config import VoiceConfig
from parley_models.vocoders.mel import mel_spectrogram
from parley_models.vocoders.overlapped import flat
from parley_models.vocoders.speaker import speaker_vector
from parley_models.vocoders.voices import SpeakerVoice

SHORTEST_S, LONGEST_S = 1.0, 15.0
"""The streaming estimator keeps the prompt in mind: 1.3 MB a frame at full size, 1 GB at 15 s."""

_VOICES = "vocoder/voices"


@dataclass(frozen=True, slots=True)
class SpeakerSource:
    """What makes voices of recordings: a bundle's ears, and the network that hears who speaks."""

    ears: DualTokenizer
    campplus: OnnxSession
    config: VoiceConfig

    @staticmethod
    def open(folder: Path, ears: DualTokenizer, config: VoiceConfig) -> "SpeakerSource":
        """Of a bundle's folder. Raises BundleMissing if it has no speaker network."""
        if not config.speaker_network:
            raise BundleMissing(f"{folder.name} has no network that hears who speaks, so voices can't be added to it.")
        return SpeakerSource(ears, OnnxSession(folder / config.speaker_network), config)

    def voice(self, sound: AudioChunk) -> SpeakerVoice:
        """The voice of a recording of any rate. Codes come from the trimmed clip, mel and vector from the whole (upstream's way)."""
        sound = self.lowered(sound)
        vector = speaker_vector(resample(sound.samples, sound.rate_hz, RATE_HZ), self.campplus)
        return SpeakerVoice(vector, self.mel(sound), flat(self.tokens(sound).codes))

    def mel(self, sound: AudioChunk) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        """The recording's log-mel (frames, mels)."""
        return mel_spectrogram(resample(sound.samples, sound.rate_hz, self.config.rate_hz), self.config.mel)

    def lowered(self, sound: AudioChunk) -> AudioChunk:
        """The recording, no louder than this vocoder wants it."""
        peak, most = float(np.abs(sound.samples).max(initial=0.0)), self.config.prompt_peak
        return replace(sound, samples=sound.samples * np.float32(most / peak)) if peak > most else sound

    def tokens(self, sound: AudioChunk) -> SpeechTokens:
        """The recording's codes, silence trimmed off its ends."""
        clip = prepared_clip(sound.samples, sound.rate_hz, replace(self.ears.config, trim_silence=True))
        return merge(self.ears.linguistic.codes(clip), self.ears.semantic.codes(clip))


def read_recording(path: Path) -> AudioChunk:
    """A recording fit to be a voice.

    Raises:
        InputError: no sound, too short or too long.
    """
    sound = read_question(path, None)
    if not SHORTEST_S <= sound.seconds <= LONGEST_S:
        raise InputError(f"{path} lasts {sound.seconds:.1f} s; a voice needs {SHORTEST_S:g} to {LONGEST_S:g} s, best 5 to 10.")
    return sound


def voice_name(path: Path, name: str | None = None) -> str:
    """What a voice is called: as asked, or after its file. Raises InputError for a name that can't be one."""
    wanted = name or re.sub(r"[^a-z0-9._-]+", "-", path.stem.lower()).strip("-._")
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,63}", wanted):
        raise InputError(f"“{wanted}” can't be the name of a voice: use small letters, digits, dots and hyphens (--name).")
    return wanted


def save_voice(voice: SpeakerVoice, folder: Path, name: str, sound: AudioChunk | None) -> VoiceEntry:
    """Write a voice into a bundle's folder, in one step; what is measured on the recording goes into its entry."""
    target = folder / _VOICES / f"{name}.safetensors"
    target.parent.mkdir(parents=True, exist_ok=True)
    held = {"speaker": voice.speaker.astype(np.float32)}
    if len(voice.prompt_mel):
        held |= {"prompt_mel": np.ascontiguousarray(voice.prompt_mel, np.float32), "prompt_tokens": voice.prompt_tokens.astype(np.int64)}
    draft = target.with_name(f".{target.name}.part")
    save_file(held, draft)
    draft.replace(target)
    found = Measures().measure(sound) if sound is not None else None
    pitch = (found.median_f0_hz if found else None) or UNKNOWN.median_f0_hz
    pace = (found.syllables_per_s if found else None) or UNKNOWN.syllables_per_s
    return VoiceEntry(name, f"{_VOICES}/{name}.safetensors", round(pitch, 1), round(pace, 2))


UNKNOWN = VoiceEntry("unknown", "", median_f0_hz=170.0, syllables_per_s=4.5)
"""Where nothing can be measured: a voice between men's and women's, at a common pace. Achieved pitch is then against this."""
