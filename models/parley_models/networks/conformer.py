"""The flow's encoder: attention with relative positions, no convolution (CosyVoice-1 `ConformerEncoder`, rel_pos_espnet)."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional


class Embedding(nn.Module):
    """A line and a norm into the encoder's width; keys `out.0` and `out.1`."""

    def __init__(self, channels_in: int, channels: int) -> None:
        super().__init__()
        self.out = nn.Sequential(nn.Linear(channels_in, channels), nn.LayerNorm(channels))
        self.scale = math.sqrt(channels)

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, C_in) to (B, T, C)."""
        x = self.out(x)
        return x * self.scale


class RelativeAttention(nn.Module):
    """Multi-head attention that scores content and distance apart (arXiv 1901.02860)."""

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.heads, self.width = heads, channels // heads
        self.linear_q = nn.Linear(channels, channels)
        self.linear_k = nn.Linear(channels, channels)
        self.linear_v = nn.Linear(channels, channels)
        self.linear_out = nn.Linear(channels, channels)
        self.linear_pos = nn.Linear(channels, channels, bias=False)
        self.pos_bias_u = nn.Parameter(torch.empty(heads, self.width))
        self.pos_bias_v = nn.Parameter(torch.empty(heads, self.width))
        nn.init.xavier_uniform_(self.pos_bias_u)
        nn.init.xavier_uniform_(self.pos_bias_v)

    def forward(self, x: Tensor, positions: Tensor) -> Tensor:
        """X (B, T, C) and positions (1, 2T − 1, C), distance T − 1 first, to (B, T, C)."""
        query = self._split(self.linear_q(x))
        key, value = self._split(self.linear_k(x)), self._split(self.linear_v(x))
        distance = self._split(self.linear_pos(positions))
        content = (query + self.pos_bias_u.unsqueeze(1)) @ key.transpose(2, 3)
        place = _by_distance((query + self.pos_bias_v.unsqueeze(1)) @ distance.transpose(2, 3))
        weights = torch.softmax((content + place) / math.sqrt(self.width), dim=3)
        heard = (weights @ value).transpose(1, 2).reshape(x.shape)
        return self.linear_out(heard)

    def _split(self, x: Tensor) -> Tensor:
        return x.reshape(x.shape[0], x.shape[1], self.heads, self.width).transpose(1, 2)


class FeedForward(nn.Module):
    """Out, swish, back; keys `w_1` and `w_2`."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.w_1 = nn.Linear(channels, hidden)
        self.w_2 = nn.Linear(hidden, channels)

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, C) to (B, T, C)."""
        return self.w_2(functional.silu(self.w_1(x)))


class Layer(nn.Module):
    """Attention and feed-forward, each normed before and added after."""

    def __init__(self, channels: int, heads: int, hidden: int) -> None:
        super().__init__()
        self.self_attn = RelativeAttention(channels, heads)
        self.feed_forward = FeedForward(channels, hidden)
        self.norm_mha = nn.LayerNorm(channels, eps=1e-12)
        self.norm_ff = nn.LayerNorm(channels, eps=1e-12)

    def forward(self, x: Tensor, positions: Tensor) -> Tensor:
        """(B, T, C) to (B, T, C)."""
        x = x + self.self_attn(self.norm_mha(x), positions)
        return x + self.feed_forward(self.norm_ff(x))


class Conformer(nn.Module):
    """Embedding, layers and a last norm; every step hears every other."""

    def __init__(self, channels_in: int, channels: int, heads: int, hidden: int, layers: int) -> None:
        super().__init__()
        self.embed = Embedding(channels_in, channels)
        self.encoders = nn.ModuleList(Layer(channels, heads, hidden) for _ in range(layers))
        self.after_norm = nn.LayerNorm(channels)

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, C_in) to (B, T, C)."""
        x = self.embed(x)
        positions = relative_positions(x)
        for layer in self.encoders:
            x = layer(x, positions)
        return self.after_norm(x)


def relative_positions(x: Tensor) -> Tensor:
    """Sines and cosines of the distances T − 1 … −(T − 1), (1, 2T − 1, C), for x (B, T, C)."""
    steps, channels = x.shape[1], x.shape[2]
    distances = torch.arange(1 - steps, steps, device=x.device, dtype=torch.float32).neg().unsqueeze(1)
    speeds = torch.exp(torch.arange(0, channels, 2, device=x.device, dtype=torch.float32) * (-math.log(10_000.0) / channels))
    angles = distances * speeds
    return torch.stack([angles.sin(), angles.cos()], dim=2).reshape(1, -1, channels)


def _by_distance(scores: Tensor) -> Tensor:
    """Scores by distance (B, H, T, 2T − 1), T − 1 first, to scores by key (B, H, T, T): row q takes distances q − k."""
    batch, heads, steps, distances = scores.shape
    padded = functional.pad(scores, (1, 0)).reshape(batch, heads, distances + 1, steps)
    return padded[:, :, 1:].reshape(batch, heads, steps, distances)[:, :, :, :steps]
