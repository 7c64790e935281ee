"""The flow: speech tokens to mel by optimal-transport conditional flow matching (arXiv 2210.02747).

Arithmetic and keys are CosyVoice-1's `MaskedDiffWithXvec` and `ConditionalCFM` (github.com/FunAudioLLM/CosyVoice, cosyvoice/flow), which
Step-Audio-TTS-3B uses for the flat sequence [L L S S S …] of both codebooks, offset 1,024 for semantic codes.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from parley_models.networks.conformer import Conformer
from parley_models.networks.length_regulator import LengthRegulator
from parley_models.networks.unet import UNet


@dataclass(frozen=True, slots=True)
class FlowConfig:
    """Sizes of a flow."""

    vocab: int = 5121
    """Codes of both books, and for Mini one more that stands for "nothing here"."""

    embedding: int = 192
    width: int = 192
    heads: int = 4
    hidden: int = 768
    layers: int = 4
    speaker: int = 192
    mels: int = 80
    channels: tuple[int, ...] = (128, 128)
    estimator_heads: int = 2
    head_width: int = 64
    blocks: int = 1
    middle: int = 2
    rounds: int = 4
    """Of the length regulator."""


class Estimator(nn.Module):
    """Holds the U-Net under upstream's key `decoder.estimator`."""

    def __init__(self, config: FlowConfig) -> None:
        super().__init__()
        self.estimator = UNet(
            4 * config.mels, config.mels, config.channels, config.estimator_heads, config.head_width, config.blocks, config.middle
        )


class Flow(nn.Module):
    """Embedding, encoder, length regulator, estimator."""

    def __init__(self, config: FlowConfig) -> None:
        super().__init__()
        self.config = config
        self.input_embedding = nn.Embedding(config.vocab, config.embedding)
        self.spk_embed_affine_layer = nn.Linear(config.speaker, config.mels)
        self.encoder = Conformer(config.embedding, config.width, config.heads, config.hidden, config.layers)
        self.encoder_proj = nn.Linear(config.width, config.mels)
        self.length_regulator = LengthRegulator(config.mels, config.rounds)
        self.decoder = Estimator(config)

    def mu(self, tokens: Tensor, positions: Tensor) -> Tensor:
        """Tokens (B, n), positions (B, T) of the frames among them, to mu (B, mels, T)."""
        return self.mu_of_embedded(self.input_embedding(tokens), positions)

    def mu_of_embedded(self, embedded: Tensor, positions: Tensor) -> Tensor:
        """The same from embedded tokens (B, n, embedding)."""
        return self.length_regulator(self.encoder_proj(self.encoder(embedded)), positions)

    def speaker(self, vector: Tensor) -> Tensor:
        """Speaker vector (B, speaker) of any length to its projection (B, mels)."""
        return self.spk_embed_affine_layer(functional.normalize(vector, dim=1))

    def velocity(self, x: Tensor, mu: Tensor, time: Tensor, speaker: Tensor, cond: Tensor) -> Tensor:
        """Where the mel moves at a time (B,): all else as in `sample`."""
        return self.decoder.estimator(x, mu, time, speaker, cond)

    def sample(self, noise: Tensor, mu: Tensor, speaker: Tensor, cond: Tensor, steps: int = 10, guidance: float = 0.7) -> Tensor:
        """Noise to mel by `steps` Euler steps; all (1, mels, T), speaker (1, mels).

        Guidance w: (1 + w) · v(everything) − w · v(nothing but the noise).
        """
        x = noise
        twice = [torch.cat([item, torch.zeros_like(item)]) for item in (mu, speaker, cond)]
        times = times_of_steps(steps)
        for i in range(steps):
            time = torch.full((2,), times[i], dtype=x.dtype, device=x.device)
            told, untold = self.velocity(torch.cat([x, x]), twice[0], time, twice[1], twice[2]).chunk(2)
            x = x + (times[i + 1] - times[i]) * ((1 + guidance) * told - guidance * untold)
        return x


def times_of_steps(steps: int) -> list[float]:
    """Steps + 1 times from 0 to 1, dense at the beginning (cosine schedule)."""
    return [1 - math.cos(i / steps * math.pi / 2) for i in range(steps + 1)]
