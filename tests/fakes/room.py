"""A sound card in a simulated room: a loudspeaker, a microphone that hears it, clocks that disagree, and time that a test lets pass."""

import heapq
import itertools
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import soxr

from parley.audio.card import BLOCK_S, Device, HeardBlock, WantedBlock
from parley_models.errors import DeviceError
from parley_models.pcm import Samples

ROOM_HZ = 24_000
BLOCK = int(ROOM_HZ * BLOCK_S)
BATCH = 4 * BLOCK
"""The room's answer is computed for so much at a time; shorter than any way through it."""

OUTPUT_LATENCY_S = 0.02
INPUT_LATENCY_S = 0.005
OPENING_S = 0.08
GIVE_UP_S = 60.0
"""Of real time, if the desk's thread does not let time pass."""


@dataclass(frozen=True)
class Acoustics:
    """What lies between loudspeaker and microphone."""

    delay_s: float = 0.08
    """From asking for a block to the first of it at the microphone's callback; 0.04 or more."""

    gain: float = 0.35
    """Loudness of the echo against what is played."""

    reverberation_s: float = 0.2
    """Until it has died away by 60 dB."""

    direct_db: float = 3.0
    """The direct sound against all reflections."""

    drift_ppm: float = 0.0
    """How much faster the microphone's clock runs than the speaker's."""

    noise: float = 1e-3
    """Standard deviation of the microphone's own noise."""

    distortion: float = 0.0
    """How much the loudspeaker bends large swings (third harmonic): what no linear canceller can take out."""

    seed: int = 7

    def response(self) -> Samples:
        """What the microphone hears of a single click."""
        generator = np.random.default_rng(self.seed)
        count = int(self.reverberation_s * ROOM_HZ)
        tail = generator.standard_normal(count) * np.exp(-6.9 * np.arange(count) / count)
        tail[: int(0.002 * ROOM_HZ)] = 0
        tail /= np.sqrt(np.square(tail).sum())
        tail[0] = 10 ** (self.direct_db / 20)
        return (tail * self.gain / np.sqrt(np.square(tail).sum())).astype(np.float32)


class Echo:
    """The room's answer to what is played, on the microphone's clock."""

    def __init__(self, acoustics: Acoustics) -> None:
        response = acoustics.response()
        self._size = 1 << (len(response) + BATCH - 1).bit_length()
        self._spectrum = np.fft.rfft(response, self._size)
        self._overlap = np.zeros(self._size, np.float32)
        self._batch: list[Samples] = []
        self._drift = soxr.ResampleStream(1.01, 1.0, 1, "float32", "HQ", vr=True)
        self._drift.set_io_ratio(1.0, 1.0 + acoustics.drift_ppm * 1e-6)
        self._distortion = np.float32(acoustics.distortion)
        self._heard = [np.zeros(int((acoustics.delay_s - INPUT_LATENCY_S) * ROOM_HZ), np.float32)]
        self._held = len(self._heard[0])

    def play(self, block: Samples) -> None:
        self._batch.append(block - self._distortion * block**3 if self._distortion else block)
        if len(self._batch) * BLOCK < BATCH:
            return
        answer = np.fft.irfft(np.fft.rfft(np.concatenate(self._batch), self._size) * self._spectrum, self._size).astype(np.float32)
        self._batch.clear()
        answer += self._overlap
        self._overlap = np.concatenate([answer[BATCH:], np.zeros(BATCH, np.float32)])
        self._heard.append(self._drift.resample_chunk(answer[:BATCH]))
        self._held += len(self._heard[-1])

    def hear(self, count: int) -> Samples:
        if self._held < count:
            return np.zeros(count, np.float32)  # the speaker was closed
        sound = self._heard[0] if len(self._heard) == 1 else np.concatenate(self._heard)
        self._heard = [sound[count:]]
        self._held -= count
        return sound[:count]


class RoomStream:
    """A device's callback, called when its clock says so."""

    def __init__(self, room: "Room", device: str, period_s: float, block: Callable[[float], None]) -> None:
        self.device = device
        self.rate_hz = ROOM_HZ
        self.alive = True
        self.gaps = 0
        self.stalled = False
        """Like a driver that lost its device and says nothing."""
        self._room = room
        self._period_s = period_s
        self._block = block
        self._closed = False
        self._begun_at = 0.0
        self._count = 0

    def begin(self) -> None:
        self._begun_at = self._room.now()
        self._next()

    def close(self) -> None:
        self._closed = True
        self._room.streams.discard(self)

    def _next(self) -> None:
        self._count += 1
        self._room.at(self._begun_at + self._count * self._period_s, self._tick)

    def _tick(self) -> None:
        if self._closed or not self.alive:
            return
        if not self.stalled:
            self._block(self._room.now())
        self._next()


