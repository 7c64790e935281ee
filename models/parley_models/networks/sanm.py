"""The linguistic tokenizer's encoder: SANM blocks (self-attention with an FSMN memory) that hear in chunks.

State-dict keys and arithmetic are those of Paraformer-online's `SANMEncoderChunkOpt` as Step-Audio runs it: chunks of 4 new
frames behind 5 frames of context, keys and values of the 16 frames before (modelscope/FunASR scama/encoder.py,
sanm/attention.py). A step never sees what comes later, so an emitted frame is final. With a `lookahead`, which upstream has not, frames
leave that much later, from the middle of their window, where what was said behind them is heard too.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True)
class SanmConfig:
    """Sizes of the encoder; the defaults of context are upstream's [0, 4, 5] with look-back 4."""

    width: int
    layers: int
    heads: int
    ffn: int
    input_size: int = 560
    kernel: int = 11
    """Frames under the FSMN memory's depthwise filter; odd."""

    chunk: int = 4
    """New frames (60 ms each) a step."""

    look_back: int = 4
    """Chunks whose keys and values are remembered."""

    right: int = 5
    """Frames that a window repeats from before its chunk; the newest `right` are not remembered as keys."""

    lookahead: int = 0
    """How many frames late a frame is emitted, at most `right`: the n frames of a step are those that end `lookahead` before its newest."""

    dropout: float = 0.0

    @property
    def emitted_from(self) -> int:
        """Where in a window the emitted frames begin."""
        return self.right - self.lookahead

    @property
    def window(self) -> int:
        """Frames that one step computes."""
        return self.right + self.chunk

    @property
    def remembered(self) -> int:
        """Frames of keys and values that a step looks back on."""
        return self.look_back * self.chunk


class SanmCaches(NamedTuple):
    """What a stream carries from step to step."""

    position: Tensor
    """int64 (1,): frames heard so far."""

    context: Tensor
    """(1, right, input_size): the last scaled and positioned features."""

    keys: Tensor
    """(layers, 1, heads, remembered, width / heads): the newest last; slots before the stream's start are masked."""

    values: Tensor
    """Shaped as the keys."""


