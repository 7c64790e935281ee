"""A PulseAudio server of one's own, with a virtual microphone and a virtual speaker, and PortAudio's way to it."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

import numpy as np
import pytest

from parley_models.pcm import Samples

PULSE_HZ = 48_000
LIBRARIES = Path("/usr/lib")
STARTS_WITHIN_S = 15.0

SCRIPT = """
load-module module-native-protocol-unix socket={folder}/native auth-anonymous=1
load-module module-null-sink sink_name=speaker rate={rate} channels=1 sink_properties=device.description=Speaker
load-module module-null-sink sink_name=mouth rate={rate} channels=1 sink_properties=device.description=Mouth
load-module module-remap-source master=mouth.monitor source_name=microphone source_properties=device.description=Microphone
set-default-sink speaker
set-default-source microphone
"""
ALSA = """
pcm.!default { type pulse hint { show on description "Private PulseAudio" } }
ctl.!default { type pulse }
"""


class PulseServer:
    """Use as a context. What is played into `mouth` the microphone hears; what the speaker plays can be recorded."""

    def __init__(self) -> None:
        if shutil.which("pulseaudio") is None:
            pytest.skip("pulseaudio is not installed")
        if not any(LIBRARIES.glob("**/alsa-lib/libasound_module_pcm_pulse.so")):
            pytest.skip("ALSA's way to PulseAudio (Debian's libasound2-plugins) is not installed")
        self._folder = Path(tempfile.mkdtemp(prefix="pulse-"))  # short: a socket's path has at most 107 letters
        self._server: subprocess.Popen[bytes] | None = None
        self._listener: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> Mapping[str, str]:
        """What a program needs to find this server, directly or through PortAudio."""
        folder = str(self._folder)
        return {
            "PULSE_SERVER": f"unix:{folder}/native",
            "PULSE_RUNTIME_PATH": folder,
            "PULSE_STATE_PATH": folder,
            "PULSE_COOKIE": f"{folder}/cookie",
            "XDG_RUNTIME_DIR": folder,
            "ALSA_CONFIG_PATH": f"{folder}/asound.conf",
        }

    def __enter__(self) -> "PulseServer":
        script = self._folder / "script.pa"
        script.write_text(SCRIPT.format(folder=self._folder, rate=PULSE_HZ), encoding="utf-8")
        (self._folder / "asound.conf").write_text(ALSA, encoding="utf-8")
        with (self._folder / "log").open("wb") as log:
            self._server = subprocess.Popen(
                ["pulseaudio", "-n", "-F", script, "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--disable-shm=yes"],
                env=self._all_variables(),
                stdout=log,
                stderr=log,
            )
        give_up = time.monotonic() + STARTS_WITHIN_S
        while self._pactl("get-default-source").stdout.strip() != b"microphone":
            log_text = (self._folder / "log").read_text(encoding="utf-8")
            assert time.monotonic() < give_up and self._server.poll() is None, f"pulseaudio did not start: {log_text}"
            time.sleep(0.05)
        self._hurry()
        return self

    def _hurry(self) -> None:
        """Null sinks render two seconds ahead unless someone listens who is in a hurry."""
        command = ["parec", "--device=speaker.monitor", "--latency-msec=10", "--format=float32le"]
        self._listener = subprocess.Popen(command, env=self._all_variables(), stdout=subprocess.DEVNULL)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def stop(self) -> None:
        """End the server, as if the sound card had been pulled out."""
        for process in (self._listener, self._server):
            if process is not None:
                process.terminate()
                process.wait(timeout=10)
        self._listener = self._server = None

    def _all_variables(self) -> dict[str, str]:
        return {**os.environ, **self.environment, "HOME": str(self._folder)}

    def _pactl(self, *words: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(["pactl", *words], env=self._all_variables(), capture_output=True, check=False)

    def say(self, sound: Samples) -> None:
        """Play sound (48 kHz) into the virtual microphone; returns when it has been."""
        command = ["pacat", "--playback", "--device=mouth", f"--rate={PULSE_HZ}", "--channels=1", "--format=float32le", "--latency-msec=50"]
        subprocess.run(command, input=sound.tobytes(), env=self._all_variables(), check=True, timeout=60)

    def record(self) -> "Recording":
        """Record what the virtual speaker plays, until `finish`."""
        return Recording(self._all_variables(), self._folder / "recording.raw")


class Recording:
    """What the virtual speaker plays (48 kHz)."""

    def __init__(self, variables: Mapping[str, str], path: Path) -> None:
        self._path = path
        command = ["parec", "--device=speaker.monitor", f"--rate={PULSE_HZ}", "--channels=1", "--format=float32le", "--latency-msec=20"]
        self._file = path.open("wb")
        self._recorder = subprocess.Popen(command, stdout=self._file, env=dict(variables))
        give_up = time.monotonic() + STARTS_WITHIN_S
        while not path.stat().st_size:
            assert time.monotonic() < give_up, "nothing is recorded"
            time.sleep(0.02)

    @property
    def so_far(self) -> Samples:
        """What was recorded up to now."""
        raw = self._path.read_bytes()
        return np.frombuffer(raw[: len(raw) // 4 * 4], np.float32)

    def finish(self) -> Samples:
        """End it; all that was recorded."""
        self._recorder.terminate()
        self._recorder.wait(timeout=10)
        self._file.close()
        return self.so_far
