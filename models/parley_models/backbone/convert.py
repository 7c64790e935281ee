"""A checkpoint on disk made into a quantized one on disk, tensor by tensor."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from parley_models.backbone.config import BackboneConfig, read_entries
from parley_models.backbone.loading import QUANTIZATION, stored_quantization
from parley_models.backbone.model import StepOmni
from parley_models.backbone.quantize import Quantization
from parley_models.backbone.weights import CONFIG_NAME, INDEX_NAME, SINGLE_NAME, checked, shards, tensors
from parley_models.errors import BundleCorrupt, UsageError


def save_checkpoint(model: StepOmni, folder: Path, *, dtype: torch.dtype = torch.float32) -> None:
    """Write a trained model as `config.json` and `model.safetensors`, with upstream's keys."""
    folder.mkdir(parents=True, exist_ok=True)
    state = {key: tensor.to(dtype).contiguous() for key, tensor in model.state_dict().items()}
    _write(folder, "model.safetensors", state)
    _write_json(folder / CONFIG_NAME, model.config.to_dict())


def quantize_checkpoint(source: Path, target: Path, quantization: Quantization) -> None:
    """Write a float checkpoint again with quantized weights; one file is held in memory at a time.

    What the backbone does not use (a vision tower) is left out.

    Raises:
        BundleMissing, BundleCorrupt: the source can't be read.
        UsageError: it is quantized already.
    """
    entries = read_entries(source / CONFIG_NAME)
    if stored_quantization(entries):
        raise UsageError(f"{source} is already quantized.")
    shapes = weight_shapes(BackboneConfig.from_dict(entries))
    target.mkdir(parents=True, exist_ok=True)
    for path in shards(source):
        quantize_shard(path, target, shapes, quantization)
    seal_checkpoint(target, entries, quantization)


def weight_shapes(config: BackboneConfig) -> dict[str, torch.Size]:
    """Every tensor that a float checkpoint of this geometry must hold, by upstream's key."""
    with torch.device("meta"):
        return {key: tensor.shape for key, tensor in StepOmni(config).state_dict().items()}


def quantize_shard(path: Path, target: Path, shapes: Mapping[str, torch.Size], quantization: Quantization) -> Path | None:
    """Write one file of a float checkpoint again, under the same name, quantized; None if it holds nothing that the backbone needs.

    The float tensors are read one at a time. The file is there whole or not at all.

    Raises:
        BundleCorrupt: it can't be read, or a tensor has the wrong shape.
    """
    state: dict[str, Tensor] = {}
    for _, key, tensor in tensors([path]):
        if key in shapes:
            state |= _stored(quantization, key, checked(path, key, tensor, shapes[key]))
    if not state:
        return None
    _write(target, path.name, state)
    return target / path.name


def seal_checkpoint(target: Path, entries: dict[str, Any], quantization: Quantization) -> None:
    """After the last shard: see that nothing is missing, write the index, then `config.json`.

    Args:
        target: where `quantize_shard` wrote.
        entries: of the float checkpoint's `config.json`.
        quantization: what the shards were written with.

    Raises:
        BundleCorrupt: a tensor is in none of the files.
    """
    places: dict[str, str] = {}
    size_bytes = 0
    for path in sorted(target.glob("*.safetensors")):
        with path.open("rb") as file:
            size_bytes += path.stat().st_size - 8 - int.from_bytes(file.read(8), "little")  # without its header
        with safe_open(path, framework="pt") as shard:
            places |= dict.fromkeys(shard.keys(), path.name)
    for key, shape in weight_shapes(BackboneConfig.from_dict(entries)).items():
        for name in quantization.stored(key, shape):
            if name not in places:
                raise BundleCorrupt(f"The checkpoint lacks the tensor {key}.")
    if set(places.values()) != {SINGLE_NAME}:  # a single shard is called model-00001.safetensors as often as not
        _write_json(target / INDEX_NAME, {"metadata": {"total_size": size_bytes}, "weight_map": places})
    _write_json(target / CONFIG_NAME, {**entries, QUANTIZATION: asdict(quantization)})


def _stored(quantization: Quantization, key: str, weight: Tensor) -> dict[str, Tensor]:
    if not quantization.covers(key, weight.shape):
        return {key: quantization.kept(weight)}
    names = quantization.stored(key, weight.shape)
    return dict(zip(names, quantization.quantize(key, weight).tensors(), strict=True))


def _write(folder: Path, name: str, state: dict[str, Tensor]) -> None:
    draft = folder / f".{name}.part"
    save_file(state, draft, metadata={"format": "pt"})
    draft.replace(folder / name)


def _write_json(path: Path, entries: dict[str, object]) -> None:
    draft = path.with_name(f".{path.name}.part")
    draft.write_text(json.dumps(entries, indent=2) + "\n", encoding="utf-8")
    draft.replace(path)
