"""A ring of samples between one thread that writes and one that reads, without a lock."""

import numpy as np

from parley_models.pcm import Samples


class Ring:
    """Samples in order. One thread writes, one reads; each moves only its own mark, and as a mark is one Python integer, it can't tear."""

    def __init__(self, capacity: int) -> None:
        self._held: Samples = np.zeros(capacity, np.float32)
        self.written = 0
        """Samples ever written. Moved by the writer alone."""
        self.read = 0
        """Samples ever read or skipped. Moved by the reader alone."""

    @property
    def available(self) -> int:
        """Samples that can be read."""
        return self.written - self.read

    @property
    def room(self) -> int:
        """Samples that can be written."""
        return len(self._held) - self.available

    def write(self, samples: Samples) -> int:
        """Add what there is room for.

        Returns:
            How many samples that were; what does not fit is left out.
        """
        count = min(len(samples), self.room)
        at = self.written % len(self._held)
        first = min(count, len(self._held) - at)
        self._held[at : at + first] = samples[:first]
        if first < count:
            self._held[: count - first] = samples[first:count]
        self.written += count
        return count

    def read_into(self, out: Samples) -> int:
        """Fill `out` from its beginning with what is available.

        Returns:
            How many samples that were; the rest of `out` is untouched.
        """
        count = min(len(out), self.available)
        at = self.read % len(self._held)
        first = min(count, len(self._held) - at)
        out[:first] = self._held[at : at + first]
        if first < count:
            out[first:count] = self._held[: count - first]
        self.read += count
        return count

    def take(self, limit: int | None = None) -> Samples:
        """Everything that is available, at most `limit` samples, as an array of its own."""
        out = np.empty(self.available if limit is None else min(self.available, limit), np.float32)
        return out[: self.read_into(out)]

    def skip(self, count: int) -> None:
        """Leave out what is available, at most `count` samples. The reader's."""
        self.read += min(count, self.available)
