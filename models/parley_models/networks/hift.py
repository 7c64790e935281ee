"""HiFT, the vocoder's last stage: mel to sound by a source-filter generator with an inverse STFT head (arXiv 2309.09493).

Arithmetic and keys are CosyVoice-1's `HiFTGenerator` (github.com/FunAudioLLM/CosyVoice, cosyvoice/hifigan/generator.py), down to the
slope 0.01 of the last leaky ReLU. `causal=True` is Mini's variant: every layer looks left only, upsampling repeats and convolves, and
`lookahead_frames` of mel arrive before the sound of a frame leaves.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from parley_models.networks.convolution import Memory, NormedConv1d, NormedConvTranspose1d, RepeatConv1d, StridedConv1d, quieten
from parley_models.networks.excitation import Excitation, ExcitationConfig, InterpolatedExcitation
from parley_models.networks.f0_predictor import F0Predictor
from parley_models.networks.spectral import ShortFourier

SILENCE = math.log(1e-5)
"""Natural log of the mel's floor."""


@dataclass(frozen=True, slots=True)
class HiftConfig:
    """Sizes of a HiFT; lists go from mel towards sound."""

    rate_hz: int = 24_000
    mels: int = 80
    channels: int = 128
    f0_channels: int = 128
    harmonics: int = 8
    upsample_rates: tuple[int, ...] = (8, 5, 3)
    upsample_kernels: tuple[int, ...] = (16, 11, 7)
    n_fft: int = 16
    hop: int = 4
    kernels: tuple[int, ...] = (3, 7, 11)
    dilations: tuple[int, ...] = (1, 3, 5)
    source_kernels: tuple[int, ...] = (7, 7, 11)
    slope: float = 0.1
    """Of the leaky ReLUs before upsampling."""

    sample_limit: float = 0.99
    amplitude: float = 0.1
    noise: float = 0.003
    voiced_above_hz: float = 10.0
    """Of the source; see `ExcitationConfig`."""

    interpolated_source: bool = False
    """Whether the source's phase is interpolated from frame to frame, as stepvocoder does."""

    causal: bool = False
    lookahead_frames: int = 0
    """Causal only: frames of mel that must have come before a frame's sound can leave."""

    @property
    def frame(self) -> int:
        """Samples per mel frame."""
        return math.prod(self.upsample_rates) * self.hop


class Snake(nn.Module):
    """x + sin²(αx)/α, one α a channel (arXiv 2006.08195)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.alpha = nn.Parameter(torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, T) to (B, C, T)."""
        alpha = self.alpha.reshape(1, -1, 1)
        return x + (1.0 / (alpha + 1e-9)) * torch.sin(x * alpha).pow(2)


class ResBlock(nn.Module):
    """Three rounds of Snake, dilated convolution, Snake, convolution, each added to its input."""

    def __init__(self, channels: int, kernel: int, dilations: tuple[int, ...], causal: bool) -> None:
        super().__init__()
        self.convs1 = nn.ModuleList(NormedConv1d(channels, channels, kernel, d, causal) for d in dilations)
        self.convs2 = nn.ModuleList(NormedConv1d(channels, channels, kernel, 1, causal) for _ in dilations)
        self.activations1 = nn.ModuleList(Snake(channels) for _ in dilations)
        self.activations2 = nn.ModuleList(Snake(channels) for _ in dilations)
        for conv in (*self.convs1, *self.convs2):
            assert isinstance(conv, NormedConv1d)
            quieten(conv)

    def forward(self, x: Tensor, memory: Memory | None = None) -> Tensor:
        """(B, C, T) to (B, C, T)."""
        for first, conv1, second, conv2 in zip(self.activations1, self.convs1, self.activations2, self.convs2, strict=True):
            x = x + conv2(second(conv1(first(x), memory)), memory)
        return x


