"""How a turn looks: the peaks of its sound."""

import numpy as np

from parley.conversation.turns import PEAKS_PER_S
from parley_models.pcm import AudioChunk, Samples


def waveform(chunks: list[AudioChunk]) -> tuple[float, ...]:
    """Peaks 0…1 of abutting chunks of one rate, `PEAKS_PER_S` each second, to three digits."""
    if not chunks:
        return ()
    samples = np.concatenate([chunk.samples for chunk in chunks])
    size = chunks[0].rate_hz // PEAKS_PER_S
    padded = np.pad(np.abs(samples), (0, -len(samples) % size))
    return tuple(round(float(peak), 3) for peak in np.minimum(padded.reshape(-1, size).max(axis=1, initial=0.0), 1.0))


def sounding(samples: Samples, rate_hz: int, *, frame_s: float = 0.02, below_peak: float = 0.05) -> Samples:
    """Which frames of a sound are not silence: float32 (frames,), 1 where the frame's peak is at least `below_peak` of the loudest."""
    size = round(frame_s * rate_hz)
    padded = np.pad(np.abs(samples), (0, -len(samples) % size))
    peaks = padded.reshape(-1, size).max(axis=1, initial=0.0) if len(padded) else np.zeros(0, np.float32)
    loudest = float(peaks.max(initial=0.0))
    return (peaks >= max(loudest * below_peak, 1e-4)).astype(np.float32)
