"""How a turn looks, and where something sounds in it: the peaks of its sound."""

from collections.abc import Iterable

import numpy as np

from parley.conversation.turns import PEAKS_PER_S
from parley_models.pcm import AudioChunk, Samples

FRAMES_PER_S = 2 * PEAKS_PER_S
"""A frame is 20 ms."""

SILENT_BELOW_PEAK = 0.05
"""A frame sounds if its peak is at least this share of the loudest one's."""


class Peaks:
    """The loudest sample of each frame of a sound, which comes in abutting chunks of one rate."""

    def __init__(self, chunks: Iterable[AudioChunk] = ()) -> None:
        self._peaks: list[float] = []
        self._rest: Samples = np.zeros(0, np.float32)
        for chunk in chunks:
            self.add(chunk)

    def add(self, chunk: AudioChunk) -> None:
        """Take the next chunk."""
        size = chunk.rate_hz // FRAMES_PER_S
        sound = np.concatenate([self._rest, chunk.samples])
        whole = len(sound) // size * size
        self._peaks += np.minimum(np.abs(sound[:whole]).reshape(-1, size).max(axis=1), 1.0).tolist()
        self._rest = sound[whole:]

    def frames(self) -> Samples:
        """Peaks 0…1: float32 (frames,), one for each 20 ms, the last begun one too."""
        last = [min(1.0, float(np.abs(self._rest).max()))] if len(self._rest) else []
        return np.array([*self._peaks, *last], np.float32)

    def sounding(self) -> Samples:
        """float32 (frames,): 1 where something sounds, 0 where it is quiet."""
        frames = self.frames()
        return (frames >= max(float(frames.max(initial=0.0)) * SILENT_BELOW_PEAK, 1e-4)).astype(np.float32)

    def waveform(self, seconds: float | None = None) -> tuple[float, ...]:
        """As it is shown: `PEAKS_PER_S` each second, to three digits; of the first seconds, or of all."""
        frames = self.frames()
        if seconds is not None:
            frames = frames[: round(seconds * FRAMES_PER_S)]
        pairs = np.pad(frames, (0, -len(frames) % 2)).reshape(-1, 2)
        return tuple(round(float(peak), 3) for peak in pairs.max(axis=1, initial=0.0))
