"""One turn on its way into one speaker's queue."""

from collections import deque

import numpy as np

from parley.audio.resampler import FLUSH_S, Resampler
from parley.audio.speaker import SpeakerFeed
from parley_models.pcm import AudioChunk, Samples


class Feeder:
    """Turns a turn's chunks into the speaker's rate, and the speaker's positions into the turn's seconds."""

    def __init__(self, feed: SpeakerFeed, base_s: float) -> None:
        """Go on with a turn of which `base_s` were heard already; the feed's queue must be empty."""
        self.feed = feed
        self.given_s = base_s
        """Seconds of the turn that have been taken over."""
        self._base_s = base_s
        self._start = feed.end
        self._resampler: Resampler | None = None
        self._cut = False
        self._given: deque[tuple[float, AudioChunk]] = deque()
        """What was taken over and perhaps not played yet: the turn's seconds at which each piece ends, and the piece."""

    def give(self, samples: Samples, rate_hz: int, gain: float) -> None:
        """Queue the next samples; what would clip is limited."""
        if self._resampler is None or self._resampler.from_hz != rate_hz:
            self.flush()
            self._resampler = Resampler(rate_hz, self.feed.rate_hz)
        self.feed.push((self._resampler.feed(np.ascontiguousarray(samples, np.float32)) * np.float32(gain)).clip(-1, 1))
        self.given_s += len(samples) / rate_hz
        self._given.append((self.given_s, AudioChunk(samples, rate_hz)))
        taken_s = self._seconds(self.feed.position)
        while self._given[0][0] < taken_s:
            self._given.popleft()

    def flush(self) -> None:
        """Queue what the resampler still holds, to the exact length of what was given."""
        if self._resampler is not None:
            rest = self._resampler.feed(np.zeros(int(self._resampler.from_hz * FLUSH_S), np.float32))
            owed = round((self.given_s - self._base_s) * self.feed.rate_hz) - (self.feed.end - self._start)
            self.feed.push(rest[: max(owed, 0)])
            self._resampler = None

    def heard_s(self, now: float) -> float:
        """Seconds of the turn heard up to `now`."""
        end = self.feed.cut_at if self._cut else self.feed.end
        return self._seconds(min(self.feed.heard_to(now), end))

    def cut(self) -> float:
        """Fade out at once; seconds of the turn that will have been heard."""
        self._cut = True
        return self._seconds(self.feed.cut())

    @property
    def cut_s(self) -> float:
        """Seconds of the turn up to the cut."""
        return self._seconds(self.feed.cut_at)

    @property
    def end_s(self) -> float:
        """Seconds of the turn that were queued, or that were when it was cut."""
        return self._seconds(self.feed.cut_at if self._cut else self.feed.end)

    def retrieve(self) -> tuple[float, list[AudioChunk]]:
        """After the speaker was closed: seconds of the turn that it took, and the sound that it did not take."""
        taken_s = self.cut_s if self._cut else self._seconds(self.feed.position)
        rest = []
        for end_s, piece in self._given:
            left = min(round((end_s - taken_s) * piece.rate_hz), len(piece.samples))
            if left > 0:
                rest.append(AudioChunk(piece.samples[len(piece.samples) - left :], piece.rate_hz))
        return taken_s, rest

    def _seconds(self, position: int) -> float:
        return self._base_s + max(position - self._start, 0) / self.feed.rate_hz