class Hift(nn.Module):
    """Mel and source to sound. `f0_predictor` and `m_source` are its own parts; the caller runs them, as training and streaming differ."""

    def __init__(self, config: HiftConfig) -> None:
        super().__init__()
        self.config = config
        causal, levels = config.causal, len(config.upsample_rates)
        widths = [config.channels >> level for level in range(levels + 1)]
        source = ExcitationConfig(config.rate_hz, config.frame, config.harmonics, config.amplitude, config.noise, config.voiced_above_hz)
        self.m_source = InterpolatedExcitation(source) if config.interpolated_source else Excitation(source)
        self.f0_predictor = F0Predictor(config.mels, config.f0_channels, causal)
        self.conv_pre = NormedConv1d(config.mels, config.channels, 7, causal=causal)
        self.ups = nn.ModuleList(
            (RepeatConv1d if causal else NormedConvTranspose1d)(widths[i], widths[i + 1], kernel, rate)
            for i, (kernel, rate) in enumerate(zip(config.upsample_kernels, config.upsample_rates, strict=True))
        )
        strides = [math.prod(config.upsample_rates[i + 1 :]) for i in range(levels)]
        self.source_downs = nn.ModuleList(
            StridedConv1d(config.n_fft + 2, widths[i + 1], stride, causal) for i, stride in enumerate(strides)
        )
        self.source_resblocks = nn.ModuleList(
            ResBlock(widths[i + 1], kernel, config.dilations, causal) for i, kernel in enumerate(config.source_kernels)
        )
        self.resblocks = nn.ModuleList(
            ResBlock(widths[i + 1], kernel, config.dilations, causal) for i in range(levels) for kernel in config.kernels
        )
        self.conv_post = NormedConv1d(widths[-1], config.n_fft + 2, 7, causal=causal)
        quieten(self.conv_post)
        nn.init.constant_(self.conv_post.bias[: config.n_fft // 2 + 1], -3.0)  # quiet, so that the first losses are small
        self.fourier = ShortFourier(config.n_fft, config.hop, causal)

    def normed(self, mel: Tensor) -> Tensor:
        """The mel as the layers see it: causal layers pad with zeros, so silence is made zero there; upstream's is left as it is."""
        return (mel - SILENCE) / 4 if self.config.causal else mel

    def f0(self, mel: Tensor, memory: Memory | None = None) -> Tensor:
        """F0 in Hz (B, T) of a mel (B, mels, T); causal: value t belongs to frame t − lookahead."""
        return self.f0_predictor(self.normed(mel), memory)

    def spectrum(self, mel: Tensor, source: Tensor, memory: Memory | None = None) -> tuple[Tensor, Tensor]:
        """Magnitude and phase (B, bins, steps) of the head's inverse STFT."""
        config = self.config
        excitation = self.fourier(source, memory)
        x = self.conv_pre(self.normed(mel), memory)
        per_level = len(config.kernels)
        for level in range(len(self.ups)):
            x = functional.leaky_relu(x, config.slope)
            x = self.ups[level](x, memory) if config.causal else self.ups[level](x)
            if level == len(self.ups) - 1 and not config.causal:
                x = functional.pad(x, (1, 0), mode="reflect")
            x = x + self.source_resblocks[level](self.source_downs[level](excitation, memory), memory)
            blocks = [self.resblocks[level * per_level + i](x, memory) for i in range(per_level)]
            x = sum(blocks[1:], blocks[0]) / per_level
        x = self.conv_post(functional.leaky_relu(x), memory).float()
        bins = config.n_fft // 2 + 1
        # limited before exp, not after: an overflow there has no gradient but NaN
        return torch.exp(x[:, :bins].clamp(max=math.log(100.0))), torch.sin(x[:, bins:])

    def forward(self, mel: Tensor, source: Tensor, memory: Memory | None = None) -> Tensor:
        """Mel (B, mels, T), natural log, and source (B, 1, T · frame) to sound (B, T · frame).

        Causal: the sound of frame t leaves with mel frame t + lookahead, and the source is that of the sound.
        """
        magnitude, phase = self.spectrum(mel, source, memory)
        spectrum = torch.cat([magnitude * torch.cos(phase), magnitude * torch.sin(phase)], dim=1)
        limit = self.config.sample_limit
        sound = self.fourier.inverse(spectrum, memory)
        # A limiter has no gradient: in training one loud step would leave the network stuck at full scale.
        return sound if self.training else sound.clamp(-limit, limit)