class SanmAttention(nn.Module):
    """Multi-head attention whose values also pass a depthwise filter over time (the FSMN memory)."""

    def __init__(self, config: SanmConfig, input_size: int) -> None:
        super().__init__()
        self.heads = config.heads
        self.linear_q_k_v = nn.Linear(input_size, 3 * config.width)
        self.linear_out = nn.Linear(config.width, config.width)
        self.fsmn_block = nn.Conv1d(config.width, config.width, config.kernel, groups=config.width, bias=False)

    def project(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values, each (n, frames, width), of x (n, frames, input_size)."""
        query, key, value = self.linear_q_k_v(x).chunk(3, dim=-1)
        return query, key, value

    def split(self, x: Tensor) -> Tensor:
        """(n, frames, width) → (n, heads, frames, width / heads)."""
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def memory(self, value: Tensor) -> Tensor:
        """The filtered values plus the values, (n, frames, width); zeros lie beyond the window on both sides."""
        weight = self.fsmn_block.weight
        filtered = functional.conv1d(value.transpose(-1, -2), weight, padding=weight.shape[-1] // 2, groups=weight.shape[0])
        return filtered.transpose(-1, -2) + value

    def memory_at_once(self, value: Tensor) -> Tensor:
        """What `memory` gives, as one product a channel: a window of nine frames takes a sixth of the time, forward and backward."""
        weight, times = self.fsmn_block.weight[:, 0], torch.arange(value.shape[1], device=value.device)
        tap = times - times[:, None] + weight.shape[-1] // 2
        within = (tap >= 0) & (tap < weight.shape[-1])
        taps = torch.where(within, weight[:, tap.clamp(0, weight.shape[-1] - 1)], 0.0)
        return torch.einsum("nsc,cts->ntc", value, taps.to(value.dtype)) + value

    def attend(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor) -> Tensor:
        """Attention output (n, frames, width) of heads (n, heads, frames or keys, d); mask (n or 1, 1, 1, keys), True is seen."""
        # Written out: on CPU the fused kernel's backward takes half of a training step at these few keys.
        scores = (query * query.shape[-1] ** -0.5) @ key.transpose(-1, -2)
        mixed = scores.masked_fill(~mask, -torch.inf).softmax(dim=-1) @ value
        return self.linear_out(mixed.transpose(1, 2).flatten(2))


class SanmFeedForward(nn.Module):
    """Two linear layers with a ReLU between."""

    def __init__(self, config: SanmConfig) -> None:
        super().__init__()
        self.w_1 = nn.Linear(config.width, config.ffn)
        self.w_2 = nn.Linear(config.ffn, config.width)

    def forward(self, x: Tensor) -> Tensor:
        """(…, width) → (…, width)."""
        return self.w_2(functional.relu(self.w_1(x)))


class SanmLayer(nn.Module):
    """One pre-norm block."""

    def __init__(self, config: SanmConfig, input_size: int) -> None:
        super().__init__()
        self.config = config
        # Upstream drops the residual around attention where the width changes.
        self.keeps_residual = input_size == config.width
        self.self_attn = SanmAttention(config, input_size)
        self.feed_forward = SanmFeedForward(config)
        # eps 1e-12 is upstream's
        self.norm1 = nn.LayerNorm(input_size, eps=1e-12)
        self.norm2 = nn.LayerNorm(config.width, eps=1e-12)
        self.dropout = nn.Dropout(config.dropout)

    def step(self, x: Tensor, past_key: Tensor, past_value: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """One window x (1, right + new, input_size) behind remembered heads; returns the output and the new memories."""
        attention, kept = self.self_attn, self.config.remembered
        query, key, value = attention.project(self.norm1(x))
        keys = torch.cat([past_key, attention.split(key)], dim=2)
        values = torch.cat([past_value, attention.split(value)], dim=2)
        mixed = attention.attend(attention.split(query), keys, values, mask) + attention.memory(value)
        settled = slice(-self.config.right - kept, -self.config.right)
        return self._finish(x, mixed), keys[:, :, settled], values[:, :, settled]

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """All windows of all streams at once: x (streams, chunks, window, input_size) → (streams, chunks, window, width).

        mask (chunks, 1, 1, remembered + window): what a window sees of the windows before it, and all of itself.
        """
        streams, chunks, window = x.shape[:3]
        attention = self.self_attn
        query, key, value = attention.project(self.norm1(x).flatten(0, 1))
        keys, values = (self._behind(memory.view(streams, chunks, window, -1)) for memory in (key, value))
        mixed = attention.attend(attention.split(query), attention.split(keys), attention.split(values), mask.repeat(streams, 1, 1, 1))
        mixed = mixed + attention.memory_at_once(value)
        return self._finish(x, mixed.view(streams, chunks, window, -1))

    def _behind(self, memory: Tensor) -> Tensor:
        """Each window's (streams, chunks, window, width) frames behind those that it remembers: (streams · chunks, keys, width)."""
        look_back, chunks = self.config.look_back, memory.shape[1]
        settled = functional.pad(memory[:, :, : self.config.chunk], (0, 0, 0, 0, look_back, 0))
        past = [settled[:, back : back + chunks] for back in range(look_back)]
        return torch.cat([*past, memory], dim=2).flatten(0, 1)

    def _finish(self, x: Tensor, mixed: Tensor) -> Tensor:
        mixed = self.dropout(mixed)
        x = x + mixed if self.keeps_residual else mixed
        return x + self.dropout(self.feed_forward(self.norm2(x)))


class SanmEncoder(nn.Module):
    """The whole encoder; loads `encoder.*` of a Paraformer-online checkpoint as it is."""

    inverse_timescales: Tensor

    def __init__(self, config: SanmConfig) -> None:
        super().__init__()
        self.config = config
        self.encoders0 = nn.ModuleList([SanmLayer(config, config.input_size)])
        self.encoders = nn.ModuleList([SanmLayer(config, config.width) for _ in range(config.layers - 1)])
        self.after_norm = nn.LayerNorm(config.width, eps=1e-12)
        half = config.input_size // 2
        scales = torch.exp(torch.arange(half, dtype=torch.float32) * (-math.log(10_000.0) / (half - 1)))
        self.register_buffer("inverse_timescales", scales, persistent=False)

    @property
    def blocks(self) -> list[SanmLayer]:
        """The layers, first to last."""
        return [layer for layer in (*self.encoders0, *self.encoders) if isinstance(layer, SanmLayer)]

    def start(self) -> SanmCaches:
        """The caches of a stream that has heard nothing."""
        config, weight = self.config, self.after_norm.weight
        memory = weight.new_zeros(config.layers, 1, config.heads, config.remembered, config.width // config.heads)
        context = weight.new_zeros(1, config.right, config.input_size)
        return SanmCaches(torch.zeros(1, dtype=torch.int64, device=weight.device), context, memory, memory.clone())

    def step(self, features: Tensor, caches: SanmCaches) -> tuple[Tensor, SanmCaches]:
        """Hear one chunk of features (1, n, input_size), 1 ≤ n ≤ chunk, fewer only at the end; returns (1, n, width) and the caches.

        The first `lookahead` frames of a stream are of before its beginning and mean nothing.
        """
        config = self.config
        positioned = self._positioned(features, caches.position)
        x = torch.cat([caches.context, positioned], dim=1)
        context = x[:, -config.right :]
        slots = torch.arange(-config.remembered, x.shape[1], device=x.device)
        mask = (slots >= -caches.position)[None, None, None]
        keys, values = [], []
        for layer, past_key, past_value in zip(self.blocks, caches.keys.unbind(), caches.values.unbind(), strict=True):
            x, key, value = layer.step(x, past_key, past_value, mask)
            keys.append(key)
            values.append(value)
        after = SanmCaches(caches.position + features.shape[1], context, torch.stack(keys), torch.stack(values))
        emitted = x[:, config.emitted_from :]
        if config.lookahead:  # a cut that cuts nothing would only hide the width from who loads the exported step
            emitted = emitted[:, : features.shape[1]]
        return self.after_norm(emitted), after

    def forward(self, features: Tensor) -> Tensor:
        """Every chunk of whole streams at once, as `step` would hear them one by one, and differentiable.

        features (streams, frames, input_size), frames a multiple of `chunk` → (streams, frames, width). Frames appended
        at the end change nothing before them, so shorter streams may be padded.
        """
        config = self.config
        positioned = self._positioned(features, torch.zeros(1, dtype=torch.int64, device=features.device))
        padded = functional.pad(positioned, (0, 0, config.right, 0))
        x = padded.unfold(1, config.window, config.chunk).transpose(-1, -2)
        slots = torch.arange(-config.remembered, config.window, device=x.device)
        first_seen = torch.arange(x.shape[1], device=x.device) * -config.chunk
        mask = (slots >= first_seen[:, None])[:, None, None]
        for layer in self.blocks:
            x = layer(x, mask)
        return self.after_norm(x[:, :, config.emitted_from :][:, :, : config.chunk]).flatten(1, 2)

    def in_time(self, features: Tensor) -> Tensor:
        """Every frame (streams, frames, width) at its own time; behind each stream lies a chunk (streams, frames + chunk, input_size)."""
        return self(features)[:, self.config.lookahead :][:, : features.shape[1] - self.config.chunk]

    def _positioned(self, features: Tensor, position: Tensor) -> Tensor:
        """Scaled features plus sinusoidal positions, which count from 1."""
        times = position + torch.arange(1, features.shape[1] + 1, device=features.device)
        angles = times[:, None].to(self.inverse_timescales.dtype) * self.inverse_timescales
        return features * self.config.width**0.5 + torch.cat([angles.sin(), angles.cos()], dim=-1)
