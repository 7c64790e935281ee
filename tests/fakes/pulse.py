"""A PulseAudio server of one's own, with a virtual microphone and a virtual speaker, and PortAudio's way to it."""

import pytest

from parley.bench.sound_server import PULSE_HZ, SoundServer, lacking
from parley.bench.tape import PLAYED, Tape
from parley_models.pcm import Samples

__all__ = ["PULSE_HZ", "PulseServer", "Recording"]


class PulseServer(SoundServer):
    """Use as a context. What is played into `mouth` the microphone hears; what the speaker plays can be recorded."""

    def __init__(self) -> None:
        if why := lacking():
            pytest.skip(why)
        super().__init__()

    def record(self) -> "Recording":
        """Record what the virtual speaker plays, until `finish`."""
        return Recording(self)


class Recording:
    """What the virtual speaker plays (48 kHz)."""

    def __init__(self, server: SoundServer) -> None:
        self._tape = Tape(server)

    @property
    def so_far(self) -> Samples:
        """What was recorded up to now."""
        return self._tape.sound(PLAYED, 0.0)

    def finish(self) -> Samples:
        """End it; all that was recorded."""
        self._tape.close()
        return self.so_far
