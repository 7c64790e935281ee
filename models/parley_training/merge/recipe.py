"""Merge trained backbones into one: the weighted mean of their weights, as the paper does (5·SFT 1 + 5·SFT 2 + 1·DPO) / 11.

    python -m parley_training.merge.recipe 5:runs/sft1/backbone 5:runs/sft2/backbone 1:runs/dpo/backbone --out runs/merged/backbone

Any checkpoints of one shape and any weights above 0. With `--text runs/text/text.model` each of them and the merged one answer the
examination's questions in writing, so that the best can be shipped; the shares go to `scores.json` beside the folder.
"""

import argparse
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from parley_models.backbone.config import BackboneConfig
from parley_models.backbone.weights import CONFIG_NAME, shards, tensors
from parley_models.errors import BundleCorrupt, ParleyError, UsageError
from parley_training.preference.score import typed_score

Weights = Mapping[str, Tensor]


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


def read(folder: Path) -> Weights:
    """All tensors of a checkpoint. Raises BundleError."""
    return {key: tensor for _, key, tensor in tensors(shards(folder))}


def merged(parts: Sequence[tuple[float, str, Weights]]) -> dict[str, Tensor]:
    """The weighted mean of several models' weights, each a share, a name for messages and its tensors.

    It is summed in float64: models that are equal give just themselves, whatever the shares.

    Raises:
        BundleCorrupt: they are not of one shape, or quantized.
    """
    (_, first_name, first), *others = parts
    for _, name, weights in others:
        if strange := sorted(first.keys() ^ weights.keys()):
            raise BundleCorrupt(f"{first_name} and {name} can't be merged: only one of them has {strange[0]}.")
        for key, tensor in weights.items():
            if tensor.shape != first[key].shape:
                shapes = f"{tuple(first[key].shape)} and {tuple(tensor.shape)}"
                raise BundleCorrupt(f"{first_name} and {name} can't be merged: their {key} have the shapes {shapes}.")
    for _, name, weights in parts:
        if quantized := [key for key, tensor in weights.items() if not tensor.is_floating_point()]:
            raise BundleCorrupt(f"{name} is quantized ({quantized[0]}): merge first, quantize then.")
    whole = sum(share for share, _, _ in parts)
    return {key: _mean([(share, weights[key]) for share, _, weights in parts], whole).to(first[key].dtype) for key in first}


def _mean(parts: Iterable[tuple[float, Tensor]], whole: float) -> Tensor:
    total = torch.zeros((), dtype=torch.float64)
    for share, tensor in parts:
        total = total + share * tensor.double()
    return total / whole


def merge(ingredients: Sequence[Ingredient], out: Path) -> None:
    """Write the merged checkpoint; a kill leaves no half of it. Raises BundleError."""
    first, *others = [(each.folder, BackboneConfig.from_file(each.folder / CONFIG_NAME)) for each in ingredients]
    for folder, config in others:
        if config != first[1]:
            raise BundleCorrupt(f"{first[0]} and {folder} can't be merged: their {CONFIG_NAME} differ.")
    weights = merged([(each.share, str(each.folder), read(each.folder)) for each in ingredients])
    out.mkdir(parents=True, exist_ok=True)
    unfinished = out / "model.part"
    save_file({key: tensor.contiguous() for key, tensor in weights.items()}, unfinished)
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
    except ParleyError as error:
        parser.exit(error.exit_code, f"{error}\n")
    if options.text:
        folders = [*(each.folder for each in ingredients), options.out]
        scores = {str(folder): typed_score(folder, options.text, options.questions) for folder in folders}
        (options.out.parent / "scores.json").write_text(json.dumps(scores, indent=1) + "\n", encoding="utf-8")
        for folder, score in scores.items():
            print(f"{score:.1%} of {options.questions} typed questions answered rightly: {folder}")


if __name__ == "__main__":
    main()
