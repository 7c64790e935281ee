"""One way to multiply with a quantized matrix: what the rows of the table of kernels are."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor

Packed = tuple[Tensor, ...]
Product = Callable[[Tensor, Packed], Tensor]
"""x (rows, columns) float32 and a packed matrix -> float32 (rows, outputs)."""

PROCESSOR = ("cpu",)
CARD = ("cuda",)


@dataclass(frozen=True, slots=True)
class Kernel:
    """One row."""

    pack: Callable[[Any], Packed]
    """The matrix as the tensors that stay in memory: they replace the matrix, never join it."""

    product: Product
    columns: int = 1
    """The matrix's columns must be a multiple of this."""

    devices: tuple[str, ...] = PROCESSOR + CARD
    """What it runs on, as torch calls them."""
