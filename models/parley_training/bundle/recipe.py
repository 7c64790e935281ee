"""Put what the other recipes made into one bundle, measure its voices, and record every file.

    python -m parley_training.bundle --linguistic runs/linguistic --semantic runs/semantic --text runs/text \
        --backbone runs/backbone/backbone --vocoder runs/vocoder --tokens runs/tokens --out assets/parley_assets/bundles/mini

The bundle is built beside its place and moved there when it is whole. What a voice sounds like at rate 1 is measured on the vocoder's own
sound for answers of the corpus: achieved rate and pitch are later given against these figures.
"""

import argparse
import shutil
import statistics
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from parley_models.backbone.config import BackboneConfig
from parley_models.bundle import Bundle, write_manifest
from parley_models.manifest import Attribution, Manifest, Sampling, VoiceEntry
from parley_models.style import Control, Level
from parley_models.tokens import SpeechTokens
from parley_training.text.recipe import LAYOUT
from parley_training.tokens.recipe import codes_of

VERSION = "0.1.0"
UNMEASURED = VoiceEntry("", "", median_f0_hz=180.0, syllables_per_s=4.5)
MEASURED_ANSWERS = 60
SAMPLING = Sampling(text_temperature=0.0, audio_temperature=0.7, top_p=0.9, repetition_window=0, max_tokens=1500)
"""No repetition rule: in 120 ms groups a steady vowel or a pause rightly repeats its codes."""

ATTRIBUTIONS = (
    Attribution("CMU ARCTIC slt through flite (Carnegie Mellon University)", "BSD-style", "the recordings behind the voice that answers"),
    Attribution("CMU ARCTIC rms through flite (Carnegie Mellon University)", "BSD-style", "a voice that asked while the ears learned"),
    Attribution("espeak-ng", "GPL-3.0-or-later (the program; not part of this bundle)", "voices that asked while the ears learned"),
)


@dataclass(frozen=True, slots=True)
class Sources:
    """Folders of the other recipes."""

    linguistic: Path
    semantic: Path
    text: Path
    backbone: Path
    vocoder: Path

    def files(self) -> Iterable[tuple[Path, str]]:
        """Every file of the bundle: where it comes from, and its name inside."""
        for name in ("encoder.onnx", "codebook.npy", "cmvn.npy"):
            yield self.linguistic / name, f"linguistic/{name}"
        yield self.semantic / "semantic.onnx", "semantic.onnx"
        yield self.text / "text.model", "text.model"
        for name in ("config.json", "model.safetensors"):
            yield self.backbone / name, f"backbone/{name}"
        for path in sorted([*self.vocoder.glob("*.onnx"), *self.vocoder.glob("voices/*.safetensors")]):
            yield path, f"vocoder/{path.relative_to(self.vocoder).as_posix()}"


def build(sources: Sources, out: Path, answers: Path | None) -> Manifest:
    """Build the bundle at `out`, in the place of what was there.

    Raises:
        FileNotFoundError: a recipe has not written its file yet.
        BundleError: the parts make no bundle.
    """
    draft = out.with_name(f".{out.name}.part")
    shutil.rmtree(draft, ignore_errors=True)
    for source, name in sources.files():
        (draft / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, draft / name)
    manifest = write_manifest(draft, mini_manifest(draft))
    if answers is not None:
        voices = tuple(measured(Bundle(draft, manifest), voice, answers) for voice in manifest.voices)
        manifest = write_manifest(draft, replace(manifest, voices=voices, files=()))
    Bundle.open(draft)
    if out.exists():
        shutil.rmtree(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    draft.rename(out)
    return manifest


def mini_manifest(folder: Path) -> Manifest:
    """What Mini's manifest says before its voices are measured; the files are added when it is written."""
    context = BackboneConfig.from_file(folder / "backbone" / "config.json").max_seq_len
    voices = tuple(
        replace(UNMEASURED, name=path.stem, file=path.relative_to(folder).as_posix())
        for path in sorted((folder / "vocoder" / "voices").glob("*.safetensors"))
    )
    return Manifest(
        name="mini",
        title="Mini",
        version=VERSION,
        licence="Apache-2.0",
        tokens=LAYOUT,
        ears={},
        voice={},
        voices=voices,
        languages=("en",),
        context_tokens=context,
        sampling=SAMPLING,
        controls=mini_controls([voice.name for voice in voices]),
        attributions=ATTRIBUTIONS,
    )


def mini_controls(voices: list[str]) -> tuple[Control, ...]:
    """Rate and pitch, which never reach the prompt; and the voice, where there is a choice."""
    rows = [
        Control("rate", "continuous", minimum=0.5, maximum=2.0, default=1.0),
        Control("pitch", "continuous", minimum=-6.0, maximum=6.0, default=0.0),
    ]
    if len(voices) > 1:
        rows.append(Control("voice", "discrete", tuple(Level(name) for name in voices), default=voices[0]))
    return tuple(rows)
