"""The real way: PortAudio, ALSA and a PulseAudio server with a virtual microphone and a virtual speaker."""

import threading
from collections.abc import Callable, Iterator

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


class RealSitting:
    """A desk on PulseAudio, and a list of all it told."""

    def __init__(self) -> None:
        self.told: list[AudioEvent] = []
        self._news = threading.Condition()
        settings = AudioSettings(echo_cancellation=False, noise_suppression=False)
        self.desk = AudioDesk(settings, self._hear)

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


@pytest.fixture
def sitting(server: PulseServer) -> Iterator[RealSitting]:
    sitting = RealSitting()
    sitting.desk.start()
    yield sitting
    sitting.desk.close()


def test_what_is_said_into_the_virtual_microphone_arrives(server: PulseServer, sitting: RealSitting, human: Samples) -> None:
    sitting.desk.open_microphone()
    sitting.wait_for(lambda: sitting.has(MicrophoneSound), "the microphone delivers nothing")
    server.say(np.pad(soxr.resample(human, DESK_HZ, PULSE_HZ), (0, PULSE_HZ)))
    before = len(sitting.told)
    sitting.wait_for(lambda: len(sitting.told) > before + 50, "the microphone stopped")
    heard = sitting.heard

    size = len(heard) + len(human)
    match = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(human, size)), size)
    at = int(np.argmax(match[: len(heard) - len(human)]))
    part = heard[at : at + len(human)]
    assert np.dot(part, human) / np.sqrt(np.dot(part, part) * np.dot(human, human)) > 0.98


def test_what_is_played_comes_out_of_the_virtual_speaker_without_gaps_or_clicks(server: PulseServer, sitting: RealSitting) -> None:
    recording = server.record()
    sound = tone(2.0)
    for at in range(0, len(sound), 8_640):
        sitting.desk.play(1, AudioChunk(sound[at : at + 8_640], DESK_HZ))
    sitting.desk.finish(1)
    sitting.wait_for(lambda: sitting.has(PlaybackEnded), "the answer does not end")
    sitting.desk.close()
    recorded = recording.finish()

    sounding = np.flatnonzero(np.abs(recorded) > 1e-3)
    body = recorded[sounding[0] : sounding[-1] + 1]
    assert len(body) / PULSE_HZ == pytest.approx(2.0, abs=0.02)
    assert np.abs(body.reshape(-1)[: len(body) // 480 * 480].reshape(-1, 480)).max(axis=1)[1:-1].min() > 0.2  # in every 10 ms
    assert steepest(body) < 1.3 * steepest(tone(0.1)) * DESK_HZ / PULSE_HZ
    assert PlaybackEnded(1, 2.0, complete=True) in sitting.told
    assert not sitting.has(Underrun)


def test_what_was_heard_at_a_stop_is_what_was_recorded(server: PulseServer, sitting: RealSitting) -> None:
    recording = server.record()
    sitting.desk.play(1, AudioChunk(tone(5.0), DESK_HZ))
    sitting.desk.finish(1)
    while sitting.desk.played_s(1) < 0.5:
        threading.Event().wait(0.01)
    heard_s = sitting.desk.stop(1)
    sitting.wait_for(lambda: sitting.has(PlaybackEnded), "the stop is not told")
    sitting.desk.close()
    sounding = np.flatnonzero(np.abs(recording.finish()) > 1e-3)

    assert (sounding[-1] - sounding[0]) / PULSE_HZ == pytest.approx(heard_s, abs=0.02)
    assert 0.5 < heard_s < 0.9


def test_a_sound_server_that_dies_is_a_lost_device(server: PulseServer, sitting: RealSitting) -> None:
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
