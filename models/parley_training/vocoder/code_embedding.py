"""An embedding that shares what codes have in common."""

import torch
from torch import Tensor, nn
from torch.nn import functional

LINGUISTIC, SEMANTIC = 1024, 4096
DETAILS = 85
LEVELS = SEMANTIC // DETAILS + 1
"""F0 levels, the last one incomplete."""

NOTHING = LINGUISTIC + SEMANTIC
"""The token before the first group and after the last."""


class CodeEmbedding(nn.Module):
    """Semantic code f0 · 85 + detail is embedded as level + detail.

    A quarter of an hour of speech holds most levels and most details, but few of their 4,096 pairs, and a shift of pitch asks for the
    others. `table()` is the plain embedding that the shipped network holds.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.linguistic = nn.Parameter(torch.randn(LINGUISTIC, channels))
        self.level = nn.Parameter(torch.randn(LEVELS, channels))
        self.detail = nn.Parameter(torch.randn(DETAILS, channels))
        self.nothing = nn.Parameter(torch.randn(1, channels))

    def table(self) -> Tensor:
        """(5121, channels), a row per token."""
        pairs = (self.level.unsqueeze(1) + self.detail.unsqueeze(0)).reshape(LEVELS * DETAILS, -1)[:SEMANTIC]
        return torch.cat([self.linguistic, pairs * 0.5**0.5, self.nothing])

    def forward(self, tokens: Tensor) -> Tensor:
        """(B, n) int64 to (B, n, channels)."""
        return functional.embedding(tokens, self.table())
