"""Voices: who speaks, as small safetensors files."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load_file

from parley_models.errors import BundleCorrupt, BundleMissing
from parley_models.pcm import Samples
from parley_models.vocoders.mel import Mel


@dataclass(frozen=True, slots=True)
class SpeakerVoice:
    """What the flow is told about a speaker."""

    speaker: Samples
    """float32 (1, 192): the speaker vector, of any length."""

    prompt_mel: Mel
    """float32 (frames, mels), natural log: how the speaker sounds; none for a voice that needs none."""

    prompt_tokens: npt.NDArray[np.int64]
    """(n,) flat tokens of the prompt."""

    semitones: float = 0.0
    """Where the voice lies, from what the codes say: they may be another voice's."""

    formants: float = 1.0
    """How many times as high its formants lie as those that the flow makes: below 1 is a larger speaker."""


def voice_names(folder: Path) -> tuple[str, ...]:
    """The voices in a folder, sorted."""
    return tuple(sorted(path.stem for path in folder.glob("*.safetensors")))


def read_voice(folder: Path, name: str) -> SpeakerVoice:
    """Read NAME.safetensors: `speaker` (1, n), and optionally `prompt_mel` (frames, mels), `prompt_tokens` (n,), `semitones` (1,) and
    `formants` (1,).

    Raises:
        BundleMissing: no such voice.
        BundleCorrupt: the file is not what it should be.
    """
    if name not in voice_names(folder):
        raise BundleMissing(f"There is no voice “{name}”; there are: {', '.join(voice_names(folder)) or 'none'}.")
    path = folder / f"{name}.safetensors"
    try:
        held = load_file(path)
    except (SafetensorError, OSError) as error:
        raise BundleCorrupt(f"The voice {path} is damaged.") from error
    if "speaker" not in held or held["speaker"].ndim != 2:
        raise BundleCorrupt(f"The voice {path} holds no speaker vector.")
    mel = held.get("prompt_mel", np.zeros((0, 0)))
    tokens = held.get("prompt_tokens", np.zeros(0)).astype(np.int64)
    semitones = float(held.get("semitones", np.zeros(1)).flat[0])
    formants = float(held.get("formants", np.ones(1)).flat[0])
    return SpeakerVoice(held["speaker"].astype(np.float32), mel.astype(np.float32), tokens, semitones, formants)
