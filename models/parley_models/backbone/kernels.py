"""Products with quantized matrices: a table of kernels, the fastest right one taken by measurement at load."""

import functools
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from parley_models.backbone.matrices import GROUPED, Groups, Int3Groups, Int4Groups, Int8Rows, Matrix

logger = logging.getLogger(__name__)
Packed = tuple[Tensor, ...]
Product = Callable[[Tensor, Packed], Tensor]
"""x (rows, columns) float32 and a packed matrix -> float32 (rows, outputs)."""

WIDE_ROWS = 16
"""From this many rows on, an input is a question being read rather than an answer being made."""

TOLERANCE = 0.02
"""How far a kernel may be from `widened`, as a share of the largest output; bfloat16 rounding takes a quarter of it."""

_INT8_PRODUCT = getattr(torch.ops.aten, "_weight_int8pack_mm", None)
_INT4_PRODUCT = getattr(torch.ops.aten, "_weight_int4pack_mm_for_cpu", None)
_INT4_PACK = getattr(torch.ops.aten, "_convert_weight_to_int4pack_for_cpu", None)
"""None where torch does not have them; kernels that need them are then not taken."""


@dataclass(frozen=True, slots=True)
class Kernel:
    """One way to multiply with a quantized matrix."""

    pack: Callable[[Any], Packed]
    """The matrix as the tensors that stay in memory: they replace the matrix, never join it."""

    product: Product
    columns: int = 1
    """The matrix's columns must be a multiple of this."""


def _int8_in_bfloat16(x: Tensor, packed: Packed) -> Tensor:
    return F.linear(x.to(torch.bfloat16), packed[0].to(torch.bfloat16)).float() * packed[1].float()  # codes to 127 are exact


def _int8_op(x: Tensor, packed: Packed) -> Tensor:
    # In bfloat16 it takes a quarter of a float32 product's time at one row, in float32 twice as much (Zen 5, AVX-512, torch 2.13).
    out: Tensor = _INT8_PRODUCT(x.to(torch.bfloat16), packed[0], packed[1]).float()  # type: ignore[misc]
    return out


def _pack_int4_op(matrix: Groups) -> Packed:
    # Only steps from the middle count: codes of three bits lie in the midst of those of four.
    nibbles = matrix.unpacked().to(torch.int32) + (8 - 2 ** (matrix.bits - 1))
    codes: Tensor = _INT4_PACK(nibbles, 1)  # type: ignore[misc]  # the 1 belongs to the GPU's layout and means nothing here
    return codes, matrix.scale_middle


def _int4_op(x: Tensor, packed: Packed) -> Tensor:
    group = x.shape[1] // packed[1].shape[0]
    out: Tensor = _INT4_PRODUCT(x.to(torch.bfloat16), packed[0], group, packed[1]).float()  # type: ignore[misc]
    return out


KERNELS: dict[str, dict[str, Kernel]] = {
    Int8Rows.name: {
        "int8pack": Kernel(Int8Rows.tensors, _int8_op, columns=16),
        "bfloat16": Kernel(Int8Rows.tensors, _int8_in_bfloat16),
        "widened": Kernel(Int8Rows.tensors, lambda x, packed: F.linear(x, packed[0].float()) * packed[1].float()),
    },
    Int4Groups.name: {
        "int4pack": Kernel(_pack_int4_op, _int4_op),
        "widened": Kernel(Int4Groups.tensors, lambda x, packed: F.linear(x, Int4Groups(*packed).weight())),
    },
    Int3Groups.name: {
        "int4pack": Kernel(_pack_int4_op, _int4_op),  # takes the memory of four bits
        "widened": Kernel(Int3Groups.tensors, lambda x, packed: F.linear(x, Int3Groups(*packed).weight())),
    },
}
"""In order of preference. `widened` multiplies with float weights made anew each time: always right, seldom fast."""

MARGIN = 1.5
"""How much faster a kernel must be than one before it. Kernels round differently: a choice by luck would change answers from run to run."""


def choose(matrix: Matrix) -> tuple[Kernel, Kernel]:
    """The fastest kernels for one row and for many, over the same packed tensors; of the first, a row is the same beside others."""
    table = KERNELS[matrix.name]
    at_one, at_many = (_sampled_times(matrix, rows) for rows in (1, 4 * WIDE_ROWS))
    name = _fastest(at_one)
    one = table[name]
    wide = table[_fastest({name: seconds for name, seconds in at_many.items() if table[name].pack == one.pack})]
    return one if _rows_alike(name, *_sampled(matrix)) else replace(one, product=partial(_each_row, one.product)), wide


def _fastest(times: dict[str, float]) -> str:
    return next(name for name, seconds in times.items() if seconds <= MARGIN * min(times.values()))


