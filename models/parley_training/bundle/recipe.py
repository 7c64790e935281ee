"""Put what the other recipes made into one bundle, measure its voices, and record every file.

    python -m parley_training.bundle --linguistic runs/linguistic --semantic runs/semantic --text runs/text \
        --backbone runs/backbone/backbone --vocoder runs/vocoder/bundle --tokens runs/tokens --out assets/parley_assets/bundles/mini

The bundle is built beside its place and moved there when it is whole. What a voice sounds like at rate 1 is measured on the vocoder's own
sound for answers of the corpus: achieved rate and pitch are later given against these figures.
"""

import argparse
import logging
import shutil
import statistics
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import onnx

from parley_models.answer import joined
from parley_models.backbone.config import BackboneConfig
from parley_models.bundle import Bundle, write_manifest
from parley_models.errors import EngineError
from parley_models.evaluation.measures import Measures
from parley_models.manifest import Attribution, Manifest, Sampling, VoiceEntry
from parley_models.networks.vocoder_export import halve
from parley_models.parts import Voice
from parley_models.prompt import ChatTemplate
from parley_models.style import Control, Level
from parley_models.tokens import SpeechTokens
from parley_models.vocoders.config import VoiceConfig
from parley_models.vocoders.kinds import open_vocoder
from parley_training.backbone.listening import GROUPS_PER_BLOCK
from parley_training.bundle.provenance import without_traces
from parley_training.text.recipe import LAYOUT
from parley_training.tokens.recipe import codes_of

logger = logging.getLogger(__name__)

VERSION = "0.4.0"
UNMEASURED = VoiceEntry("", "", median_f0_hz=180.0, syllables_per_s=4.5)
MEASURED_ANSWERS = 30
HALVED = ("linguistic/encoder.onnx", "semantic.onnx")
"""Stored in half precision, 8 MB less; all 600 codes of the six sample questions stayed the same."""

SAMPLING = Sampling(text_temperature=0.0, audio_temperature=0.7, top_p=0.9, repetition_window=0, max_tokens=1500)
"""No repetition rule: in 120 ms groups a steady vowel or a pause rightly repeats its codes."""

ATTRIBUTIONS = (
    Attribution("CMU ARCTIC slt through flite (Carnegie Mellon University)", "BSD-style", "the recordings behind the voice that answers"),
    Attribution("CMU ARCTIC rms through flite (Carnegie Mellon University)", "BSD-style", "a voice that asked while the ears learned"),
    Attribution("festival's ked_diphone and cmu_us_slt_arctic_hts", "BSD-style", "voices that asked while the ears learned"),
    Attribution("LibriSpeech (Vassil Panayotov)", "CC BY 4.0", "people whom the ears learned from"),
    Attribution("Speech Commands (Pete Warden, Google)", "CC BY 4.0", "people whom the ears learned from"),
    Attribution("Free Spoken Digit Dataset (Zohar Jackson and others)", "CC BY-SA 4.0", "people whom the ears learned from"),
    Attribution("Custom speech commands (Shawn Hymel)", "CC BY 4.0", "a person whom the ears learned from"),
    Attribution("Picovoice, MycroftAI, Philipp Matthes", "Apache-2.0 or public domain", "people whom the ears learned from"),
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
        for path in [
            self.backbone / "config.json",
            *(sorted(self.backbone.glob("*.safetensors")) or [self.backbone / "model.safetensors"]),
        ]:
            yield path, f"backbone/{path.name}"
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
    for path in draft.rglob("*.onnx"):
        model = onnx.load(path)
        if path.relative_to(draft).as_posix() in HALVED:
            model = halve(model)
        onnx.save(without_traces(model), path)
    manifest = write_manifest(draft, mini_manifest(draft))
    if answers is not None:
        vocoder = open_vocoder(draft, VoiceConfig.read(manifest.voice))
        voices = tuple(measured(vocoder, voice, answers) for voice in manifest.voices)
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
        voice={"guidance": 0.0},
        voices=voices,
        languages=("en",),
        chat=ChatTemplate(writes_along_groups=GROUPS_PER_BLOCK, remembers_turns=False),
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


def measured(vocoder: Voice, voice: VoiceEntry, answers: Path) -> VoiceEntry:
    """A voice with the figures of its own sound at rate 1, over answers of the corpus.

    Raises:
        EngineError: there is no speech in the sound.
    """
    measures = Measures()
    found: list[tuple[float, float, float]] = []
    for codes in codes_of(answers)[:MEASURED_ANSWERS]:
        speaking = vocoder.stream(voice.name, 1.0, 0.0, seed=0)
        sound = joined([*speaking.feed(SpeechTokens(codes)), *speaking.finish()], vocoder.rate_hz)
        heard = measures.measure(sound)
        if heard.syllables_per_s and heard.median_f0_hz:
            found.append((heard.median_f0_hz, heard.syllables_per_s, sound.seconds - heard.span_s))
    if not found:
        raise EngineError(f"The voice {voice.name} says nothing that can be measured.")
    f0_hz, syllables, quiet_s = (statistics.median(column) for column in zip(*found, strict=True))
    return replace(voice, median_f0_hz=round(f0_hz, 1), syllables_per_s=round(syllables, 2), quiet_s=round(max(quiet_s, 0.0), 3))


def main() -> None:
    """Read the command line and build."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--linguistic", type=Path, default=Path("runs/linguistic"))
    parser.add_argument("--semantic", type=Path, default=Path("runs/semantic"))
    parser.add_argument("--text", type=Path, default=Path("runs/text"))
    parser.add_argument("--backbone", type=Path, default=Path("runs/backbone/backbone"), help="quantized or not")
    parser.add_argument("--vocoder", type=Path, default=Path("runs/vocoder/bundle"))
    parser.add_argument("--tokens", type=Path, default=Path("runs/tokens"), help="answers.npz there: what the voices are measured on")
    parser.add_argument("--out", type=Path, default=Path("assets/parley_assets/bundles/mini"))
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    sources = Sources(options.linguistic, options.semantic, options.text, options.backbone, options.vocoder)
    answers = options.tokens / "answers.npz"
    manifest = build(sources, options.out, answers if answers.exists() else None)
    size_mb = sum(entry.size_bytes for entry in manifest.files) / 1e6
    logger.info("%s: %d files, %.1f MB, voices %s", options.out, len(manifest.files), size_mb, manifest.voices)
    if not answers.exists():
        logger.warning("%s is not there: the voices' figures are placeholders, and achieved styles are not to be believed", answers)


if __name__ == "__main__":
    main()
