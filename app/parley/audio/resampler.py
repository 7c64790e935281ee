"""Sound from one rate to another, piece by piece."""

import soxr

from parley_models.pcm import Samples

MOST_TRIM = 0.002
"""How far the ratio may be bent: clocks of sound cards differ by less than a tenth of that."""

FLUSH_S = 0.03
"""Silence that pushes out what the filter still holds."""


class Resampler:
    """soxr with a ratio that may change. Its other mode is as good, but gives nothing for four pieces and then all at once: 40 ms more."""

    def __init__(self, from_hz: int, to_hz: int) -> None:
        self.from_hz = from_hz
        self.to_hz = to_hz
        # soxr has a stage for each octave of the ratio. Around 1 the trim needs room for it to have one above 1 at all; around 2 one stage
        # bears the trim (-110 dB), while with room there were two: three times the work, and a jump of 7 ms whenever a trim crossed 2.
        most_hz = max(from_hz, to_hz * (1 + MOST_TRIM))
        self._stream = soxr.ResampleStream(most_hz, to_hz, 1, "float32", "HQ", vr=True)
        self._stream.set_io_ratio(from_hz, to_hz)
        self._held = 0

    def feed(self, samples: Samples) -> Samples:
        """The next samples (n,) at the old rate; those that became ready, at the new one. In all about 10 ms are held back."""
        resampled: Samples = self._stream.resample_chunk(samples[:, None])[:, 0]  # soxr's own way of taking one channel takes longer
        self._held += len(samples) * self.to_hz - len(resampled) * self.from_hz
        return resampled

    @property
    def held_s(self) -> float:
        """Seconds of what was fed that are held back; as long as the ratio was never trimmed."""
        return self._held / (self.from_hz * self.to_hz)

    def trim(self, ratio: float) -> None:
        """Read the old rate as `ratio` times as much from now on, within ±0.2 %: for a clock that runs fast or slow."""
        bent = min(max(ratio, 1 - MOST_TRIM), 1 + MOST_TRIM)
        self._stream.set_io_ratio(self.from_hz * bent, self.to_hz)
