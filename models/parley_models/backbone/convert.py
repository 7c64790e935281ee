"""A checkpoint on disk made into a quantized one on disk, tensor by tensor."""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from parley_models.backbone.config import BackboneConfig, read_entries
from parley_models.backbone.loading import QUANTIZATION, stored_quantization
from parley_models.backbone.model import StepOmni
from parley_models.backbone.quantize import Quantization, is_linear
from parley_models.backbone.weights import CONFIG_NAME, INDEX_NAME, checked, shards, tensors
from parley_models.errors import BundleCorrupt, UsageError


def save_checkpoint(model: StepOmni, folder: Path, *, dtype: torch.dtype = torch.float32) -> None:
    """Write a trained model as `config.json` and `model.safetensors`, with upstream's keys."""
    folder.mkdir(parents=True, exist_ok=True)
    state = {key: tensor.to(dtype).contiguous() for key, tensor in model.state_dict().items()}
    _write(folder, "model.safetensors", state)
    _write_json(folder / CONFIG_NAME, model.config.to_dict())


def quantize_checkpoint(source: Path, target: Path, quantization: Quantization) -> None:
    """Write a float checkpoint again with quantized weights; one file is held in memory at a time.

    What the backbone does not use (a vision tower) is left out, embeddings become bfloat16.

    Raises:
        BundleMissing, BundleCorrupt: the source can't be read.
        UsageError: it is quantized already.
    """
    entries = read_entries(source / CONFIG_NAME)
    if stored_quantization(entries):
        raise UsageError(f"{source} is already quantized.")
    shapes = _shapes(BackboneConfig.from_dict(entries))
    target.mkdir(parents=True, exist_ok=True)
    places: dict[str, str] = {}
    size_bytes = 0
    for path in shards(source):
        state: dict[str, Tensor] = {}
        for _, key, tensor in tensors([path]):
            if key in shapes:
                state |= _stored(quantization, key, checked(path, key, tensor, shapes[key]))
                shapes.pop(key)
        places |= dict.fromkeys(state, path.name)
        size_bytes += sum(tensor.nbytes for tensor in state.values())
        _write(target, path.name, state)
    if shapes:
        raise BundleCorrupt(f"{source} lacks the tensor {min(shapes)}.")
    if len(set(places.values())) > 1:
        _write_json(target / INDEX_NAME, {"metadata": {"total_size": size_bytes}, "weight_map": places})
    entry = {"linear": quantization.linear, "group_size": quantization.group_size}
    _write_json(target / CONFIG_NAME, {**entries, QUANTIZATION: entry})


def _shapes(config: BackboneConfig) -> dict[str, torch.Size]:
    with torch.device("meta"):
        return {key: tensor.shape for key, tensor in StepOmni(config).state_dict().items()}


def _stored(quantization: Quantization, key: str, weight: Tensor) -> dict[str, Tensor]:
    if is_linear(key, weight.shape):
        names = quantization.stored(key, weight.shape)
        return dict(zip(names, quantization.quantize(key, weight).tensors(), strict=True))
    return {key: weight.to(torch.bfloat16) if weight.dim() == 2 else weight.float()}


def _write(folder: Path, name: str, state: dict[str, Tensor]) -> None:
    draft = folder / f".{name}.part"
    save_file(state, draft, metadata={"format": "pt"})
    draft.replace(folder / name)


def _write_json(path: Path, entries: dict[str, object]) -> None:
    draft = path.with_name(f".{path.name}.part")
    draft.write_text(json.dumps(entries, indent=2) + "\n", encoding="utf-8")
    draft.replace(path)
