"""The rows of the table of kernels that only a graphics card has: our own in a few sizes, torch's int4, and one for reading many ids."""

from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from parley_models.backbone.card_products import BITS, UNIT, dots, sums
from parley_models.backbone.kernel import CARD, Kernel, Packed
from parley_models.backbone.matrices import GROUPED, Int4Groups, Int8Rows, Matrix

Way = Callable[[Tensor, Packed, int, int, int], Tensor]

DOT_BLOCKS = ((32, 16), (16, 32), (64, 16), (32, 32))
"""Outputs and units of a program."""

SUM_BLOCKS = ((8, 64), (16, 32))
INNER_TILES = 8
"""How torch's int4 lays a matrix out; 8 asks for columns in multiples of 128."""

WEIGHTS_AT_ONCE = 2**25
"""That are widened beside each other when many ids are read: 64 MB in bfloat16."""


def _own(name: str) -> dict[str, Kernel]:
    pack = Int8Rows.tensors if name == Int8Rows.name else GROUPED[name].tensors
    ways: list[tuple[str, Way, tuple[int, int]]] = [("dots", dots, blocks) for blocks in DOT_BLOCKS]
    ways += [("sums", sums, blocks) for blocks in SUM_BLOCKS]
    return {f"{title} {blocks}": Kernel(pack, partial(_own_product, way, BITS[name], blocks), UNIT, CARD) for title, way, blocks in ways}


def _own_product(way: Way, bits: int, blocks: tuple[int, int], x: Tensor, packed: Packed) -> Tensor:
    return way(x, packed, bits, *blocks)


def _pack_tinygemm(matrix: Int4Groups) -> Packed:
    codes = matrix.codes >> 4 | matrix.codes << 4  # theirs has the even column in the high half
    return torch.ops.aten._convert_weight_to_int4pack(codes, INNER_TILES), matrix.scale_middle  # noqa: SLF001 - torch has no other name for it


def _tinygemm(x: Tensor, packed: Packed) -> Tensor:
    group = x.shape[1] // packed[1].shape[0]
    out: Tensor = torch.ops.aten._weight_int4pack_mm(x.to(torch.bfloat16), packed[0], group, packed[1])  # noqa: SLF001 - as above
    return out.float()


def _in_blocks(kind: type[Matrix], x: Tensor, packed: Packed) -> Tensor:
    """Some outputs after others: the weights are never all wide at once."""
    codes, lines = packed
    narrow, rows = x.to(torch.bfloat16), max(1, WEIGHTS_AT_ONCE // x.shape[1])
    blocks = zip(codes.split(rows), lines.split(rows, dim=0 if kind is Int8Rows else 1), strict=True)
    return torch.cat([F.linear(narrow, kind(*block).weight().to(torch.bfloat16)) for block in blocks], 1).float()


CARD_KERNELS: dict[str, dict[str, Kernel]] = {name: _own(name) for name in BITS}
"""By kind of matrix and name."""

CARD_KERNELS[Int4Groups.name]["tinygemm"] = Kernel(_pack_tinygemm, _tinygemm, 16 * INNER_TILES, CARD)
for _kind in (Int8Rows, *GROUPED.values()):
    CARD_KERNELS[_kind.name]["bfloat16"] = Kernel(_kind.tensors, partial(_in_blocks, _kind), devices=CARD)
