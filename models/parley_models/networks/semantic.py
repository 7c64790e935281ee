"""Mini's semantic tokenizer: log-mel window in, product codes (pitch × detail) out.

The shape is the front of a Whisper encoder (two convolutions, the second of stride 2, then pre-norm blocks), as in
CosyVoice's `speech_tokenizer_v1`, small. The code book is a product: f0 · 85 + detail, so that a pitch shift
is a shift of the first factor (docs/architecture/mini.md, "Ears").
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

F0_LEVELS = 48
"""0 is unvoiced; 1-47 lie 0.75 semitones apart from 70 Hz."""
DETAIL_LEVELS = 85


@dataclass(frozen=True, slots=True)
class SemanticConfig:
    """Sizes of the network."""

    mels: int = 128
    width: int = 160
    layers: int = 3
    heads: int = 4
    context_frames: int = 48
    """Log-mel frames (10 ms) of left context in a window."""

    block_frames: int = 24
    """New frames in a window."""

    @property
    def window_frames(self) -> int:
        """Frames that the network sees at a time."""
        return self.context_frames + self.block_frames

    @property
    def block_codes(self) -> int:
        """Codes made from a block: one for four frames."""
        return self.block_frames // 4


class _Block(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.attention_norm = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.mlp_norm = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x: Tensor) -> Tensor:
        batch, frames, width = x.shape
        q, k, v = self.qkv(self.attention_norm(x)).view(batch, frames, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(q, k, v)
        x = x + self.out(mixed.transpose(1, 2).reshape(batch, frames, width))
        return x + self.mlp(self.mlp_norm(x))


class SemanticEncoder(nn.Module):
    """Log-mel window (B, mels, T) to logits of both factors, each (B, T / 4, levels)."""

    def __init__(self, config: SemanticConfig) -> None:
        super().__init__()
        self.config = config
        self.conv1 = nn.Conv1d(config.mels, config.width, 3, stride=2, padding=1)
        self.conv2 = nn.Conv1d(config.width, config.width, 3, stride=2, padding=1)
        self.position = nn.Parameter(torch.randn(config.window_frames // 4, config.width) * 0.02)
        self.blocks = nn.ModuleList(_Block(config.width, config.heads) for _ in range(config.layers))
        self.norm = nn.LayerNorm(config.width)
        self.f0 = nn.Linear(config.width, F0_LEVELS)
        self.detail = nn.Linear(config.width, DETAIL_LEVELS)

    def forward(self, feats: Tensor) -> tuple[Tensor, Tensor]:
        """Log-mel (B, mels, T) to the scores of both factors of each code, (B, T / 4, f0 levels) and (B, T / 4, detail levels)."""
        x = functional.gelu(self.conv2(functional.gelu(self.conv1(feats)))).transpose(1, 2) + self.position
        for block in self.blocks:
            x = block(x)
        x = self.norm(x)
        return self.f0(x), self.detail(x)


class SemanticCodes(nn.Module):
    """What is exported: `feats` (1, mels, T) and `feats_length` (1,) to `indices` (1, T / 4), upstream's signature."""

    def __init__(self, encoder: SemanticEncoder) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, feats: Tensor, feats_length: Tensor) -> Tensor:
        """Log-mel (1, mels, T) and T as (1,) to codes (1, T / 4)."""
        f0, detail = self.encoder(feats)
        # The window has one length; multiplying by it over itself keeps upstream's second input in the graph.
        return f0.argmax(-1) * DETAIL_LEVELS + detail.argmax(-1) + 0 * feats_length.to(torch.int64)
