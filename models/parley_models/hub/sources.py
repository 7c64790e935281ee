"""What the folders of a checkpoint are, told from the files in them: a backbone, the tokenizers, a vocoder, recordings."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from parley_models.errors import BundleMissing, UsageError

SOUND = frozenset({".wav", ".flac", ".ogg"})
CODEBOOKS = ("linguistic_tokenizer.npy", "km_iter_3000.npy")
VOCODER_FILES = ("cosyvoice.yaml", "flow.pt", "hift.pt")
DEEPEST = 3
"""Folders below a named one that are looked into: a release keeps vocoder and tokenizer one or two down."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Where everything lies that a bundle is made of."""

    backbone: Path
    """With `config.json`, safetensors and `tokenizer.model`."""

    tokenizer: Path
    """With the code book, `speech_tokenizer_v1.onnx` and, somewhere below, Paraformer."""

    paraformer: Path
    """With `config.yaml`, `am.mvn` and `model.pt`."""

    vocoder: Path
    """With `cosyvoice.yaml`, `flow.pt`, `hift.pt` and mostly `campplus.onnx`."""

    recordings: tuple[Path, ...] = field(default=())
    """Sound files that become voices."""

    @property
    def codebook(self) -> Path:
        """The linguistic tokenizer's centroids."""
        return next(self.tokenizer / name for name in CODEBOOKS if (self.tokenizer / name).is_file())


def find_sources(places: Sequence[Path], vocoder: Path | None = None) -> Sources:
    """Sort named folders and files into what they are; a folder that holds several of them is looked through.

    Args:
        places: what was named.
        vocoder: the vocoder's folder, where it is known.

    Raises:
        BundleMissing: a place is not there, or one of the parts is in none of them.
        UsageError: two places hold the same part.
    """
    for place in places:
        if not place.exists():
            raise BundleMissing(f"There is no folder {place}.")
    folders = [folder for place in places if place.is_dir() for folder in _below(place, DEEPEST)]
    vocoder = vocoder or _only("vocoder", [folder for folder in folders if (folder / VOCODER_FILES[0]).is_file()])
    backbones = [folder for folder in folders if (folder / "config.json").is_file() and any(folder.glob("*.safetensors"))]
    for_itself = [folder for folder in backbones if not any((below / VOCODER_FILES[0]).is_file() for below in _below(folder, DEEPEST))]
    backbone = _only("backbone", for_itself or backbones)  # TTS-3B and EditX, named for their vocoders, bring backbones of their own
    tokenizer = _only("tokenizer", [folder for folder in folders if any((folder / name).is_file() for name in CODEBOOKS)])
    wanted = {
        "a backbone (config.json beside *.safetensors)": backbone,
        "a tokenizer (linguistic_tokenizer.npy)": tokenizer,
        "a vocoder (cosyvoice.yaml beside flow.pt)": vocoder,
    }
    missing = [what for what, found in wanted.items() if found is None]
    if missing or backbone is None or tokenizer is None or vocoder is None:
        raise BundleMissing(f"None of {', '.join(map(str, places))} holds {' or '.join(missing)}.")
    paraformer = _only("Paraformer", [folder for folder in _below(tokenizer, DEEPEST) if (folder / "am.mvn").is_file()])
    if paraformer is None:
        raise BundleMissing(f"{tokenizer} holds no Paraformer (am.mvn beside model.pt).")
    recordings = [place for place in places if place.is_file()]
    unknown = [place for place in recordings if place.suffix.lower() not in SOUND]
    if unknown:
        raise UsageError(f"{unknown[0]} is neither a folder nor a recording.")
    for path in (
        *(vocoder / name for name in VOCODER_FILES),
        paraformer / "model.pt",
        paraformer / "config.yaml",
        tokenizer / "speech_tokenizer_v1.onnx",
        backbone / "tokenizer.model",
    ):
        if not path.is_file():
            raise BundleMissing(f"There is no file {path}.")
    return Sources(backbone, tokenizer, paraformer, vocoder, tuple(recordings))


def _below(folder: Path, levels: int) -> list[Path]:
    inner = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")) if levels else []
    return [folder, *(deeper for each in inner for deeper in _below(each, levels - 1))]


def _only(what: str, folders: Sequence[Path]) -> Path | None:
    """One folder, named once or several times; TTS-3B's second vocoder, for singing, gives way to the first."""
    found = list(dict.fromkeys(folder.resolve() for folder in folders))
    plain = [folder for folder in found if not folder.name.endswith("-Music")] or found
    if len(plain) > 1:
        raise UsageError(f"There are two of what should be one {what}: {plain[0]} and {plain[1]}. Name only the one that is meant.")
    return plain[0] if plain else None
