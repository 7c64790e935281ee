"""The streaming flow's estimator: a diffusion transformer whose layers remember (arXiv 2212.09748), each with a causal convolution.

Arithmetic and keys are those of stepvocoder's `DiT` (stepfun-ai/Step-Audio-EditX, cosyvoice2/flow/decoder_dit.py). Attention has no
positions: order comes from the convolutions and from mu alone.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

KERNEL = 3
CARRIED = KERNEL - 1
"""Steps that a convolution remembers."""


class TimeEmbedding(nn.Module):
    """Cosines and sines of the time, then two lines; keys `mlp.0` and `mlp.2`."""

    WAVES = 256

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.mlp = nn.Sequential(nn.Linear(self.WAVES, channels), nn.SiLU(), nn.Linear(channels, channels))

    def forward(self, time: Tensor) -> Tensor:
        """(B,) within [0, 1] to (B, C)."""
        half = self.WAVES // 2
        speeds = torch.exp(torch.arange(half, device=time.device, dtype=torch.float32) * (-math.log(10_000.0) / half))
        angles = 1000.0 * time.unsqueeze(1) * speeds
        return self.mlp(torch.cat([angles.cos(), angles.sin()], dim=1))


class NormedAttention(nn.Module):
    """Attention with normed queries and keys."""

    def __init__(self, channels: int, heads: int, width: int) -> None:
        super().__init__()
        self.heads, self.width = heads, width
        self.to_q = nn.Linear(channels, heads * width)
        self.to_k = nn.Linear(channels, heads * width)
        self.to_v = nn.Linear(channels, heads * width)
        self.q_norm = nn.LayerNorm(width)
        self.k_norm = nn.LayerNorm(width)
        self.proj = nn.Linear(heads * width, channels)

    def extend(self, x: Tensor, past: Tensor) -> tuple[Tensor, Tensor]:
        """X (B, n, C), past (B, heads, t, 2 · width) to (B, n, C) and what is new for the past (B, heads, n, 2 · width)."""
        query, key, value = (self._split(line(x)) for line in (self.to_q, self.to_k, self.to_v))
        new = torch.cat([self.k_norm(key), value], dim=3)
        keys, values = torch.cat([new, past], dim=2).chunk(2, dim=3)
        weights = torch.softmax(self.q_norm(query) @ keys.transpose(2, 3) * self.width**-0.5, dim=3)
        return self.proj((weights @ values).transpose(1, 2).flatten(2)), new

    def _split(self, x: Tensor) -> Tensor:
        return x.reshape(x.shape[0], x.shape[1], self.heads, self.width).transpose(1, 2)


class Mlp(nn.Module):
    """Out, GELU, back; keys `fc1` and `fc2`."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(channels, hidden)
        self.fc2 = nn.Linear(hidden, channels)

    def forward(self, x: Tensor) -> Tensor:
        """(B, n, C) to (B, n, C)."""
        return self.fc2(functional.gelu(self.fc1(x), approximate="tanh"))


class CausalConvolutions(nn.Module):
    """Convolution, norm, Mish, convolution; upstream's keys `block.1`, `block.3` and `block.6` (the others are transpositions)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        first, second = nn.Conv1d(channels, channels, KERNEL), nn.Conv1d(channels, channels, KERNEL)
        self.block = nn.ModuleDict({"1": first, "3": nn.LayerNorm(channels), "6": second})

    def extend(self, x: Tensor, before: Tensor) -> tuple[Tensor, Tensor]:
        """X (B, n, C) behind before (B, 2 · C, 2), first and second convolution's, to (B, n, C) and the new before."""
        first, second = before.chunk(2, dim=1)
        longer = torch.cat([first, x.transpose(1, 2)], dim=2)
        inner = functional.mish(self.block["3"](self.block["1"](longer).transpose(1, 2))).transpose(1, 2)
        inner = torch.cat([second, inner], dim=2)
        after = torch.cat([longer[:, :, -CARRIED:], inner[:, :, -CARRIED:]], dim=1)
        return self.block["6"](inner).transpose(1, 2), after


