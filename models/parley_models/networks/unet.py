"""The flow's estimator: a one-dimensional U-Net of ResNet blocks and transformers (CosyVoice-1 `ConditionalDecoder`, after Matcha-TTS)."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional


class TimeMlp(nn.Module):
    """Sines of the time, then two lines; keys `linear_1` and `linear_2`."""

    def __init__(self, sines: int, channels: int) -> None:
        super().__init__()
        self.sines = sines
        self.linear_1 = nn.Linear(sines, channels)
        self.linear_2 = nn.Linear(channels, channels)

    def forward(self, time: Tensor) -> Tensor:
        """(B,) within [0, 1] to (B, C)."""
        half = self.sines // 2
        speeds = torch.exp(torch.arange(half, device=time.device, dtype=torch.float32) * (-math.log(10_000.0) / (half - 1)))
        angles = 1000.0 * time.unsqueeze(1) * speeds
        waves = torch.cat([angles.sin(), angles.cos()], dim=1)
        return self.linear_2(functional.silu(self.linear_1(waves)))


class Block(nn.Module):
    """Convolution, GroupNorm, Mish; key `block`."""

    def __init__(self, channels_in: int, channels: int) -> None:
        super().__init__()
        self.block = nn.Sequential(nn.Conv1d(channels_in, channels, 3, padding=1), nn.GroupNorm(8, channels), nn.Mish())

    def forward(self, x: Tensor) -> Tensor:
        """(B, C_in, T) to (B, C, T)."""
        return self.block(x)


class ResnetBlock(nn.Module):
    """Two blocks with the time added between them."""

    def __init__(self, channels_in: int, channels: int, time_channels: int) -> None:
        super().__init__()
        self.mlp = nn.Sequential(nn.Mish(), nn.Linear(time_channels, channels))
        self.block1 = Block(channels_in, channels)
        self.block2 = Block(channels, channels)
        self.res_conv = nn.Conv1d(channels_in, channels, 1)

    def forward(self, x: Tensor, time: Tensor) -> Tensor:
        """(B, C_in, T) and time (B, C_t) to (B, C, T)."""
        inner = self.block1(x) + self.mlp(time).unsqueeze(2)
        return self.block2(inner) + self.res_conv(x)


class Attention(nn.Module):
    """Plain multi-head attention, no positions; keys `to_q`, `to_k`, `to_v`, `to_out.0`."""

    def __init__(self, channels: int, heads: int, width: int) -> None:
        super().__init__()
        self.heads, self.width = heads, width
        self.to_q = nn.Linear(channels, heads * width, bias=False)
        self.to_k = nn.Linear(channels, heads * width, bias=False)
        self.to_v = nn.Linear(channels, heads * width, bias=False)
        self.to_out = nn.ModuleList([nn.Linear(heads * width, channels)])

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, C) to (B, T, C)."""
        query, key, value = (self._split(line(x)) for line in (self.to_q, self.to_k, self.to_v))
        weights = torch.softmax(query @ key.transpose(2, 3) / math.sqrt(self.width), dim=3)
        heard = (weights @ value).transpose(1, 2).reshape(x.shape[0], x.shape[1], -1)
        return self.to_out[0](heard)

    def _split(self, x: Tensor) -> Tensor:
        return x.reshape(x.shape[0], x.shape[1], self.heads, self.width).transpose(1, 2)


class GeluLine(nn.Module):
    """A line and a GELU; key `proj`."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.proj = nn.Linear(channels, hidden)

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, C) to (B, T, hidden)."""
        return functional.gelu(self.proj(x))


class FeedForward(nn.Module):
    """Four times as wide inside; keys `net.0.proj` and `net.2` (upstream's dropout is net.1)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.net = nn.Sequential(GeluLine(channels, 4 * channels), nn.Identity(), nn.Linear(4 * channels, channels))

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, C) to (B, T, C)."""
        return self.net(x)


