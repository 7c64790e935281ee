"""A PulseAudio server of one's own, with a virtual microphone and a virtual speaker.

Both lie on one cable of two channels: what is played into `mouth` is the left one, and the microphone hears it; what the speaker plays is
the right one. Whoever records the cable has both on one clock, to the sample.
"""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from parley_models.errors import DeviceError
from parley_models.pcm import Samples

PULSE_HZ = 48_000
LIBRARIES = Path("/usr/lib")
STARTS_WITHIN_S = 30.0
HURRY_MS = 10
"""Null sinks render two seconds ahead unless someone listens who is in a hurry."""

SCRIPT = """
load-module module-native-protocol-unix socket={folder}/native auth-anonymous=1
load-module module-null-sink sink_name=cable rate={rate} channels=2 channel_map=front-left,front-right \
sink_properties=device.description=Cable
load-module module-remap-sink sink_name=mouth master=cable channels=1 channel_map=mono master_channel_map=front-left remix=no \
sink_properties=device.description=Mouth
load-module module-remap-sink sink_name=speaker master=cable channels=1 channel_map=mono master_channel_map=front-right remix=no \
sink_properties=device.description=Speaker
load-module module-remap-source source_name=microphone master=cable.monitor channels=1 channel_map=mono \
master_channel_map=front-left remix=no source_properties=device.description=Microphone
set-default-sink speaker
set-default-source microphone
"""
ALSA = """
pcm.!default { type pulse hint { show on description "Private PulseAudio" } }
ctl.!default { type pulse }
"""


def lacking() -> str:
    """What of the system's packages is missing for a server; empty if it can be started."""
    if shutil.which("pulseaudio") is None:
        return "pulseaudio is not installed"
    if not any(LIBRARIES.glob("**/alsa-lib/libasound_module_pcm_pulse.so")):
        return "ALSA's way to PulseAudio (Debian's libasound2-plugins) is not installed"
    return ""


class SoundServer:
    """Use as a context.

    Raises:
        DeviceError: PulseAudio is not installed, or does not start.
    """

    def __init__(self) -> None:
        if why := lacking():
            raise DeviceError(f"There is no virtual microphone and speaker here: {why}. `apt-get install pulseaudio libasound2-plugins`.")
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

    def __enter__(self) -> Self:
        script = self._folder / "script.pa"
        script.write_text(SCRIPT.format(folder=self._folder, rate=PULSE_HZ), encoding="utf-8")
        (self._folder / "asound.conf").write_text(ALSA, encoding="utf-8")
        with (self._folder / "log").open("wb") as log:
            self._server = subprocess.Popen(
                ["pulseaudio", "-n", "-F", script, "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--disable-shm=yes"],
                env=self.all_variables(),
                stdout=log,
                stderr=log,
            )
        give_up = time.monotonic() + STARTS_WITHIN_S
        while self._pactl("get-default-source").stdout.strip() != b"microphone":
            if time.monotonic() > give_up or self._server.poll() is not None:
                told = (self._folder / "log").read_text(encoding="utf-8").strip().splitlines()
                self.__exit__(None, None, None)
                raise DeviceError(f"PulseAudio did not start: {told[-1] if told else 'it says nothing'}.")
            time.sleep(0.05)
        self._listener = subprocess.Popen(self.recorder(), env=self.all_variables(), stdout=subprocess.DEVNULL)
        return self

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

    def all_variables(self) -> dict[str, str]:
        """A whole environment for a program that is to use this server and nothing of the user's."""
        return {**os.environ, **self.environment, "HOME": str(self._folder)}

    def recorder(self) -> list[str]:
        """The command that writes the cable to its standard output: both channels, 16 bit."""
        return ["parec", "--device=cable.monitor", f"--rate={PULSE_HZ}", "--channels=2", "--format=s16le", f"--latency-msec={HURRY_MS}"]

    def player(self, device: str = "mouth") -> list[str]:
        """The command that plays what comes over its standard input (float32, 48 kHz, mono)."""
        return [
            "pacat",
            "--playback",
            f"--device={device}",
            f"--rate={PULSE_HZ}",
            "--channels=1",
            "--format=float32le",
            "--latency-msec=50",
        ]

    def say(self, sound: Samples) -> None:
        """Play sound (48 kHz) into the virtual microphone; returns when it has been."""
        subprocess.run(self.player(), input=sound.astype(np.float32).tobytes(), env=self.all_variables(), check=True, timeout=120)

    def _pactl(self, *words: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(["pactl", *words], env=self.all_variables(), capture_output=True, check=False)