class DitBlock(nn.Module):
    """Attention, convolutions, feed-forward: each normed, scaled and shifted by the time before, and gated by it after."""

    def __init__(self, channels: int, heads: int, width: int, hidden: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(channels, eps=1e-6, elementwise_affine=False)
        self.attn = NormedAttention(channels, heads, width)
        self.conv = CausalConvolutions(channels)
        self.mlp = Mlp(channels, hidden)
        self.adaLN_modulation = nn.Sequential(nn.SiLU(), nn.Linear(channels, 9 * channels))

    def extend(self, x: Tensor, moment: Tensor, before: Tensor, past: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """X (B, n, C) at moment (B, 1, C) to (B, n, C), and what its convolutions and its attention remember."""
        shift_a, scale_a, gate_a, shift_m, scale_m, gate_m, shift_c, scale_c, gate_c = self.adaLN_modulation(moment).chunk(9, dim=2)
        attended, new = self.attn.extend(self.norm(x) * (1 + scale_a) + shift_a, past)
        x = x + gate_a * attended
        convolved, after = self.conv.extend(self.norm(x) * (1 + scale_c) + shift_c, before)
        x = x + gate_c * convolved
        return x + gate_m * self.mlp(self.norm(x) * (1 + scale_m) + shift_m), after, new


class LastLayer(nn.Module):
    """A norm modulated by the time and a line; keys `adaLN_modulation.1` and `linear`."""

    def __init__(self, channels: int, channels_out: int) -> None:
        super().__init__()
        self.adaLN_modulation = nn.Sequential(nn.SiLU(), nn.Linear(channels, 2 * channels))
        self.norm_final = nn.LayerNorm(channels, eps=1e-6, elementwise_affine=False)
        self.linear = nn.Linear(channels, channels_out)

    def forward(self, x: Tensor, moment: Tensor) -> Tensor:
        """(B, n, C) to (B, n, C_out)."""
        shift, scale = self.adaLN_modulation(moment).chunk(2, dim=2)
        return self.linear(self.norm_final(x) * (1 + scale) + shift)


class Dit(nn.Module):
    """Velocity of the flow, chunk by chunk."""

    def __init__(self, channels_in: int, mels: int, channels: int, heads: int, width: int, blocks: int, hidden: int) -> None:
        super().__init__()
        self.channels, self.heads, self.width = channels, heads, width
        self.t_embedder = TimeEmbedding(channels)
        self.in_proj = nn.Linear(channels_in, channels)
        self.blocks = nn.ModuleList(DitBlock(channels, heads, width, hidden) for _ in range(blocks))
        self.final_layer = LastLayer(channels, mels)

    def start(self, batch: int = 2) -> tuple[Tensor, Tensor]:
        """What a step of a stream that has made nothing remembers: convolutions (blocks, B, 2 · C, 2), keys and values
        (blocks, B, heads, 0, 2 · width).
        """
        zeros, blocks = self.in_proj.weight.new_zeros, len(self.blocks)
        return zeros(blocks, batch, 2 * self.channels, CARRIED), zeros(blocks, batch, self.heads, 0, 2 * self.width)

    def forward(
        self, x: Tensor, mu: Tensor, time: Tensor, speaker: Tensor, cond: Tensor, before: Tensor, past: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """x, mu, cond (B, mels, n), time (B,), speaker (B, mels), memories as of `start` with any t.

        Returns the velocity (B, mels, n), the convolutions' new memory, and the keys and values of the n frames
        (blocks, B, heads, n, 2 · width), which the caller puts to the past.
        """
        moment = self.t_embedder(time).unsqueeze(1)
        x = torch.cat([x, mu, speaker.unsqueeze(2).expand(-1, -1, x.shape[2]), cond], dim=1)
        x = self.in_proj(x.transpose(1, 2))
        carried, fresh = [], []
        for block, block_before, block_past in zip(self.blocks, before.unbind(), past.unbind(), strict=True):
            assert isinstance(block, DitBlock)
            x, after, new = block.extend(x, moment, block_before, block_past)
            carried.append(after)
            fresh.append(new)
        return self.final_layer(x, moment).transpose(1, 2), torch.stack(carried), torch.stack(fresh)
