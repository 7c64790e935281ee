"""A room in real time: what the speaker plays comes back into the microphone, late, reverberant and softer."""

import subprocess
import threading
from dataclasses import dataclass
from types import TracebackType

import numpy as np

from parley.bench.sound_server import SoundServer
from parley_models.pcm import Samples

ROOM_HZ = 16_000
STEP = ROOM_HZ // 100


@dataclass(frozen=True)
class Walls:
    """What a room does to a sound."""

    delay_ms: float = 60.0
    """Besides the sound server's own way there and back, about as much again."""

    reverberation_s: float = 0.25
    """Until it has died away by 60 dB."""

    gain: float = 0.3
    """The echo's loudness against what is played."""

    def response(self) -> Samples:
        """The room's impulse response."""
        generator = np.random.default_rng(5)
        count = int(self.reverberation_s * ROOM_HZ)
        tail = generator.standard_normal(count) * np.exp(-6.9 * np.arange(count) / count)
        tail /= np.sqrt(np.square(tail).sum())
        tail[0] = np.sqrt(2)  # the direct sound, 3 dB above all reflections
        tail *= self.gain / np.sqrt(np.square(tail).sum())
        return np.concatenate([np.zeros(int(self.delay_ms / 1000 * ROOM_HZ)), tail]).astype(np.float32)


class LiveRoom:
    """Use as a context, on a server that runs."""

    def __init__(self, server: SoundServer, walls: Walls) -> None:
        self._server, self._response = server, walls.response()

    def __enter__(self) -> "LiveRoom":
        rate = [f"--rate={ROOM_HZ}", "--channels=1", "--format=float32le"]
        hear = ["parec", "--device=speaker.monitor", "--latency-msec=10", *rate]
        play = ["pacat", "--playback", "--device=mouth", "--latency-msec=30", *rate]
        variables = self._server.all_variables()
        self._ear = subprocess.Popen(hear, stdout=subprocess.PIPE, env=variables)
        self._wall = subprocess.Popen(play, stdin=subprocess.PIPE, env=variables)
        self._thread = threading.Thread(target=self._run, name="room")
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._ear.terminate()
        self._thread.join()
        for process in (self._ear, self._wall):
            process.wait(timeout=20)

    def _run(self) -> None:
        """Overlap and add, 10 ms at a time."""
        assert self._ear.stdout is not None and self._wall.stdin is not None
        size = 1 << (len(self._response) + STEP - 1).bit_length()
        spectrum = np.fft.rfft(self._response, size)
        rest = np.zeros(size, np.float64)
        with self._ear.stdout as heard, self._wall.stdin as played:
            while len(raw := heard.read(4 * STEP)) == 4 * STEP:
                rest += np.fft.irfft(np.fft.rfft(np.frombuffer(raw, np.float32), size) * spectrum, size)
                played.write(rest[:STEP].astype(np.float32).tobytes())
                played.flush()
                rest = np.concatenate([rest[STEP:], np.zeros(STEP)])
