"""The real way: PortAudio, ALSA and a PulseAudio server with a virtual microphone and a virtual speaker."""

import threading
from collections.abc import Callable, Iterator
from types import TracebackType

import numpy as np
import pytest
import soxr

from parley.audio.desk import DESK_HZ, AudioDesk
from parley.audio.events import AudioEvent, DeviceLost, MicrophoneSound, NoSpeaker, PlaybackEnded, Underrun
from parley.audio.portaudio import PortAudioCard
from parley.audio.settings import AudioSettings
from parley_models.pcm import AudioChunk, Samples
from tests.fakes.pulse import PULSE_HZ, PulseServer
from tests.parley.audio.conftest import steepest, tone

WAIT_S = 20.0
ATTEMPTS = 3


class RealSitting:
    """A desk on PulseAudio, and a list of all it told."""

    def __init__(self) -> None:
        self.told: list[AudioEvent] = []
        self._news = threading.Condition()
        settings = AudioSettings(echo_cancellation=False, noise_suppression=False)
        self.desk = AudioDesk(settings, self._hear)

    def __enter__(self) -> "RealSitting":
        self.desk.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.desk.close()

    def _hear(self, event: AudioEvent) -> None:
        with self._news:
            self.told.append(event)
            self._news.notify_all()

    def wait_for(self, what: Callable[[], bool], why: str) -> None:
        with self._news:
            assert self._news.wait_for(what, timeout=WAIT_S), why

    def has(self, kind: type[AudioEvent]) -> bool:
        return any(isinstance(event, kind) for event in self.told)

    @property
    def heard(self) -> Samples:
        with self._news:
            return np.concatenate([event.chunk.samples for event in self.told if isinstance(event, MicrophoneSound)])


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[PulseServer]:
    with PulseServer() as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        yield server
    monkeypatch.undo()


def in_real_time(measure: Callable[[RealSitting], None]) -> None:
    """Measure, and again where the drivers say that the machine did not call back in time: that is nobody's mistake here."""
    for _ in range(ATTEMPTS):
        with RealSitting() as sitting:
            try:
                measure(sitting)
            except AssertionError:
                if not sitting.desk.driver_gaps:
                    raise
            else:
                return
    pytest.skip(f"this machine is too busy for real time: its drivers ran dry in each of {ATTEMPTS} attempts")


def test_what_is_said_into_the_virtual_microphone_arrives(server: PulseServer, human: Samples) -> None:
    said = np.pad(soxr.resample(human, DESK_HZ, PULSE_HZ), (0, PULSE_HZ))

    def measure(sitting: RealSitting) -> None:
        sitting.desk.open_microphone()
        sitting.wait_for(lambda: sitting.has(MicrophoneSound), "the microphone delivers nothing")
        server.say(said)
        before = len(sitting.told)
        sitting.wait_for(lambda: len(sitting.told) > before + 50, "the microphone stopped")
        heard = sitting.heard
        size = len(heard) + len(human)
        match = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(human, size)), size)
        part = heard[int(np.argmax(match[: len(heard) - len(human)])) :][: len(human)]
        assert np.dot(part, human) / np.sqrt(np.dot(part, part) * np.dot(human, human)) > 0.98

    in_real_time(measure)


def test_what_is_played_comes_out_of_the_virtual_speaker_without_gaps_or_clicks(server: PulseServer) -> None:
    sound = tone(2.0)

    def measure(sitting: RealSitting) -> None:
        recording = server.record()
        for at in range(0, len(sound), 8_640):
            sitting.desk.play(1, AudioChunk(sound[at : at + 8_640], DESK_HZ))
        sitting.desk.finish(1)
        sitting.wait_for(lambda: sitting.has(PlaybackEnded), "the answer does not end")
        threading.Event().wait(0.1)  # the recorder is a process of its own
        recorded = recording.finish()
        sounding = np.flatnonzero(np.abs(recorded) > 1e-3)
        body = recorded[sounding[0] : sounding[-1] + 1]
        assert PlaybackEnded(1, 2.0, complete=True) in sitting.told
        assert not sitting.has(Underrun)
        assert len(body) / PULSE_HZ == pytest.approx(2.0, abs=0.02)
        assert np.abs(body[: len(body) // 480 * 480].reshape(-1, 480)).max(axis=1)[1:-1].min() > 0.2  # in every 10 ms
        assert steepest(body) < 1.3 * steepest(tone(0.1)) * DESK_HZ / PULSE_HZ

    in_real_time(measure)


def test_what_was_heard_at_a_stop_is_what_was_recorded(server: PulseServer) -> None:
    def measure(sitting: RealSitting) -> None:
        recording = server.record()
        sitting.desk.play(1, AudioChunk(tone(5.0), DESK_HZ))
        sitting.desk.finish(1)
        while sitting.desk.played_s(1) < 0.5:
            threading.Event().wait(0.01)
        heard_s = sitting.desk.stop(1)
        sitting.wait_for(lambda: sitting.has(PlaybackEnded), "the stop is not told")
        threading.Event().wait(0.1)
        sounding = np.flatnonzero(np.abs(recording.finish()) > 1e-3)
        assert (sounding[-1] - sounding[0]) / PULSE_HZ == pytest.approx(heard_s, abs=0.02)

    in_real_time(measure)


def test_a_sound_server_that_dies_is_a_lost_device(server: PulseServer) -> None:
    with RealSitting() as sitting:
        sitting.desk.play(1, AudioChunk(tone(30.0), DESK_HZ))
        while not sitting.desk.played_s(1):
            threading.Event().wait(0.01)
        server.stop()

        sitting.wait_for(lambda: sitting.has(DeviceLost), "nobody noticed")
        sitting.wait_for(lambda: sitting.has(NoSpeaker), "where does it play?")


def test_the_devices_are_listed(server: PulseServer) -> None:
    card = PortAudioCard()
    card.refresh()
    devices = card.devices()
    card.close()

    assert [(device.default_input, device.default_output) for device in devices if device.name == "default"] == [(True, True)]
