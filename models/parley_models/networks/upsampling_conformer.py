"""The streaming flow's encoder: conformer layers that remember what they heard, twice as many steps after the middle.

Arithmetic and keys are those of stepvocoder's `UpsampleConformerEncoderV2` (stepfun-ai/Step-Audio-EditX, cosyvoice2/transformer): a step
hears everything before it and `lookahead` tokens more, so chunks give the same as the whole.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from parley_models.networks.conformer import Embedding, FeedForward, RelativeAttention


class Heard(NamedTuple):
    """What a stream carries from chunk to chunk; t tokens were encoded so far."""

    ahead: Tensor
    """(1, C, 2): before the lookahead's second convolution."""

    doubled: Tensor
    """(1, C, 2 · stride): before the upsampling's convolution."""

    tokens: Tensor
    """(layers, heads, t, 2 · width): keys beside values of the first layers."""

    frames: Tensor
    """(layers, heads, stride · t, 2 · width): the same of the layers after upsampling."""


class RememberingAttention(RelativeAttention):
    """Attention over what was heard before and what is new; distances count across both."""

    def extend(self, x: Tensor, past: Tensor) -> tuple[Tensor, Tensor]:
        """X (1, n, C) behind past (heads, t, 2 · width) to (1, n, C) and the new past (heads, t + n, 2 · width)."""
        query = self._split(self.linear_q(x))
        new = torch.cat([self._split(self.linear_k(x)), self._split(self.linear_v(x))], dim=3)
        known = torch.cat([past.unsqueeze(0), new], dim=2)
        key, value = known.chunk(2, dim=3)
        steps, length = x.shape[1], known.shape[2]
        distance = self._split(self.linear_pos(positions_of(x, length)))
        content = (query + self.pos_bias_u.unsqueeze(1)) @ key.transpose(2, 3)
        place = (query + self.pos_bias_v.unsqueeze(1)) @ distance.transpose(2, 3)
        # row q, distance length − 1 first, becomes row q, key 0 first
        shifted = functional.pad(place, (1, 0)).reshape(1, self.heads, -1, steps)[:, :, 1:]
        place = shifted.reshape(1, self.heads, steps, -1)[:, :, :, :length]
        weights = torch.softmax((content + place) / math.sqrt(self.width), dim=3)
        heard = (weights @ value).transpose(1, 2).reshape(x.shape)
        return self.linear_out(heard), known[0]


def positions_of(x: Tensor, length: int) -> Tensor:
    """Sines and cosines of the distances length − 1 … 1 − n of the n newest steps, (1, length + n − 1, C), for x (1, n, C)."""
    steps, channels = x.shape[1], x.shape[2]
    distances = torch.arange(1 - length, steps, device=x.device, dtype=torch.float32).neg().unsqueeze(1)
    speeds = torch.exp(torch.arange(0, channels, 2, device=x.device, dtype=torch.float32) * (-math.log(10_000.0) / channels))
    angles = distances * speeds
    return torch.stack([angles.sin(), angles.cos()], dim=2).reshape(1, -1, channels)


class RememberingLayer(nn.Module):
    """Attention and feed-forward, each normed before and added after."""

    def __init__(self, channels: int, heads: int, hidden: int) -> None:
        super().__init__()
        self.self_attn = RememberingAttention(channels, heads)
        self.feed_forward = FeedForward(channels, hidden)
        self.norm_mha = nn.LayerNorm(channels, eps=1e-12)
        self.norm_ff = nn.LayerNorm(channels, eps=1e-12)

    def extend(self, x: Tensor, past: Tensor) -> tuple[Tensor, Tensor]:
        """As its attention."""
        heard, past = self.self_attn.extend(self.norm_mha(x), past)
        x = x + heard
        return x + self.feed_forward(self.norm_ff(x)), past


class Lookahead(nn.Module):
    """Every token hears the `lookahead` after it; keys `conv1` and `conv2`."""

    def __init__(self, channels: int, lookahead: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv1d(channels, channels, lookahead + 1)
        self.conv2 = nn.Conv1d(channels, channels, 3)
        self.lookahead = lookahead

    def extend(self, x: Tensor, before: Tensor) -> tuple[Tensor, Tensor]:
        """X (1, n, C) to (1, n − lookahead, C); before (1, C, 2)."""
        longer = torch.cat([before, functional.leaky_relu(self.conv1(x.transpose(1, 2)))], dim=2)
        return self.conv2(longer).transpose(1, 2) + x[:, : x.shape[1] - self.lookahead], longer[:, :, -2:]


class Upsampling(nn.Module):
    """Every step repeated, then a causal convolution; key `conv`."""

    def __init__(self, channels: int, stride: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(channels, channels, 2 * stride + 1)
        self.stride = stride

    def extend(self, x: Tensor, before: Tensor) -> tuple[Tensor, Tensor]:
        """X (1, n, C) to (1, stride · n, C); before (1, C, 2 · stride)."""
        longer = torch.cat([before, x.transpose(1, 2).repeat_interleave(self.stride, dim=2)], dim=2)
        return self.conv(longer).transpose(1, 2), longer[:, :, -2 * self.stride :]


class UpsamplingConformer(nn.Module):
    """Embedding, lookahead, layers, upsampling, more layers, a last norm."""

    def __init__(
        self, channels_in: int, channels: int, heads: int, hidden: int, layers: int, up_layers: int, lookahead: int = 3, stride: int = 2
    ) -> None:
        super().__init__()
        self.heads, self.channels = heads, channels
        self.embed = Embedding(channels_in, channels)
        self.pre_lookahead_layer = Lookahead(channels, lookahead)
        self.encoders = nn.ModuleList(RememberingLayer(channels, heads, hidden) for _ in range(layers))
        self.up_layer = Upsampling(channels, stride)
        self.up_embed = Embedding(channels, channels)
        self.up_encoders = nn.ModuleList(RememberingLayer(channels, heads, hidden) for _ in range(up_layers))
        self.after_norm = nn.LayerNorm(channels)

    def start(self) -> Heard:
        """What a stream that has heard nothing carries."""
        zeros, width = self.after_norm.weight.new_zeros, 2 * self.channels // self.heads
        return Heard(
            zeros(1, self.channels, 2),
            zeros(1, self.channels, 2 * self.up_layer.stride),
            zeros(len(self.encoders), self.heads, 0, width),
            zeros(len(self.up_encoders), self.heads, 0, width),
        )

    def extend(self, x: Tensor, present: Tensor, heard: Heard) -> tuple[Tensor, Heard]:
        """Hear embedded tokens x (1, n, C_in), the last `lookahead` of them only as what comes next; (1, stride · (n − lookahead), C).

        present (1, n): 1, or 0 where nothing comes any more, at the end of a stream.
        """
        x, ahead = self.pre_lookahead_layer.extend(self.embed(x) * present.unsqueeze(2), heard.ahead)
        x, tokens = _through(self.encoders, x, heard.tokens)
        x, doubled = self.up_layer.extend(x, heard.doubled)
        x, frames = _through(self.up_encoders, self.up_embed(x), heard.frames)
        return self.after_norm(x), Heard(ahead, doubled, tokens, frames)


def _through(layers: nn.ModuleList, x: Tensor, past: Tensor) -> tuple[Tensor, Tensor]:
    known = []
    for layer, before in zip(layers, past.unbind(), strict=True):
        assert isinstance(layer, RememberingLayer)
        x, after = layer.extend(x, before)
        known.append(after)
    return x, torch.stack(known)
