"""Which weights are kept in how many bits."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from parley_models.backbone.matrices import GROUP_SIZES, GROUPED, Int3Groups, Int4Groups, Int8Rows, Matrix
from parley_models.backbone.mixture import EMBEDDING, HEAD, IN_4_BITS, IN_8_BITS, names
from parley_models.errors import UsageError

BFLOAT16 = "bfloat16"
PLAIN, MINIMISED = "plain", "minimised"


@dataclass(frozen=True, slots=True)
class Quantization:
    """What is kept in how many bits. Norms stay as they are."""

    linear: str
    """`int8`, `int4` or `int3`, for the layers' matrices; one whose columns no group divides becomes int8."""

    group_size: int = 64
    """Columns that share a scale at 4 and 3 bits; fewer in a matrix that so many do not divide."""

    embedding: str = Int8Rows.name
    """`int8`, or `bfloat16` as in checkpoints whose config does not say."""

    rounding: str = MINIMISED
    """How codes are chosen at 4 and 3 bits: `minimised`, or `plain`."""

    in_8_bits: tuple[str, ...] = IN_8_BITS
    """Parts of keys: what has one of them is kept as int8."""

    in_4_bits: tuple[str, ...] = IN_4_BITS
    """Parts of keys: at 3 bits, what has one of them is kept at 4."""

    def __post_init__(self) -> None:
        if self.linear not in (Int8Rows.name, *GROUPED):
            raise UsageError(f"Weights can be quantized to int8, int4 or int3, not to {self.linear}.")
        if self.group_size not in GROUP_SIZES:
            raise UsageError(f"Weights can be quantized in groups of {GROUP_SIZES}, not of {self.group_size}.")
        if self.embedding not in (Int8Rows.name, BFLOAT16):
            raise UsageError(f"Embeddings can be kept as int8 or bfloat16, not as {self.embedding}.")
        if self.rounding not in (PLAIN, MINIMISED):
            raise UsageError(f"Codes can be {MINIMISED} or {PLAIN}, not {self.rounding}.")
        if not all(isinstance(part, str) for part in (*self.in_8_bits, *self.in_4_bits)):
            raise UsageError("What is kept in more bits is named by parts of keys.")

    def covers(self, key: str, shape: Sequence[int]) -> bool:
        """Whether a tensor is quantized; the others are kept as they are, or as bfloat16."""
        return len(shape) == 2 and (key != EMBEDDING or self.embedding == Int8Rows.name)

    def grouped(self, key: str, columns: int) -> type[Int4Groups | Int3Groups] | None:
        """How a matrix that is covered is kept in groups; None = int8, a scale a row: what stands for words decides between them."""
        if key in (HEAD, EMBEDDING) or names(self.in_8_bits, key) or self.linear not in GROUPED or not self.group(columns):
            return None
        return Int4Groups if names(self.in_4_bits, key) else GROUPED[self.linear]

    def group(self, columns: int) -> int:
        """Columns that share a scale in a matrix of so many: the most of GROUP_SIZES up to `group_size` that divide them; 0 = none does."""
        return max((size for size in GROUP_SIZES if size <= self.group_size and columns % size == 0), default=0)

    def quantize(self, key: str, weight: Tensor) -> Matrix:
        """Quantize rows of a matrix that is covered, called by its key."""
        kind = self.grouped(key, weight.shape[1])
        return (
            kind.quantize(weight, self.group(weight.shape[1]), minimise=self.rounding == MINIMISED) if kind else Int8Rows.quantize(weight)
        )

    def kept(self, weight: Tensor) -> Tensor:
        """A tensor that is not covered, as it is kept: a book of bfloat16, a norm of float32."""
        return weight.to(torch.bfloat16 if weight.dim() == 2 else torch.float32)

    def stored(self, key: str, shape: torch.Size) -> dict[str, tuple[torch.Size, torch.dtype]]:
        """Shape and type of each tensor that a file holds for a tensor of this shape, by key; the order is the matrix's own."""
        if not self.covers(key, shape):
            return {key: (shape, torch.bfloat16 if len(shape) == 2 else torch.float32)}
        rows, columns = shape
        kind = self.grouped(key, columns)
        forms = kind.forms(rows, columns, self.group(columns)) if kind else Int8Rows.forms(rows, columns)
        return {key.removesuffix("weight") + part: form for part, form in zip((kind or Int8Rows).parts, forms, strict=True)}

    def restore(self, key: str, parts: Sequence[Tensor], shape: torch.Size) -> Matrix:
        """The matrix from its stored tensors, in the order of `stored`."""
        return (self.grouped(key, shape[1]) or Int8Rows)(*parts)
