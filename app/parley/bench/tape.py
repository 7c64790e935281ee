"""What went over the cable: what was said and what was played, on one clock."""

import bisect
import subprocess
import threading
import time
from collections.abc import Callable
from types import TracebackType

import numpy as np
import numpy.typing as npt

from parley.bench.sound_server import PULSE_HZ, STARTS_WITHIN_S, SoundServer
from parley_models.errors import DeviceError
from parley_models.pcm import Samples

AUDIBLE = 10 ** (-50 / 20)
"""Amplitude from which on a sound is heard: −50 dB of full scale. The cable itself is digital silence."""

NEAR_S = 3.0
"""Blocks this near to a moment say where it lies on the tape."""

BLOCK_BYTES = 1920
"""10 ms."""

SAID, PLAYED = 0, 1


class Tape:
    """Records both channels of a server's cable while it is open, and no longer than it is asked to keep.

    Times are seconds of the tape. Its thread only reads and counts: the whole of it takes about one percent of a core.
    """

    def __init__(self, server: SoundServer) -> None:
        self._news = threading.Condition()
        self._blocks: list[npt.NDArray[np.int16]] = []
        self._starts: list[int] = []
        """The first sample of each block."""

        self._arrivals: list[float] = []
        self._count = 0
        self._recorder = subprocess.Popen(server.recorder(), stdout=subprocess.PIPE, env=server.all_variables())
        self._thread = threading.Thread(target=self._run, name="tape")
        self._thread.start()
        try:
            self.wait_for(lambda: self._count > 0, STARTS_WITHIN_S, "The virtual microphone can't be recorded")
        except DeviceError:
            self.close()
            raise

    def __enter__(self) -> "Tape":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End it; what was recorded can still be asked for."""
        self._recorder.terminate()
        self._recorder.wait(timeout=10)
        self._thread.join()

    @property
    def now_s(self) -> float:
        """So much was recorded."""
        return self._count / PULSE_HZ

    @property
    def _kept_from_s(self) -> float:
        """What was before is forgotten."""
        return self._starts[0] / PULSE_HZ if self._starts else self.now_s

    def place(self, moment_s: float) -> float:
        """Where a moment of `time.monotonic` lies on the tape.

        A block arrives after its last sample: of the blocks around it the one that was fastest to arrive counts. So a place is never
        too late on the tape, and a wait that begins there never looks shorter than it was.
        """
        with self._news:
            low, high = (bisect.bisect(self._arrivals, moment_s + by) for by in (-NEAR_S, NEAR_S))
            ends = [start + len(block) for start, block in zip(self._starts[low:high], self._blocks[low:high], strict=True)]
            if not ends:
                return self.now_s
            return moment_s - min(arrival - end / PULSE_HZ for arrival, end in zip(self._arrivals[low:high], ends, strict=True))

    def sound(self, side: int, start_s: float, end_s: float | None = None) -> Samples:
        """What was said or played between two times, as far as it is kept."""
        start = round(start_s * PULSE_HZ)
        with self._news:
            end = self._count if end_s is None else min(self._count, round(end_s * PULSE_HZ))
            first = max(0, bisect.bisect(self._starts, start) - 1)
            if not self._blocks or end <= start:
                return np.zeros(0, np.float32)
            whole = np.concatenate([block[:, side] for block in self._blocks[first:]])
            at = self._starts[first]
        return whole[max(0, start - at) : end - at].astype(np.float32) / np.float32(32768)

    def first(self, side: int, start_s: float, end_s: float | None = None) -> float | None:
        """When something is heard for the first time after a time; None if nothing was."""
        begin_s = max(start_s, self._kept_from_s)
        found = np.flatnonzero(np.abs(self.sound(side, begin_s, end_s)) > AUDIBLE)
        return begin_s + float(found[0]) / PULSE_HZ if len(found) else None

    def last(self, side: int, start_s: float, end_s: float | None = None) -> float | None:
        """When something is heard for the last time in between; None if nothing was."""
        begin_s = max(start_s, self._kept_from_s)
        found = np.flatnonzero(np.abs(self.sound(side, begin_s, end_s)) > AUDIBLE)
        return begin_s + float(found[-1]) / PULSE_HZ if len(found) else None

    def is_quiet(self, side: int, seconds: float) -> bool:
        """Whether nothing has been heard for so long."""
        return self.last(side, self.now_s - seconds) is None

    def wait_until(self, place_s: float) -> None:
        """Until the tape is there."""
        self.wait_for(lambda: self.now_s >= place_s, place_s - self.now_s + STARTS_WITHIN_S, "The tape stopped")

    def wait_for(self, true: Callable[[], bool], patience_s: float, otherwise: str) -> None:
        """Until something holds; looked at with each block.

        Raises:
            DeviceError: it did not in that time.
        """
        with self._news:
            if not self._news.wait_for(true, timeout=patience_s):
                raise DeviceError(f"{otherwise}.")

    def forget(self, before_s: float) -> None:
        """Keep nothing of what was before."""
        with self._news:
            count = max(0, bisect.bisect(self._starts, round(before_s * PULSE_HZ)) - 1)
            del self._blocks[:count], self._starts[:count], self._arrivals[:count]

    def _run(self) -> None:
        assert self._recorder.stdout is not None
        with self._recorder.stdout as stream:
            rest = b""
            while raw := stream.read1(BLOCK_BYTES * 8):  # type: ignore[attr-defined]
                arrived, raw = time.monotonic(), rest + raw
                whole = len(raw) // 4 * 4
                rest = raw[whole:]
                with self._news:
                    self._starts.append(self._count)
                    self._blocks.append(np.frombuffer(raw[:whole], "<i2").reshape(-1, 2))
                    self._arrivals.append(arrived)
                    self._count += whole // 4
                    self._news.notify_all()
