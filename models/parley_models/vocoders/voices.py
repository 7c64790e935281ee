"""Voices: who speaks, as small safetensors files."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load_file

from parley_models.errors import BundleCorrupt, BundleMissing
from parley_models.pcm import Samples
from parley_models.vocoders.grid import NOTHING
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
    """Where the voice lies, from what the codes say: they may be another voice's. Upstream's kinds read neither this nor the next."""

    formants: float = 1.0
    """How many times as high its formants lie as those that the flow makes: below 1 is a larger speaker."""


def voice_names(folder: Path) -> tuple[str, ...]:
    """The voices in a folder, sorted."""
    return tuple(sorted(path.stem for path in folder.glob("*.safetensors")))


def read_voice(folder: Path, name: str, mels: int) -> SpeakerVoice:
    """Read NAME.safetensors: `speaker` (1, n), and optionally `prompt_mel` (frames, mels) with the vocoder's bands, `prompt_tokens` (n,),
    `semitones` (1,) and `formants` (1,).

    Raises:
        BundleMissing: no such voice.
        BundleCorrupt: the file is not what it should be.
    """
    if name not in voice_names(folder):
        raise BundleMissing(f"There is no voice “{name}”; there are: {', '.join(voice_names(folder)) or 'none'}.")
    path = folder / f"{name}.safetensors"
    try:
        held = load_file(path)
    except (SafetensorError, OSError, TypeError, AttributeError) as error:  # the two last: numbers that numpy does not have
        raise BundleCorrupt(f"The voice {path} is damaged.") from error
    voice, wrong = held.get("speaker", np.zeros(0)), None
    mel, tokens = held.get("prompt_mel", np.zeros((0, 0))), held.get("prompt_tokens", np.zeros(0, np.int64))
    semitones, formants = held.get("semitones", np.zeros(1)), held.get("formants", np.ones(1))
    heard = mel.ndim == 2 and (not len(mel) or mel.shape[1] == mels) and np.isfinite(mel).all()
    if voice.ndim != 2 or len(voice) != 1 or not np.isfinite(voice).all():
        wrong = "speaker vector"
    elif not heard or tokens.ndim != 1 or not ((tokens >= 0) & (tokens < NOTHING)).all():
        wrong = "prompt"
    elif semitones.shape != (1,) or formants.shape != (1,) or not np.isfinite([semitones, formants]).all() or formants[0] <= 0:
        wrong = "place of its pitch and formants"
    if wrong:
        raise BundleCorrupt(f"The voice {path} holds no {wrong} that makes sense.")
    return SpeakerVoice(voice.astype(np.float32), mel.astype(np.float32), tokens.astype(np.int64), float(semitones[0]), float(formants[0]))
