"""From token time to mel time: linear interpolation, then a few convolutions (CosyVoice-1 `InterpolateRegulator`)."""

import torch
from torch import Tensor, nn


class LengthRegulator(nn.Module):
    """Key `model.N`: convolution, GroupNorm over everything, Mish, `rounds` times, and a last 1 × 1 convolution."""

    def __init__(self, mels: int, rounds: int = 4) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for _ in range(rounds):
            layers += [nn.Conv1d(mels, mels, 3, padding=1), nn.GroupNorm(1, mels), nn.Mish()]
        self.model = nn.Sequential(*layers, nn.Conv1d(mels, mels, 1))

    def forward(self, tokens: Tensor, positions: Tensor) -> Tensor:
        """What every mel frame should sound like.

        tokens (B, n, mels); positions (B, T), where each frame reads among the tokens: 0 is the first token, 1.5 is half way
        between the second and the third. Returns (B, mels, T).
        """
        below = positions.floor()
        left = below.long().clamp(0, tokens.shape[1] - 1)
        right = (left + 1).clamp(max=tokens.shape[1] - 1)
        share = (positions - below).unsqueeze(2)
        mixed = _rows(tokens, left) * (1 - share) + _rows(tokens, right) * share
        return self.model(mixed.transpose(1, 2))


def _rows(tokens: Tensor, index: Tensor) -> Tensor:
    return torch.gather(tokens, 1, index.unsqueeze(2).expand(-1, -1, tokens.shape[2]))
