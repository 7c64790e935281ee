"""The source of the source-filter generator: harmonics of F0 where the voice is voiced, noise elsewhere (NSF, arXiv 1904.12088)."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class ExcitationConfig:
    """What the source is made of."""

    rate_hz: int
    hop: int
    """Samples per F0 value."""

    harmonics: int = 8
    """Above the fundamental."""

    amplitude: float = 0.1
    noise: float = 0.003
    """Standard deviation of the noise added to voiced sound; in unvoiced sound it is amplitude / 3."""

    voiced_above_hz: float = 10.0


class Excitation(nn.Module):
    """Sines and noise merged by one line and a tanh; key `l_linear` as upstream's `m_source`."""

    def __init__(self, config: ExcitationConfig) -> None:
        super().__init__()
        self.config = config
        self.l_linear = nn.Linear(config.harmonics + 1, 1)

    def forward(self, f0: Tensor, noise: Tensor, phase: Tensor, start: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """The excitation of T frames.

        f0 (B, T) in Hz; noise (B, H + 1, T · hop) of unit variance, H harmonics; phase (B, H + 1, 1) in radians, that of the
        first sample's predecessor; start (B, 1) float64, cycles of the fundamental before f0 begins (None: 0). Returns the source
        (B, 1, T · hop) and the cycles, within [0, 1), at its end. Cycles are summed by frame in float64: streams don't drift.
        """
        config = self.config
        per_frame = f0.double() * config.hop / config.rate_hz
        ends = torch.cumsum(per_frame, dim=1) if start is None else torch.cumsum(per_frame, dim=1) + start
        begins = ends - per_frame
        ramp = torch.arange(1, config.hop + 1, device=f0.device, dtype=torch.float32) / config.rate_hz
        cycles = (begins - torch.floor(begins)).to(f0.dtype).unsqueeze(2) + f0.unsqueeze(2) * ramp
        multiples = torch.arange(1, config.harmonics + 2, device=f0.device, dtype=f0.dtype).reshape(1, -1, 1)
        theta = cycles.reshape(f0.shape[0], 1, -1) * multiples
        sines = config.amplitude * torch.sin(2 * torch.pi * (theta - torch.floor(theta)) + phase)
        voiced = (f0 > config.voiced_above_hz).to(f0.dtype).repeat_interleave(config.hop, dim=1).unsqueeze(1)
        loudness = voiced * config.noise + (1 - voiced) * (config.amplitude / 3)
        waves = sines * voiced + loudness * noise
        merged = torch.tanh(self.l_linear(waves.transpose(1, 2))).transpose(1, 2)
        last = ends[:, -1:]
        return merged, last - torch.floor(last)


class InterpolatedExcitation(Excitation):
    """The same with the phase known at the frames' middles and straight between them (stepvocoder's `SineGen2`).

    Before the first middle and behind the last the phase stands still, and every call begins at phase 0: upstream puts the carried end of
    the call before over that.
    """

    def forward(self, f0: Tensor, noise: Tensor, phase: Tensor, start: Tensor | None = None) -> tuple[Tensor, Tensor]:  # noqa: ARG002
        """As `Excitation`, but start is not used; the cycles returned are those at the last frame's middle."""
        config = self.config
        multiples = torch.arange(1, config.harmonics + 2, device=f0.device, dtype=torch.float64).reshape(1, -1, 1)
        steps = torch.remainder(f0.double().unsqueeze(1) * multiples / config.rate_hz, 1.0)
        middles = torch.cumsum(steps, dim=2) * config.hop
        frames = f0.shape[1]
        at = (torch.arange(frames * config.hop, device=f0.device, dtype=torch.float64) + 0.5) / config.hop - 0.5
        at = at.clamp(min=0.0)
        left = at.floor().long().clamp(max=frames - 1)
        right = (left + 1).clamp(max=frames - 1)
        share = (at - left.double()).reshape(1, 1, -1)
        cycles = middles[:, :, left] * (1 - share) + middles[:, :, right] * share
        sines = config.amplitude * torch.sin(2 * torch.pi * (cycles - torch.floor(cycles)).to(f0.dtype) + phase)
        voiced = (f0 > config.voiced_above_hz).to(f0.dtype).repeat_interleave(config.hop, dim=1).unsqueeze(1)
        loudness = voiced * config.noise + (1 - voiced) * (config.amplitude / 3)
        waves = sines * voiced + loudness * noise
        merged = torch.tanh(self.l_linear(waves.transpose(1, 2))).transpose(1, 2)
        last = middles[:, 0, -1:]
        return merged, last - torch.floor(last)
