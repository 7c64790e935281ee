"""Codes chosen with calibration: what a rounded column gets wrong is made up for by the columns that are still to be rounded.

GPTQ (Frantar et al., arXiv 2210.17323), on this project's groups: a matrix's inputs x, as the model itself meets them, say by H = Σ x xᵀ
how much an error in one column can be undone in another. Each group's line is found by `rounding.rounded` when its turn comes, on the
weights as they then are. Layers are taken from the lowest up, and each meets what the rounded ones below it give.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from parley_models.backbone.cache import MOST_IDS, KvCache
from parley_models.backbone.config import read_entries
from parley_models.backbone.convert import seal_checkpoint
from parley_models.backbone.loading import load_model, module_keys
from parley_models.backbone.matrices import Int3Groups, Int4Groups, Matrix
from parley_models.backbone.model import FusedLinear, StepOmni
from parley_models.backbone.quantize import Quantization
from parley_models.backbone.rounding import rounded
from parley_models.backbone.weights import CONFIG_NAME

DAMPING = 0.01
"""Share of the mean of H's diagonal that is added to it: inputs that hardly vary would otherwise be trusted too much."""

Sequences = Sequence[Sequence[int]]
Tell = Callable[[str, Tensor], None]


def quantize_calibrated(source: Path, target: Path, quantization: Quantization, sequences: Sequences) -> None:
    """Write a float checkpoint again, its grouped matrices rounded with calibration; the format is that of any other rounding.

    Args:
        source: a float checkpoint that fits into memory.
        target: a new folder.
        quantization: what is kept in how many bits.
        sequences: what the model is used for, as ids; each is read on its own.

    Raises:
        BundleError: the source can't be read.
    """
    model = load_model(source)
    keys: dict[str, Matrix] = {}
    for number, layer in enumerate(model.model.layers):
        linears = {name: module for name, module in layer.named_modules() if isinstance(module, nn.Linear)}
        inputs_of = _hessians(model, linears, sequences)
        for name, linear in linears.items():
            inputs, made = inputs_of[name], dict[str, Matrix]()
            for key, weight in _parts(f"model.layers.{number}.{name}", linear, model):
                kind, group = quantization.grouped(key, weight.shape[1]), quantization.group(weight.shape[1])
                made[key] = quantization.quantize(key, weight) if kind is None else gptq(weight, inputs, group, kind)
            linear.weight = nn.Parameter(torch.cat([matrix.weight() for matrix in made.values()]), requires_grad=False)
            keys.update(made)
    state: dict[str, Tensor] = {}
    for key, weight in model.state_dict().items():
        shape = weight.shape
        if quantization.covers(key, shape):
            matrix = keys.get(key) or quantization.quantize(key, weight)
            state.update(zip(quantization.stored(key, shape), matrix.tensors(), strict=True))
        else:
            state[key] = quantization.kept(weight)
    target.mkdir(parents=True)
    save_file(state, target / "model.safetensors", metadata={"format": "pt"})
    seal_checkpoint(target, read_entries(source / CONFIG_NAME), quantization)


def gptq(weight: Tensor, inputs: Tensor, group: int, kind: type[Int4Groups | Int3Groups]) -> Matrix:
    """Round a matrix for its inputs.

    Args:
        weight: floats (rows, columns), columns divisible by the group.
        inputs: H (columns, columns), the sum of the inputs' outer products.
        group: columns that share a scale.
        kind: what it becomes.
    """
    left = weight.float().clone()
    undo = _undoing(inputs)
    half = 2 ** (kind.bits - 1)
    codes, lines = torch.empty_like(left, dtype=torch.uint8), []
    for start in range(0, left.shape[1], group):
        line = rounded(left[:, start : start + group], group, kind.bits, minimise=True)[1]
        scale, middle = line[0].float().unbind(-1)
        lines.append(line)
        for at in range(start, start + group):
            step = ((left[:, at] - middle) / scale).round().clamp(-half, half - 1)
            codes[:, at] = (step + half).to(torch.uint8)
            missed = (left[:, at] - (step * scale + middle)) / undo[at, at]
            left[:, at + 1 :] -= missed[:, None] * undo[at, at + 1 :]
    return kind(kind.pack(codes), torch.cat(lines))


def _undoing(inputs: Tensor) -> Tensor:
    """The upper Cholesky factor of H's inverse: row j says how columns after j make up for column j."""
    wide = inputs.double().clone()
    wide.diagonal().add_(DAMPING * wide.diagonal().mean().clamp_min(1e-12))
    inverse = torch.cholesky_inverse(torch.linalg.cholesky(wide))
    undo: Tensor = torch.linalg.cholesky(inverse, upper=True).float()
    return undo


def _hessians(model: StepOmni, linears: Mapping[str, nn.Linear], sequences: Sequences) -> dict[str, Tensor]:
    """H of what each module is given, by its name."""
    sums: dict[str, Tensor] = {}

    def add(name: str, given: Tensor) -> None:
        rows = given.flatten(0, -2)
        sums[name] = sums.get(name, 0) + rows.T @ rows

    with _watched(linears, add), torch.inference_mode():
        for ids in sequences:
            cache = KvCache(model.config, len(ids))
            for piece in torch.tensor(list(ids)).split(MOST_IDS):
                model.extend(piece, cache)
    return sums


@contextmanager
def _watched(modules: Mapping[str, nn.Module], tell: Tell) -> Iterator[None]:
    """Have `tell` called with a module's name and what it is given."""
    handles = [module.register_forward_pre_hook(lambda _module, given, name=name: tell(name, given[0])) for name, module in modules.items()]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _parts(name: str, linear: nn.Linear, model: StepOmni) -> Iterator[tuple[str, Tensor]]:
    """Key and weight of each matrix that a module holds."""
    rows = list(linear.outputs.values()) if isinstance(linear, FusedLinear) else [linear.out_features]
    yield from zip(module_keys(model)[name], linear.weight.detach().split(rows), strict=True)
