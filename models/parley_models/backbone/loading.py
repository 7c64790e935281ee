"""From a folder to a model that answers, tensor by tensor: a quantized model never exists in full precision."""

import itertools
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from parley_models.backbone.config import BackboneConfig, read_entries
from parley_models.backbone.matrices import Int8Rows, Matrix, stack
from parley_models.backbone.mixture import EMBEDDING
from parley_models.backbone.model import FusedLinear, StepOmni, alibi_slopes
from parley_models.backbone.quantize import BFLOAT16, PLAIN, Quantization
from parley_models.backbone.quantized_layers import QuantizedEmbedding, QuantizedLinear, SideBySide
from parley_models.backbone.weights import CONFIG_NAME, checked, shards, tensors
from parley_models.errors import BundleCorrupt, UsageError

QUANTIZATION = "quantization"
"""The entry of `config.json` that says how a checkpoint was quantized."""


def stored_quantization(entries: dict[str, Any]) -> Quantization | None:
    """How a checkpoint was quantized, from its config's entries; None = it was not. Raises BundleCorrupt."""
    entry = entries.get(QUANTIZATION)
    try:
        return None if entry is None else _quantization(**entry)
    except (TypeError, UsageError) as error:
        raise BundleCorrupt(f"The backbone's config has a quantization that can't be read: {error}") from None


def _quantization(
    linear: str,
    group_size: int = 64,
    embedding: str = BFLOAT16,
    rounding: str = PLAIN,
    in_8_bits: Sequence[str] = (),
    in_4_bits: Sequence[str] = (),
) -> Quantization:
    """Checkpoints that do not say come from before there was a choice."""
    return Quantization(linear, group_size, embedding, rounding, tuple(in_8_bits), tuple(in_4_bits))


def load_model(folder: Path, quantization: Quantization | None = None, device: str = "cpu") -> StepOmni:
    """Read a checkpoint onto a device, named as torch does: float32, or quantized as stored or as asked for.

    Raises:
        BundleError: a file or a tensor is not what it should be.
        UsageError: it is quantized already, and otherwise.
    """
    entries = read_entries(folder / CONFIG_NAME)
    stored = stored_quantization(entries)
    if stored and quantization and (stored.linear, stored.group_size) != (quantization.linear, quantization.group_size):
        raise UsageError(f"{folder} is already quantized to {stored.linear} and can't be quantized again.")
    config = BackboneConfig.from_dict(entries)
    with torch.device("meta"):
        model = StepOmni(config)
    model.slopes = alibi_slopes(config.num_attention_heads).to(device)
    assembly = Assembly(model, stored or quantization, already=stored is not None)
    for path, key, tensor in tensors(shards(folder), device):
        assembly.add(path, key, tensor)
    if absent := assembly.absent():
        raise BundleCorrupt(f"{folder} lacks the tensor {absent[0]}" + (f" and {len(absent) - 1} more." if absent[1:] else "."))
    return model.requires_grad_(False).eval()


class Assembly:
    """Puts tensors into a model as they come; a fused layer waits for all its parts, which may lie in different files."""

    def __init__(self, model: StepOmni, quantization: Quantization | None, *, already: bool) -> None:
        self._model = model
        self._quantization = quantization
        self._shapes = {key: tensor.shape for key, tensor in model.state_dict().items()}
        self._forms = {key: self._form(key, shape, already=already) for key, shape in self._shapes.items()}
        self._owner = {source: key for key, form in self._forms.items() for source in form}
        self._arrived: dict[str, dict[str, Tensor]] = defaultdict(dict)
        self._waiting: dict[str, dict[str, Tensor | Matrix]] = defaultdict(dict)
        self._keys = module_keys(model)
        self._modules = {key: name for name, keys in self._keys.items() for key in keys}

    def _form(self, key: str, shape: torch.Size, *, already: bool) -> dict[str, tuple[torch.Size, torch.dtype | None]]:
        """The tensors that a file holds for a weight: several if it is quantized already."""
        if already and self._quantization and self._quantization.covers(key, shape):
            return dict(self._quantization.stored(key, shape))
        return {key: (shape, None)}

    def add(self, path: Path, key: str, tensor: Tensor) -> None:
        """Take one tensor; a key that the model does not know is left alone. Raises BundleCorrupt."""
        owner = self._owner.pop(key, None)
        if owner is None:
            return
        form = self._forms[owner]
        self._arrived[owner][key] = checked(path, key, tensor, *form[key])
        if len(self._arrived[owner]) == len(form):
            parts = self._arrived.pop(owner)
            self._place(owner, [parts[source] for source in form])

    def absent(self) -> list[str]:
        """Keys that never came."""
        return sorted(self._owner)

    def _place(self, key: str, parts: list[Tensor]) -> None:
        name, shape = self._modules[key], self._shapes[key]
        self._waiting[name][key] = self._made(key, parts, shape)
        if len(self._waiting[name]) == len(self._keys[name]):
            ready = self._waiting.pop(name)
            self._install(name, [ready[part] for part in self._keys[name]])

    def _made(self, key: str, parts: list[Tensor], shape: torch.Size) -> Tensor | Matrix:
        if self._quantization is None:
            return parts[0].float()
        if not self._quantization.covers(key, shape):
            return self._quantization.kept(parts[0])
        if len(parts) > 1:
            return self._quantization.restore(key, parts, shape)
        return self._quantization.quantize(key, parts[0])

    def _install(self, name: str, values: list[Tensor | Matrix]) -> None:
        matrices = [value for value in values if not isinstance(value, Tensor)]
        if matrices:
            parent, _, child = name.rpartition(".")
            setattr(self._model.get_submodule(parent), child, _module(name, matrices))
        else:
            weight = torch.cat([value for value in values if isinstance(value, Tensor)])
            self._model.get_submodule(name).weight = nn.Parameter(weight, requires_grad=False)


def _module(name: str, matrices: Sequence[Matrix]) -> nn.Module:
    first = matrices[0]
    if isinstance(first, Int8Rows) and f"{name}.weight" == EMBEDDING:
        return QuantizedEmbedding(first)
    alike = [QuantizedLinear(stack(list(group))) for _, group in itertools.groupby(matrices, type)]
    return SideBySide(alike) if alike[1:] else alike[0]


def module_keys(model: StepOmni) -> dict[str, list[str]]:
    """The keys whose tensors, below each other, are a module's weight; by the module's name."""
    keys: dict[str, list[str]] = {}
    for name, module in model.named_modules():
        if isinstance(module, FusedLinear):
            parent = name.rpartition(".")[0]
            keys[name] = [f"{parent}.{part}.weight" for part in module.outputs]
        elif "weight" in dict(module.named_parameters(recurse=False)):
            keys[name] = [f"{name}.weight"]
    return keys
