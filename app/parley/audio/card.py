"""A sound card as the desk sees it. `portaudio.py` is the real one; the tests' is a simulated room (`tests/fakes/room.py`)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from parley_models.pcm import Samples

BLOCK_S = 0.01
"""What a stream hands over at a time."""

HeardBlock = Callable[[Samples, float, float], None]
"""(block (n,), when it was handed over on the card's clock, seconds since its last sample was captured). Copies and returns."""

WantedBlock = Callable[[Samples, float, float], None]
"""(block (n,) to be filled, when it was asked for on the card's clock, seconds until its first sample will be heard).
Fills it and returns."""


@dataclass(frozen=True, slots=True)
class Device:
    """A microphone, a speaker, or both."""

    name: str
    """Unlike any other's."""

    inputs: int
    """Channels; 0 = not a microphone."""

    outputs: int
    """Channels; 0 = not a speaker."""

    default_input: bool = False
    default_output: bool = False


class DeviceStream(Protocol):
    """An open microphone or speaker. Its callback runs on a thread of the card's, with blocks of `BLOCK_S`."""

    @property
    def device(self) -> str:
        """Name of the device."""

    @property
    def rate_hz(self) -> int:
        """Of the blocks."""

    @property
    def alive(self) -> bool:
        """False once the card has given it up."""

    @property
    def gaps(self) -> int:
        """How often the driver ran dry or over, because the machine was too busy to call back in time."""

    def begin(self) -> None:
        """Let the blocks come.

        Raises:
            DeviceError: the device refused at the last moment.
        """

    def close(self) -> None:
        """Stop it. The callback is not called again. Raises nothing."""


class SoundCard(Protocol):
    """All the microphones and speakers of a machine, and the clock that their blocks are stamped with."""

    def now(self) -> float:
        """Seconds on the card's clock."""

    def wait(self, seconds: float) -> None:
        """Let time pass: at most so much, less if `wake` is called."""

    def wake(self) -> None:
        """End the `wait` that is under way, or the next one. Any thread."""

    def begin(self, work: Callable[[], None]) -> None:
        """Do slow work, such as opening a device, without holding up the caller; one after the other."""

    def devices(self) -> Sequence[Device]:
        """What there is, as of the last `refresh`."""

    def refresh(self) -> None:
        """Look again. Every stream must have been closed."""

    def open_input(self, name: str | None, heard: Callable[[int], HeardBlock]) -> DeviceStream:
        """Open a microphone; None = the default one. `heard` is given the rate and makes the callback.

        Raises:
            DeviceError: not there, busy, not allowed.
        """

    def open_output(self, name: str | None, wanted: Callable[[int], WantedBlock]) -> DeviceStream:
        """Open a speaker; None = the default one. `wanted` is given the rate and makes the callback.

        Raises:
            DeviceError: not there, busy.
        """

    def close(self) -> None:
        """Wait for slow work that was begun, and give the card back. Every stream must have been closed."""
