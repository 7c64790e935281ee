"""One open stream of PortAudio, and what its callback does: copy and leave."""

import time
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from parley.audio.card import BLOCK_S, HeardBlock, WantedBlock
from parley_models.errors import DeviceError
from parley_models.pcm import Samples

LONGEST_LATENCY_S = 2.0
"""Drivers that say more than this say nonsense."""


class Times(Protocol):
    """PortAudio's `PaStreamCallbackTimeInfo`: seconds on one clock."""

    inputBufferAdcTime: float  # noqa: N815  PortAudio's names
    outputBufferDacTime: float  # noqa: N815
    currentTime: float  # noqa: N815


class Flags(Protocol):
    """sounddevice's `CallbackFlags`: what went wrong since the last callback."""

    input_overflow: bool
    output_underflow: bool


class Gaps:
    """Counted by the callback, read by whoever wants to know."""

    count = 0


class RawStream(Protocol):
    """What is used of sounddevice's streams."""

    @property
    def active(self) -> bool:
        """Whether its callback is being called."""

    def start(self) -> None:
        """Let it be called."""

    def abort(self, ignore_errors: bool = ...) -> None:
        """Stop at once."""

    def close(self, ignore_errors: bool = ...) -> None:
        """Give the device back."""


class PortAudioStream:
    """A microphone or a speaker."""

    def __init__(self, stream: RawStream, device: str, rate_hz: int, gaps: Gaps) -> None:
        self._stream = stream
        self._gaps = gaps
        self._device = device
        self._rate_hz = rate_hz

    @property
    def device(self) -> str:
        """Name of the device."""
        return self._device

    @property
    def rate_hz(self) -> int:
        """Of the blocks."""
        return self._rate_hz

    @property
    def alive(self) -> bool:
        """False once PortAudio has given it up."""
        import sounddevice

        try:
            return self._stream.active
        except sounddevice.PortAudioError:
            return False

    @property
    def gaps(self) -> int:
        """How often the driver ran dry or over."""
        return self._gaps.count

    def begin(self) -> None:
        """Let the blocks come."""
        import sounddevice

        try:
            self._stream.start()
        except sounddevice.PortAudioError as error:
            raise DeviceError(f"“{self._device}” can't be started ({reason(error)}).") from error

    def close(self) -> None:
        """Stop it at once, without playing out what the driver holds."""
        self._stream.abort(ignore_errors=True)
        self._stream.close(ignore_errors=True)


def reason(error: Exception) -> str:
    """PortAudio's own words, without its numbers."""
    return str(error.args[0]).rsplit(": ", 1)[-1].split(" [")[0] if error.args else "no reason given"


def stream_format(rate_hz: int, number: int, channels: int) -> dict[str, Any]:
    """What every stream is opened with."""
    return {"samplerate": rate_hz, "blocksize": int(rate_hz * BLOCK_S), "device": number, "channels": channels, "dtype": "float32"}


def listener(heard: HeardBlock, rate_hz: int, gaps: Gaps) -> Callable[..., None]:
    """A callback that hands on the microphone's blocks as one channel."""
    block_s = int(rate_hz * BLOCK_S) / rate_hz

    def callback(block: Samples, _frames: int, times: Times, flags: Flags) -> None:
        at = time.perf_counter()
        gaps.count += flags.input_overflow
        latency_s = _plausible(times.currentTime - times.inputBufferAdcTime - block_s, 0.0)
        heard(block[:, 0] if block.shape[1] == 1 else block.mean(axis=1, dtype=np.float32), at, latency_s)

    return callback


def player(wanted: WantedBlock, rate_hz: int, otherwise_s: float, gaps: Gaps) -> Callable[..., None]:
    """A callback that fills every channel of the speaker's blocks with the same; `otherwise_s` late if the driver does not say how late."""
    mono = np.zeros(int(rate_hz * BLOCK_S), np.float32)

    def callback(block: Samples, frames: int, times: Times, flags: Flags) -> None:
        at = time.perf_counter()
        gaps.count += flags.output_underflow
        wanted(mono[:frames], at, _plausible(times.outputBufferDacTime - times.currentTime, otherwise_s))
        block[:] = mono[:frames, None]

    return callback


def _plausible(latency_s: float, otherwise_s: float) -> float:
    return latency_s if 0 < latency_s < LONGEST_LATENCY_S else otherwise_s
