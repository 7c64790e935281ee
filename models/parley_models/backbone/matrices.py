"""Matrices in 8 or 4 bits: what is stored, and how it is read back.

int8 keeps one scale a row; int4 keeps a scale and an offset for each group of columns. Scales are bfloat16, as the kernels
want them, and codes are chosen for the scale as stored, so its rounding costs nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from parley_models.errors import UsageError

GROUP_SIZES = (32, 64, 128)
"""Columns that share a scale at 4 bit: 0.625, 0.5625 and 0.53125 bytes a weight."""


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

    def tensors(self) -> tuple[Tensor, ...]:
        """What is stored, in the order of `parts`."""
        return self.codes, self.scale

    def weight(self) -> Tensor:
        """The float32 weights that the codes stand for."""
        return self.codes.float() * self.scale.float()[:, None]


@dataclass(frozen=True, slots=True)
class Int4Groups:
    """A matrix as 4-bit codes, two a byte, with a scale and a middle for each group of columns: weight = (code - 8) * scale + middle."""

    name: ClassVar[str] = "int4"
    parts: ClassVar[tuple[str, ...]] = ("weight", "weight_scale_middle")
    codes: Tensor
    """uint8 (rows, columns / 2); the even column is in the low half."""

    scale_middle: Tensor
    """bfloat16 (columns / group, rows, 2)."""

    @classmethod
    def quantize(cls, weight: Tensor, group: int) -> "Int4Groups":
        """Quantize float weights (rows, columns), columns divisible by the group. Raises UsageError."""
        if group not in GROUP_SIZES or weight.shape[1] % group:
            raise UsageError(f"A matrix of {weight.shape[1]} columns can't be quantized in groups of {group}; {GROUP_SIZES} are known.")
        grouped = weight.float().unflatten(1, (-1, group))
        low, high = grouped.amin(2), grouped.amax(2)
        scale = ((high - low) / 15).clamp_min(1e-12).to(torch.bfloat16)
        middle = (low + 8 * scale.float()).to(torch.bfloat16)
        nibbles = ((grouped - middle.float()[..., None]) / scale.float()[..., None] + 8).round().clamp(0, 15).to(torch.uint8).flatten(1)
        return cls(nibbles[:, ::2] | nibbles[:, 1::2] << 4, torch.stack([scale, middle], -1).transpose(0, 1).contiguous())

    @classmethod
    def stack(cls, matrices: "Sequence[Int4Groups]") -> "Int4Groups":
        """Matrices below each other."""
        return cls(torch.cat([matrix.codes for matrix in matrices]), torch.cat([matrix.scale_middle for matrix in matrices], dim=1))

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.codes.shape[0], self.codes.shape[1] * 2

    @property
    def group(self) -> int:
        """Columns that share a scale."""
        return self.shape[1] // self.scale_middle.shape[0]

    def tensors(self) -> tuple[Tensor, ...]:
        """What is stored, in the order of `parts`."""
        return self.codes, self.scale_middle

    def nibbles(self) -> Tensor:
        """One code an entry, int32 (rows, columns)."""
        return torch.stack([self.codes & 15, self.codes >> 4], -1).flatten(1).to(torch.int32)

    def weight(self) -> Tensor:
        """The float32 weights that the codes stand for."""
        scale, middle = self.scale_middle.float().transpose(0, 1)[..., None].unbind(2)
        return ((self.nibbles().unflatten(1, (-1, self.group)) - 8) * scale + middle).flatten(1)


Matrix = Int8Rows | Int4Groups


def stack(matrices: Sequence[Matrix]) -> Matrix:
    """Matrices of one kind below each other."""
    first = matrices[0]
    if len(matrices) == 1:
        return first
    return type(first).stack(matrices)  # type: ignore[arg-type]
