"""Merge trained backbones into one: the weighted mean of their weights, as the paper does (5·SFT 1 + 5·SFT 2 + 1·DPO) / 11.

    python -m parley_training.merge.recipe 5:runs/sft1/backbone 5:runs/sft2/backbone 1:runs/dpo/backbone --out runs/merged/backbone

Any checkpoints of one shape and any weights above 0. With `--text runs/text/text.model` each of them and the merged one answer the
examination's questions in writing, so that the best can be shipped; the shares go to `scores.json` beside the folder.
"""

import argparse
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from parley_models.backbone.config import BackboneConfig
from parley_models.backbone.weights import CONFIG_NAME, INDEX_NAME, shards
from parley_models.errors import BundleCorrupt, ParleyError, UsageError
from parley_models.hub.backbone_weights import PREFIX
from parley_models.hub.left_out import belongs_to_eyes
from parley_models.hub.tensor_file import SIZES, TensorPlace, header, read_places, row_blocks
from parley_training.preference.score import typed_score

BLOCK_NUMBERS = 2**23
"""That many numbers of a tensor are in memory at once: 64 MiB in float64."""

_FLOATS = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}


@dataclass(frozen=True, slots=True)
class Ingredient:
    """A checkpoint and what it counts."""

    share: float
    folder: Path

    @classmethod
    def parse(cls, text: str) -> "Ingredient":
        """Read `5:runs/sft1/backbone`. Raises UsageError."""
        share, colon, folder = text.partition(":")
        try:
            ingredient = cls(float(share), Path(folder))
        except ValueError:
            colon = ""
        if not colon or not folder or not 0 < ingredient.share < float("inf"):
            raise UsageError(f"“{text}” is no ingredient: write a number above 0 and a folder, for instance 5:runs/sft1/backbone.")
        return ingredient


@dataclass(frozen=True, slots=True)
class Weights:
    """Where a checkpoint's tensors lie; none is read yet."""

    share: float
    name: str
    """For messages."""

    places: Mapping[str, tuple[Path, TensorPlace]]
    """By key, as the model calls them."""

    @classmethod
    def of(cls, ingredient: Ingredient) -> "Weights":
        """Read the headers of a checkpoint's files. Raises BundleError."""
        places = {key.removeprefix(PREFIX): (path, place) for path in shards(ingredient.folder) for key, place in read_places(path).items()}
        needed = {key: where for key, where in places.items() if not belongs_to_eyes(key)}
        return cls(ingredient.share, str(ingredient.folder), needed)

    def blocks(self, key: str, rows: int) -> Iterator[Tensor]:
        """A tensor, so many rows at a time. Raises BundleCorrupt if the file ends before it does."""
        path, place = self.places[key]
        with path.open("rb") as file:
            for _, content in row_blocks(file, place, rows * place.row_bytes):
                yield torch.frombuffer(bytearray(content), dtype=_FLOATS[place.dtype])


def check_alike(parts: Sequence[Weights]) -> None:
    """Raises BundleCorrupt if there is no mean of these: they are not of one shape, or quantized."""
    first, *others = parts
    for part in others:
        if strange := sorted(first.places.keys() ^ part.places.keys()):
            raise BundleCorrupt(f"{first.name} and {part.name} can't be merged: only one of them has {strange[0]}.")
        for key, (_, place) in part.places.items():
            if place.shape != (shape := first.places[key][1].shape):
                raise BundleCorrupt(f"{first.name} and {part.name} can't be merged: their {key} have the shapes {shape} and {place.shape}.")
    for part in parts:
        if quantized := [key for key, (_, place) in part.places.items() if place.dtype not in _FLOATS]:
            raise BundleCorrupt(f"{part.name} is quantized ({quantized[0]}): merge first, quantize then.")


def merged(parts: Sequence[Weights], key: str) -> Iterator[Tensor]:
    """The weighted mean of a tensor, flat, some rows at a time and of the first part's type.

    It is summed in float64: models that are equal give just themselves, whatever the shares. Two of the 130B's largest tensors would take
    15 GB so.
    """
    whole = sum(part.share for part in parts)
    place = parts[0].places[key][1]
    rows = max(1, BLOCK_NUMBERS // max(1, math.prod(place.shape[1:])))
    for blocks in zip(*(part.blocks(key, rows) for part in parts), strict=True):
        total = torch.zeros((), dtype=torch.float64)
        for part, block in zip(parts, blocks, strict=True):
            total = total + part.share * block.double()
        yield (total / whole).to(_FLOATS[place.dtype])


def merge(ingredients: Sequence[Ingredient], out: Path) -> None:
    """Write the merged checkpoint as one file, a block of rows after the other; a kill leaves no half of it.

    Raises:
        BundleError: they can't be read, or there is no mean of them.
        UsageError: `out` holds another checkpoint, in several files, or one of the ingredients.
    """
    first, *others = [(each.folder, BackboneConfig.from_file(each.folder / CONFIG_NAME)) for each in ingredients]
    for folder, config in others:
        if config != first[1]:
            raise BundleCorrupt(f"{first[0]} and {folder} can't be merged: their {CONFIG_NAME} differ.")
    if out.resolve() in {each.folder.resolve() for each in ingredients}:
        raise UsageError(f"{out} is one of the checkpoints that are to be merged, and would be lost: choose another --out.")
    if (out / INDEX_NAME).exists():
        raise UsageError(f"{out} holds a checkpoint in several files already, which would be read instead: choose another --out.")
    parts = [Weights.of(each) for each in ingredients]
    check_alike(parts)
    forms = {key: (place.dtype, place.shape) for key, (_, place) in parts[0].places.items()}
    ordered = dict(sorted(forms.items(), key=lambda form: (-SIZES[form[1][0]], form[0])))  # wide numbers first: all lie on their multiples
    out.mkdir(parents=True, exist_ok=True)
    unfinished = out / "model.part"
    with unfinished.open("wb") as file:
        file.write(header(ordered))
        for key in ordered:
            for block in merged(parts, key):
                file.write(block.view(torch.uint8).numpy().data)
    (out / CONFIG_NAME).write_bytes((ingredients[0].folder / CONFIG_NAME).read_bytes())
    unfinished.replace(out / "model.safetensors")


def main() -> None:
    """Read the command line, merge and compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ingredients", nargs="+", help="SHARE:FOLDER")
    parser.add_argument("--out", type=Path, default=Path("runs/merged/backbone"))
    parser.add_argument("--text", type=Path, help="text.model; then all of them are examined in writing")
    parser.add_argument("--questions", type=int, default=200, help="of the examination")
    options = parser.parse_args()
    try:
        ingredients = [Ingredient.parse(text) for text in options.ingredients]
        merge(ingredients, options.out)
        folders = [*(each.folder for each in ingredients), options.out] if options.text else []
        scores = {str(folder): typed_score(folder, options.text, options.questions) for folder in folders}
    except ParleyError as error:
        parser.exit(error.exit_code, f"{error}\n")
    if scores:
        (options.out.parent / "scores.json").write_text(json.dumps(scores, indent=1) + "\n", encoding="utf-8")
        for folder, score in scores.items():
            print(f"{score:.1%} of {options.questions} typed questions answered rightly: {folder}")


if __name__ == "__main__":
    main()