def _sampled(matrix: Matrix) -> tuple[str, int, int, int]:
    outputs, columns = matrix.shape  # a sample does for a big matrix, but kernels ask for multiples: the remainder stays
    return matrix.name, min(outputs, 960 + outputs % 64), columns, matrix.group


def _sampled_times(matrix: Matrix, rows: int) -> dict[str, float]:
    return _times(*_sampled(matrix), rows)


@functools.cache
def _rows_alike(name: str, kind: str, outputs: int, columns: int, group: int) -> bool:
    """Whether a row's product is the same, to the last bit, whatever rows stand beside it: then a draft's check says what steps say."""
    matrix, x = _example(kind, outputs, columns, group, WIDE_ROWS - 1)
    kernel = KERNELS[kind][name]
    packed = kernel.pack(matrix)
    alone = _each_row(kernel.product, x, packed)
    return all(torch.equal(kernel.product(x[:rows], packed), alone[:rows]) for rows in range(2, WIDE_ROWS))


def _each_row(product: Product, x: Tensor, packed: Packed) -> Tensor:
    return torch.cat([product(row, packed) for row in x.split(1)])


def _example(kind: str, outputs: int, columns: int, group: int, rows: int) -> tuple[Matrix, Tensor]:
    draw = torch.Generator().manual_seed(0)
    weight = torch.randn(outputs, columns, generator=draw)
    matrix = GROUPED[kind].quantize(weight, group) if group else Int8Rows.quantize(weight)
    return matrix, torch.randn(rows, columns, generator=draw)


@functools.cache
def _times(kind: str, outputs: int, columns: int, group: int, rows: int) -> dict[str, float]:
    """Seconds a product takes, for every kernel that runs here and is right."""
    matrix, x = _example(kind, outputs, columns, group, rows)
    right = F.linear(x, matrix.weight())
    times: dict[str, float] = {}
    for name, kernel in KERNELS[kind].items():
        if columns % kernel.columns:
            continue
        try:
            packed = kernel.pack(matrix)
            wrong_by = float((kernel.product(x, packed) - right).abs().max() / right.abs().max())
        except (RuntimeError, TypeError) as error:  # not for this processor or shape; not in this torch
            logger.info("kernel %s does not run here: %s", name, error)
            continue
        if wrong_by < TOLERANCE:
            times[name] = min(_seconds(kernel.product, x, packed) for _ in range(5))
        else:
            logger.warning("kernel %s is off by %.3f and is not used", name, wrong_by)
    return times


def _seconds(product: Product, x: Tensor, packed: Packed) -> float:
    began = time.perf_counter()
    for _ in range(3):
        product(x, packed)
    return time.perf_counter() - began


def _aligned(tensor: Tensor) -> Tensor:
    """A tensor as the vector units want it: safetensors hands out places in its file, and int8pack reads 16 bytes at a time or crashes."""
    return tensor.clone() if tensor.data_ptr() % 64 else tensor


class QuantizedLinear(nn.Module):
    """A linear layer with quantized weights. Its buffers are all it keeps of them."""

    def __init__(self, matrix: Matrix) -> None:
        super().__init__()
        step, wide = choose(matrix)
        self._step, self._wide = step.product, wide.product
        self._packed = tuple(map(_aligned, step.pack(matrix)))
        for at, tensor in enumerate(self._packed):
            self.register_buffer(f"packed{at}", tensor)

    def forward(self, x: Tensor) -> Tensor:
        """(1, rows, columns) -> (1, rows, outputs) float32; for the head (rows, columns) -> (rows, outputs)."""
        rows = x if x.dim() == 2 else x[0]
        out = (self._step if len(rows) < WIDE_ROWS else self._wide)(rows, self._packed)
        return out if x.dim() == 2 else out[None]


class SideBySide(nn.Module):
    """Layers over the same input, kept in different ways, as one."""

    def __init__(self, layers: Sequence[QuantizedLinear]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)

    def forward(self, x: Tensor) -> Tensor:
        """Like `QuantizedLinear.forward`, outputs of all layers after each other."""
        return torch.cat([layer(x) for layer in self.layers], -1)


class QuantizedEmbedding(nn.Module):
    """A book of vectors in 8 bits, of which only the rows that are asked for become floats."""

    codes: Tensor
    scale: Tensor

    def __init__(self, matrix: Int8Rows) -> None:
        super().__init__()
        self.register_buffer("codes", matrix.codes)
        self.register_buffer("scale", matrix.scale)

    def forward(self, ids: Tensor) -> Tensor:
        """Ids (...) -> vectors (..., columns) float32."""
        return self.codes[ids].float() * self.scale[ids].float()[..., None]