@dataclass
class Room:
    """A `SoundCard`. Time stands still until `run`; what `at` arranged for a certain time happens on the desk's own thread."""

    acoustics: Acoustics = field(default_factory=Acoustics)
    there: list[Device] = field(default_factory=lambda: [Device("Desk", 1, 2, default_input=True, default_output=True)])
    voice: Samples = field(default_factory=lambda: np.zeros(0, np.float32))
    """What someone says into the microphone, from `voice_at` on."""

    voice_at: float = 0.0
    played: list[tuple[float, Samples]] = field(default_factory=list)
    """What came out of the loudspeaker: when its first sample did, and the block."""

    heard: list[Samples] = field(default_factory=list)
    """What the microphone handed over."""

    keep: bool = True
    """Whether to remember what was played and heard."""

    streams: set[RoomStream] = field(default_factory=set)
    opened: list[str] = field(default_factory=list)
    opening_s: float = OPENING_S

    def __post_init__(self) -> None:
        self._time = 0.0
        self._horizon = 0.0
        self._turn = threading.Condition()
        self._woken = False
        self._parked = False
        self._order = itertools.count()
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._slow: list[Callable[[], None]] = []
        self._listed = list(self.there)
        self._echo = Echo(self.acoustics)
        self._noise = np.random.default_rng(1).standard_normal(ROOM_HZ).astype(np.float32) * np.float32(self.acoustics.noise)
        self._position = 0

    # What a test does ------------------------------------------------------------------------------------------------

    def run(self, seconds: float) -> None:
        """Let so much time pass. Returns when the desk has done all that was to do by then."""
        with self._turn:
            self._horizon = self._time + seconds
            self._parked = False
            self._turn.notify_all()
            assert self._turn.wait_for(lambda: self._parked, timeout=GIVE_UP_S), "the desk's thread has ended or hangs"

    def release(self) -> None:
        """Time may pass freely, because the desk is about to be closed."""
        with self._turn:
            self._horizon = float("inf")
            self._turn.notify_all()

    def at(self, when: float, what: Callable[[], None]) -> None:
        """Do something at a certain time."""
        heapq.heappush(self._due, (when, next(self._order), what))

    def say(self, voice: Samples, at: float) -> None:
        """Someone speaks into the microphone."""
        self.voice, self.voice_at = voice, at

    def unplug(self, name: str, *, silently: bool = False) -> None:
        """A device goes away: with an error, or as some drivers do, by falling silent."""
        self.there = [device for device in self.there if device.name != name]
        for stream in self.streams:
            if stream.device == name:
                stream.stalled, stream.alive = True, silently

    def plug(self, device: Device) -> None:
        """A device comes."""
        self.there = [*self.there, device]

    # What the desk does ----------------------------------------------------------------------------------------------

    def now(self) -> float:
        return self._time

    def wait(self, seconds: float) -> None:
        until = self._time + seconds
        while not self._woken:
            horizon = self._horizon
            if self._due and self._due[0][0] <= min(until, horizon):
                self._time, _, what = heapq.heappop(self._due)
                what()
            elif until <= horizon:
                self._time = until
                break
            else:
                self._time = horizon
                self._park(horizon)
        self._woken = False

    def _park(self, horizon: float) -> None:
        """Stand still at the horizon until the test moves it."""
        with self._turn:
            self._parked = True
            self._turn.notify_all()
            self._turn.wait_for(lambda: self._woken or self._horizon > horizon)

    def wake(self) -> None:
        with self._turn:
            self._woken = True
            self._turn.notify_all()

    def begin(self, work: Callable[[], None]) -> None:
        self._slow.append(work)

        def carry_out() -> None:
            if work in self._slow:
                self._slow.remove(work)
                work()

        self.at(self._time + self.opening_s, carry_out)

    def close(self) -> None:
        while self._slow:
            self._slow.pop(0)()

    def devices(self) -> Sequence[Device]:
        return self._listed

    def refresh(self) -> None:
        assert not self.streams, "PortAudio would have invalidated an open stream"
        self._listed = list(self.there)

    def _open(self, name: str | None, device: Device | None, period_s: float, block: Callable[[float], None]) -> RoomStream:
        if device is None or device not in self.there:
            raise DeviceError(f"“{name}” is not there.")
        stream = RoomStream(self, device.name, period_s, block)
        self.streams.add(stream)
        self.opened.append(device.name)
        return stream

    def open_input(self, name: str | None, heard: Callable[[int], HeardBlock]) -> RoomStream:
        device = next((each for each in self._listed if each.inputs and (each.name == name if name else each.default_input)), None)
        take = heard(ROOM_HZ)
        return self._open(
            name, device, BLOCK_S / (1 + self.acoustics.drift_ppm * 1e-6), lambda at: take(self._capture(at), at, INPUT_LATENCY_S)
        )

    def open_output(self, name: str | None, wanted: Callable[[int], WantedBlock]) -> RoomStream:
        device = next((each for each in self._listed if each.outputs and (each.name == name if name else each.default_output)), None)
        fill = wanted(ROOM_HZ)

        def block(at: float) -> None:
            out = np.zeros(BLOCK, np.float32)
            fill(out, at, OUTPUT_LATENCY_S)
            if self.keep:
                self.played.append((at + OUTPUT_LATENCY_S, out))
            self._echo.play(out)

        return self._open(name, device, BLOCK_S, block)

    def _capture(self, at: float) -> Samples:
        offset = self._position * BLOCK % (ROOM_HZ - BLOCK)
        sound = self._echo.hear(BLOCK) + self._noise[offset : offset + BLOCK]
        self._position += 1
        spoken = round((at - INPUT_LATENCY_S - BLOCK_S - self.voice_at) * ROOM_HZ)
        if -BLOCK < spoken < len(self.voice):
            voice = self.voice[max(spoken, 0) : spoken + BLOCK]
            begin = max(-spoken, 0)
            sound[begin : begin + len(voice)] += voice
        if self.keep:
            self.heard.append(sound)
        return sound