class Transformer(nn.Module):
    """Attention and feed-forward, each normed before; the norm between them is upstream's `norm3`."""

    def __init__(self, channels: int, heads: int, width: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(channels)
        self.attn1 = Attention(channels, heads, width)
        self.norm3 = nn.LayerNorm(channels)
        self.ff = FeedForward(channels)

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, C) to (B, T, C)."""
        x = x + self.attn1(self.norm1(x))
        return x + self.ff(self.norm3(x))


class Resample(nn.Module):
    """A convolution that halves or doubles the time; key `conv`."""

    def __init__(self, conv: nn.Conv1d | nn.ConvTranspose1d) -> None:
        super().__init__()
        self.conv = conv

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, T) to (B, C, T′)."""
        return self.conv(x)


class UNet(nn.Module):
    """Velocity of the flow. Every level but the last halves the time."""

    def __init__(self, channels_in: int, mels: int, channels: tuple[int, ...], heads: int, width: int, blocks: int, middle: int) -> None:
        super().__init__()
        time_channels = channels[0] * 4
        self.time_mlp = TimeMlp(channels_in, time_channels)

        def stage(size_in: int, size: int, *more: nn.Module) -> nn.ModuleList:
            transformers = nn.ModuleList(Transformer(size, heads, width) for _ in range(blocks))
            return nn.ModuleList([ResnetBlock(size_in, size, time_channels), transformers, *more])

        last = len(channels) - 1
        sizes_in = (channels_in, *channels[:-1])
        self.down_blocks = nn.ModuleList(
            stage(sizes_in[i], size, _plain(size) if i == last else Resample(nn.Conv1d(size, size, 3, 2, 1)))
            for i, size in enumerate(channels)
        )
        self.mid_blocks = nn.ModuleList(stage(channels[-1], channels[-1]) for _ in range(middle))
        upwards = channels[::-1]
        outwards = (*upwards[1:], channels[0])
        self.up_blocks = nn.ModuleList(
            stage(2 * upwards[i], size, _plain(size) if i == last else Resample(nn.ConvTranspose1d(size, size, 4, 2, 1)))
            for i, size in enumerate(outwards)
        )
        self.final_block = Block(channels[0], channels[0])
        self.final_proj = nn.Conv1d(channels[0], mels, 1)

    def forward(self, x: Tensor, mu: Tensor, time: Tensor, speaker: Tensor, cond: Tensor) -> Tensor:
        """x, mu, cond (B, mels, T), time (B,), speaker (B, mels) to the velocity (B, mels, T)."""
        moment = self.time_mlp(time)
        x = torch.cat([x, mu, speaker.unsqueeze(2).expand(-1, -1, x.shape[2]), cond], dim=1)
        kept = []
        for resnet, transformers, down in map(_parts, self.down_blocks):
            x = _through(x, moment, resnet, transformers)
            kept.append(x)
            x = down(x)
        for resnet, transformers in map(_parts, self.mid_blocks):
            x = _through(x, moment, resnet, transformers)
        for resnet, transformers, up in map(_parts, self.up_blocks):
            skip = kept.pop()
            x = _through(torch.cat([x[:, :, : skip.shape[2]], skip], dim=1), moment, resnet, transformers)
            x = up(x)
        return self.final_proj(self.final_block(x))


def _plain(channels: int) -> nn.Conv1d:
    return nn.Conv1d(channels, channels, 3, padding=1)


def _parts(stage: nn.Module) -> list[nn.Module]:
    assert isinstance(stage, nn.ModuleList)
    return list(stage)


def _through(x: Tensor, moment: Tensor, resnet: nn.Module, transformers: nn.Module) -> Tensor:
    assert isinstance(transformers, nn.ModuleList)
    x = resnet(x, moment).transpose(1, 2)
    for transformer in transformers:
        x = transformer(x)
    return x.transpose(1, 2)
