"""Which weights are kept in how many bits."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from parley_models.backbone.matrices import GROUP_SIZES, Int4Groups, Int8Rows, Matrix
from parley_models.errors import UsageError

HEAD = "lm_head.weight"
EMBEDDING = "model.embed_tokens.weight"
BFLOAT16 = "bfloat16"


@dataclass(frozen=True, slots=True)
class Quantization:
    """What is kept in how many bits. Norms stay as they are."""

    linear: str
    """`int8` or `int4`, for the layers' matrices; one whose columns no group divides becomes int8."""

    group_size: int = 64
    """Columns that share a scale at 4 bit."""

    embedding: str = Int8Rows.name
    """`int8`, or `bfloat16` as in checkpoints whose config does not say."""

    def __post_init__(self) -> None:
        if self.linear not in (Int8Rows.name, Int4Groups.name):
            raise UsageError(f"Weights can be quantized to int8 or int4, not to {self.linear}.")
        if self.group_size not in GROUP_SIZES:
            raise UsageError(f"Weights can be quantized in groups of {GROUP_SIZES}, not of {self.group_size}.")
        if self.embedding not in (Int8Rows.name, BFLOAT16):
            raise UsageError(f"Embeddings can be kept as int8 or bfloat16, not as {self.embedding}.")

    def covers(self, key: str, shape: Sequence[int]) -> bool:
        """Whether a tensor is quantized; the others are kept as they are, or as bfloat16."""
        return len(shape) == 2 and (key != EMBEDDING or self.embedding == Int8Rows.name)

    def groups_of(self, key: str, columns: int) -> int:
        """Columns that share a scale in a matrix; 0 = int8, one scale a row: what stands for words decides between them."""
        grouped = self.linear == Int4Groups.name and key not in (HEAD, EMBEDDING)
        return self.group_size if grouped and columns % self.group_size == 0 else 0

    def quantize(self, key: str, weight: Tensor) -> Matrix:
        """Quantize rows of a matrix that is covered, called by its key."""
        group = self.groups_of(key, weight.shape[1])
        return Int4Groups.quantize(weight, group) if group else Int8Rows.quantize(weight)

    def kept(self, weight: Tensor) -> Tensor:
        """A tensor that is not covered, as it is kept: a book of bfloat16, a norm of float32."""
        return weight.to(torch.bfloat16 if weight.dim() == 2 else torch.float32)

    def stored(self, key: str, shape: torch.Size) -> dict[str, tuple[torch.Size, torch.dtype]]:
        """Shape and type of each tensor that a file holds for a tensor of this shape, by key; the order is the matrix's own."""
        if not self.covers(key, shape):
            return {key: (shape, torch.bfloat16 if len(shape) == 2 else torch.float32)}
        rows, columns = shape
        group = self.groups_of(key, columns)
        if group:
            shapes = [(torch.Size((rows, columns // 2)), torch.uint8), (torch.Size((columns // group, rows, 2)), torch.bfloat16)]
        else:
            shapes = [(shape, torch.int8), (torch.Size((rows,)), torch.bfloat16)]
        kind = Int4Groups if group else Int8Rows
        return {key.removesuffix("weight") + part: form for part, form in zip(kind.parts, shapes, strict=True)}

    def restore(self, key: str, parts: Sequence[Tensor], shape: torch.Size) -> Matrix:
        """The matrix from its stored tensors, in the order of `stored`."""
        return Int4Groups(*parts) if self.groups_of(key, shape[1]) else Int8Rows(*parts)
