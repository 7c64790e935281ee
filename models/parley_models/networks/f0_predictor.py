"""F0 from mel: five convolutions and a line (CosyVoice-1 `ConvRNNF0Predictor`; there is nothing recurrent in it)."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from parley_models.networks.convolution import Memory, NormedConv1d

LAYERS = 5


class F0Predictor(nn.Module):
    """F0 in Hz, one value a mel frame; keys `condnet.{0,2,4,6,8}` and `classifier` as upstream."""

    def __init__(self, mels: int, channels: int, causal: bool = False) -> None:
        super().__init__()
        widths = [mels] + [channels] * LAYERS
        layers: list[nn.Module] = []
        for i in range(LAYERS):
            layers += [NormedConv1d(widths[i], widths[i + 1], 3, causal=causal), nn.ELU()]
        self.condnet = nn.ModuleList(layers)
        self.classifier = nn.Linear(channels, 1)

    def forward(self, mel: Tensor, memory: Memory | None = None) -> Tensor:
        """(B, mels, T) to (B, T) in Hz, never negative."""
        x = mel
        for layer in self.condnet[::2]:
            x = functional.elu(layer(x, memory))
        f0: Tensor = self.classifier(x.transpose(1, 2)).squeeze(2)
        return torch.abs(f0)
