"""The thread that listens: resampling and speech detection of all sessions, never behind the thread that computes answers."""

import logging
import queue
import threading
from collections.abc import Callable, Sequence

import numpy as np
import soxr

from parley_models.hearing.turn_taking import RATE_HZ, News, TurnTaking
from parley_models.pcm import Samples

Tell = Callable[[Sequence[News] | Exception], None]

logger = logging.getLogger(__name__)


class Microphone:
    """One session's sound on its way in: PCM16 of some rate becomes news."""

    def __init__(self, turn_taking: TurnTaking, rate_hz: int) -> None:
        self.turn_taking = turn_taking
        self._rate_hz = rate_hz
        self._resampler = self._new_resampler()

    def hear(self, pcm: bytes) -> list[News]:
        """Take more PCM16."""
        return self.turn_taking.feed(self._at_16_khz(pcm, last=False))

    def cut(self) -> list[News]:
        """The turn ends with the sound taken so far."""
        news = self.turn_taking.feed(self._at_16_khz(b"", last=True))
        self._resampler = self._new_resampler()
        return news + self.turn_taking.cut()

    def _new_resampler(self) -> soxr.ResampleStream | None:
        return None if self._rate_hz == RATE_HZ else soxr.ResampleStream(self._rate_hz, RATE_HZ, 1, dtype="float32")

    def _at_16_khz(self, pcm: bytes, *, last: bool) -> Samples:
        samples: Samples = np.frombuffer(pcm, "<i2").astype(np.float32) / np.float32(32768)
        if self._resampler is None:
            return samples
        return np.asarray(self._resampler.resample_chunk(samples, last=last), np.float32)


class ListeningThread:
    """Runs what it is handed, in order. Any thread may hand over; `tell` is called on this thread."""

    def __init__(self) -> None:
        self._work: queue.SimpleQueue[tuple[Callable[[], Sequence[News]], Tell] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="parley-listening")
        self._thread.start()

    def submit(self, work: Callable[[], Sequence[News]], tell: Tell) -> None:
        """Have some work done and its news told, also if there are none; or the exception that it ended with."""
        self._work.put((work, tell))

    def close(self) -> None:
        """Finish what was handed over, then end."""
        self._work.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (item := self._work.get()) is not None:
            work, tell = item
            try:
                news = work()
            except Exception as error:
                logger.exception("Listening failed.")
                tell(error)
            else:
                tell(news)
