"""Matrices in 8, 4 or 3 bits: what is stored, and how it is read back.

int8 keeps one scale a row; int4 and int3 keep a scale and a middle for each group of columns. Scales are bfloat16, as the kernels
want them, and codes are chosen for the scale as stored, so its rounding costs nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar, Self

import torch
from torch import Tensor

from parley_models.backbone.rounding import rounded
from parley_models.errors import UsageError

GROUP_SIZES = (16, 32, 64, 128)
"""Columns that share a scale: 0.75, 0.625, 0.5625 and 0.53125 bytes a weight at 4 bits, 0.125 less at 3."""


@dataclass(frozen=True, slots=True)
class Int8Rows:
    """A matrix as int8 and a scale a row: weight = codes * scale."""

    name: ClassVar[str] = "int8"
    parts: ClassVar[tuple[str, ...]] = ("weight", "weight_scale")
    group: ClassVar[int] = 0
    codes: Tensor
    """int8 (rows, columns)."""

    scale: Tensor
    """bfloat16 (rows,)."""

    @classmethod
    def quantize(cls, weight: Tensor) -> "Int8Rows":
        """Quantize float weights (rows, columns)."""
        wide = weight.float()
        scale = (wide.abs().amax(1) / 127).clamp_min(1e-12).to(torch.bfloat16)
        codes = (wide / scale.float()[:, None]).round().clamp(-127, 127).to(torch.int8)
        return cls(codes, scale)

    @classmethod
    def stack(cls, matrices: "Sequence[Int8Rows]") -> "Int8Rows":
        """Matrices below each other."""
        return cls(torch.cat([matrix.codes for matrix in matrices]), torch.cat([matrix.scale for matrix in matrices]))

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.codes.shape[0], self.codes.shape[1]

    @classmethod
    def forms(cls, rows: int, columns: int) -> list[tuple[torch.Size, torch.dtype]]:
        """Shapes and types of what is stored, in the order of `parts`."""
        return [(torch.Size((rows, columns)), torch.int8), (torch.Size((rows,)), torch.bfloat16)]

    def tensors(self) -> tuple[Tensor, ...]:
        """What is stored, in the order of `parts`."""
        return self.codes, self.scale

    def weight(self) -> Tensor:
        """The float32 weights that the codes stand for."""
        return self.codes.float() * self.scale.float()[:, None]


@dataclass(frozen=True, slots=True)
class Groups:
    """A matrix as codes of few bits, and a scale and a middle for each group of columns: weight = (code - half) * scale + middle."""

    name: ClassVar[str]
    bits: ClassVar[int]
    parts: ClassVar[tuple[str, ...]] = ("weight", "weight_scale_middle")
    codes: Tensor
    """uint8 (rows, columns * bits / 8)."""

    scale_middle: Tensor
    """bfloat16 (columns / group, rows, 2)."""

    @staticmethod
    def pack(codes: Tensor) -> Tensor:
        """Codes uint8 (rows, columns) as they are stored."""
        raise NotImplementedError

    def unpacked(self) -> Tensor:
        """One code an entry, uint8 (rows, columns)."""
        raise NotImplementedError

    @classmethod
    def quantize(cls, weight: Tensor, group: int, *, minimise: bool = False) -> Self:
        """Quantize float weights (rows, columns), columns divisible by the group; see `rounded`. Raises UsageError."""
        if group not in GROUP_SIZES or weight.shape[1] % group:
            raise UsageError(f"A matrix of {weight.shape[1]} columns can't be quantized in groups of {group}; {GROUP_SIZES} are known.")
        codes, scale_middle = rounded(weight, group, cls.bits, minimise=minimise)
        return cls(cls.pack(codes), scale_middle)

    @classmethod
    def stack(cls, matrices: Sequence[Self]) -> Self:
        """Matrices below each other."""
        return cls(torch.cat([matrix.codes for matrix in matrices]), torch.cat([matrix.scale_middle for matrix in matrices], dim=1))

    @classmethod
    def forms(cls, rows: int, columns: int, group: int) -> list[tuple[torch.Size, torch.dtype]]:
        """Shapes and types of what is stored, in the order of `parts`."""
        lines = torch.Size((columns // group, rows, 2))
        return [(torch.Size((rows, columns * cls.bits // 8)), torch.uint8), (lines, torch.bfloat16)]

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.codes.shape[0], self.codes.shape[1] * 8 // self.bits

    @property
    def group(self) -> int:
        """Columns that share a scale."""
        return self.shape[1] // self.scale_middle.shape[0]

    def tensors(self) -> tuple[Tensor, ...]:
        """What is stored, in the order of `parts`."""
        return self.codes, self.scale_middle

    def weight(self) -> Tensor:
        """The float32 weights that the codes stand for."""
        scale, middle = self.scale_middle.float().transpose(0, 1)[..., None].unbind(2)
        return ((self.unpacked().unflatten(1, (-1, self.group)).float() - 2 ** (self.bits - 1)) * scale + middle).flatten(1)


class Int4Groups(Groups):
    """Two codes a byte; the even column is in the low half."""

    __slots__ = ()
    name = "int4"
    bits = 4

    @staticmethod
    def pack(codes: Tensor) -> Tensor:
        """See `Groups.pack`."""
        return codes[:, ::2] | codes[:, 1::2] << 4

    def unpacked(self) -> Tensor:
        """See `Groups.unpacked`."""
        return torch.stack([self.codes & 15, self.codes >> 4], -1).flatten(1)


class Int3Groups(Groups):
    """Eight codes in three bytes; the first byte has their lowest bits, the first code's in its own lowest."""

    __slots__ = ()
    name = "int3"
    bits = 3

    @staticmethod
    def pack(codes: Tensor) -> Tensor:
        """See `Groups.pack`."""
        eights = codes.unflatten(1, (-1, 8))
        places = torch.arange(8, dtype=torch.uint8, device=codes.device)
        planes = [((eights >> bit & 1) << places).sum(-1, dtype=torch.uint8) for bit in range(3)]
        return torch.stack(planes, -1).flatten(1)

    def unpacked(self) -> Tensor:
        """See `Groups.unpacked`."""
        places = torch.arange(8, dtype=torch.uint8, device=self.codes.device)
        low, mid, high = (self.codes.unflatten(1, (-1, 3))[..., None] >> places & 1).unbind(2)
        return (low | mid << 1 | high << 2).flatten(1)


Matrix = Int8Rows | Int4Groups | Int3Groups
GROUPED: Mapping[str, type[Int4Groups | Int3Groups]] = MappingProxyType({kind.name: kind for kind in (Int4Groups, Int3Groups)})
"""By name."""


def stack(matrices: Sequence[Matrix]) -> Matrix:
    """Matrices of one kind below each other."""
    first = matrices[0]
    if len(matrices) == 1:
        return first
    return type(first).stack(matrices)  # type: ignore[arg-type]
