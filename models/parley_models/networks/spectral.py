"""A short Fourier transform and its inverse as convolutions with fixed kernels: they export to ONNX and can be causal."""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from parley_models.networks.convolution import Memory


class ShortFourier(nn.Module):
    """STFT of n_fft samples every `hop` with a periodic Hann window; buffers are rebuilt, so checkpoints hold none.

    Centred like torch.stft(center=True), T · hop samples ↔ T + 1 frames; or causal, T · hop ↔ T, where frame t ends with
    sample (t + 1) · hop, and its inverse sounds from t · hop on.
    """

    analysis: Tensor
    synthesis: Tensor
    envelope: Tensor

    def __init__(self, n_fft: int, hop: int, causal: bool = False) -> None:
        super().__init__()
        self.n_fft, self.hop, self.causal = n_fft, hop, causal
        self.bins = n_fft // 2 + 1
        window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft)
        angles = 2 * np.pi * np.outer(np.arange(self.bins), np.arange(n_fft)) / n_fft
        analysis = np.concatenate([np.cos(angles), -np.sin(angles)]) * window
        weights = np.where((np.arange(self.bins) % (n_fft // 2)) == 0, 1.0, 2.0)[:, None] / n_fft
        synthesis = np.concatenate([np.cos(angles) * weights, -np.sin(angles) * weights]) * window
        for name, value in (("analysis", analysis), ("synthesis", synthesis), ("envelope", (window**2)[None])):
            self.register_buffer(name, torch.tensor(value, dtype=torch.float32).unsqueeze(1), persistent=False)

    def forward(self, sound: Tensor, memory: Memory | None = None) -> Tensor:
        """(B, 1, samples) to (B, 2 · bins, frames): real parts, then imaginary parts."""
        if not self.causal:
            sound = functional.pad(sound, (self.n_fft // 2, self.n_fft // 2), mode="reflect")
        else:
            left = self.n_fft - self.hop
            sound = functional.pad(sound, (left, 0)) if memory is None else memory.extend(sound, left)
        return functional.conv1d(sound, self.analysis, stride=self.hop)

    def inverse(self, spectrum: Tensor, memory: Memory | None = None) -> Tensor:
        """(B, 2 · bins, frames) to (B, samples), overlapped, added and divided by the window's envelope."""
        if not self.causal:
            return self._inverse_centred(spectrum)
        frames = self.n_fft // self.hop
        spectrum = functional.pad(spectrum, (frames - 1, 0)) if memory is None else memory.extend(spectrum, frames - 1)
        # one output step of `hop` samples is the sum over the frames that reach it, newest first: a convolution with hop channels
        kernel = self.synthesis.reshape(2 * self.bins, frames, self.hop).flip(1).permute(2, 0, 1)
        overlap = self.envelope.reshape(frames, self.hop).sum(0).mean()  # the same for every sample of a step
        steps = functional.conv1d(spectrum, kernel / overlap)
        return steps.transpose(1, 2).reshape(spectrum.shape[0], -1)

    def _inverse_centred(self, spectrum: Tensor) -> Tensor:
        sound = functional.conv_transpose1d(spectrum, self.synthesis, stride=self.hop)
        ones = torch.ones_like(spectrum[:1, :1])
        envelope = functional.conv_transpose1d(ones, self.envelope, stride=self.hop)
        half = self.n_fft // 2
        return (sound / envelope.clamp(min=1e-11))[:, 0, half:-half]
