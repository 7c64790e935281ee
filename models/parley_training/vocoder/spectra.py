"""What the vocoder's losses compare: log-mel and short Fourier magnitudes, in torch."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from parley_models.vocoders.mel import FLOOR, MelConfig, filterbank, hann


class MelSpectrogram(nn.Module):
    """`parley_models.vocoders.mel` in torch; the sound brings its own edges."""

    window: Tensor
    filters: Tensor

    def __init__(self, config: MelConfig) -> None:
        super().__init__()
        self.config = config
        self.side = (config.n_fft - config.hop) // 2
        self.register_buffer("window", torch.from_numpy(hann(config.n_fft)), persistent=False)
        self.register_buffer("filters", torch.from_numpy(filterbank(config)), persistent=False)

    def forward(self, sound: Tensor) -> Tensor:
        """(B, side + T · hop + side) to (B, mels, T); `side` samples before and after the frames come with the sound."""
        n_fft, hop = self.config.n_fft, self.config.hop
        spectrum = torch.stft(sound, n_fft, hop, n_fft, self.window, center=False, return_complex=True)
        return (self.filters @ (torch.view_as_real(spectrum).pow(2).sum(3) + 1e-9).sqrt()).clamp(min=FLOOR).log()


class SpectralLoss(nn.Module):
    """Short Fourier magnitudes at several windows: linear (spectral convergence) up to Nyquist, logarithmic below `highest_hz`.

    Short windows hold fricatives and stops to their place in time, long ones hold the harmonics (arXiv 1910.11480).
    """

    WINDOWS = (2048, 1024, 512, 256, 128)
    QUIET = 2e-3
    """About the magnitude of the teacher's noise floor: below it the logarithm tells nothing."""

    def __init__(self, rate_hz: int, highest_hz: float) -> None:
        super().__init__()
        self.keep = highest_hz / rate_hz

    def forward(self, made: Tensor, real: Tensor) -> Tensor:
        """Both (B, samples); the mean over the windows."""
        losses = []
        for n_fft in self.WINDOWS:
            window = torch.hann_window(n_fft, device=made.device)
            ours, theirs = (self._magnitude(sound, n_fft, window) for sound in (made, real))
            convergence = (theirs - ours).norm() / (theirs.norm() + 1e-3)
            kept = int(n_fft * self.keep) + 1
            logs = functional.l1_loss((ours[:, :kept] + self.QUIET).log(), (theirs[:, :kept] + self.QUIET).log())
            losses.append(convergence + logs)
        return torch.stack(losses).mean()

    @staticmethod
    def _magnitude(sound: Tensor, n_fft: int, window: Tensor) -> Tensor:
        spectrum = torch.stft(sound, n_fft, n_fft // 4, n_fft, window, center=False, return_complex=True)
        return (torch.view_as_real(spectrum).pow(2).sum(3) + 1e-9).sqrt()
