"""The machine's own sound card, through PortAudio."""

import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType
from typing import Any, Literal

from parley.audio.card import Device, DeviceStream, HeardBlock, WantedBlock
from parley.audio.portaudio_stream import Gaps, PortAudioStream, listener, player, reason, stream_format
from parley_models.errors import DeviceError

OUTPUT_LATENCY_S = 0.04
INPUT_LATENCY_S = 0.02
"""What is asked for. The queue that outlasts a busy Python lies before this, so these are short; a driver may need more."""

HOSTS = {"win32": "Windows WASAPI", "darwin": "Core Audio"}
"""Windows offers each device up to four times; this is the way without another resampler in between."""

ALSA_ALIASES = (
    *("sysdefault", "front", "surround", "iec958", "spdif", "dmix", "dsnoop", "lavrate", "samplerate", "speexrate", "upmix", "vdownmix"),
    *("jack", "oss", "null", "a52", "speex", "usbstream"),
)
"""What ALSA's configuration calls things that are listed under another name already."""

ALSA_HZ = 48_000
"""ALSA names 44,100 as the rate of whatever takes any; behind it nearly everything runs at this one."""


class PortAudioCard:
    """All devices that PortAudio knows. One per process: looking again starts PortAudio anew, under everybody's feet."""

    def __init__(self) -> None:
        self._woken = threading.Event()
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="parley-devices")
        self._loaded: ModuleType | None = None

    def now(self) -> float:
        """Seconds of the clock that PortAudio's times are on as well."""
        return time.perf_counter()

    def wait(self, seconds: float) -> None:
        """Sleep, unless or until `wake` is called."""
        self._woken.wait(seconds)
        self._woken.clear()

    def wake(self) -> None:
        """End the `wait` that is under way, or the next one."""
        self._woken.set()

    def begin(self, work: Callable[[], None]) -> None:
        """Do it on a thread of its own: opening a device takes up to a second."""
        self._worker.submit(work)

    def close(self) -> None:
        """Wait for what was begun."""
        self._worker.shutdown(wait=True)

    def refresh(self) -> None:
        """Look for devices again. PortAudio lists them only when it is started (its issue 11)."""
        stale = "sounddevice" in sys.modules
        try:
            sd = self._sounddevice()
        except DeviceError:
            return  # opening says so
        if stale:
            sd._terminate()  # noqa: SLF001  sounddevice's maintainer recommends these two (its issue 125)
            sd._initialize()  # noqa: SLF001

    def devices(self) -> Sequence[Device]:
        """What PortAudio listed when it was started last."""
        try:
            sd = self._sounddevice()
        except DeviceError:
            return ()
        defaults = [_default(sd, "input"), _default(sd, "output")]
        return tuple(
            Device(name, each["max_input_channels"], each["max_output_channels"], *(number == default for default in defaults))
            for name, number, each in _listed(sd)
        )

    def open_input(self, name: str | None, heard: Callable[[int], HeardBlock]) -> DeviceStream:
        """Open a microphone, with one channel if it lets us."""
        sd = self._sounddevice()
        shown, number, found = _find(sd, name, "input")
        channels = dict.fromkeys([1, min(2, found["max_input_channels"]), found["max_input_channels"]])
        return _first_that_opens(
            sd,
            shown,
            lambda rate_hz, count, gaps: sd.InputStream(
                **stream_format(rate_hz, number, count), latency=INPUT_LATENCY_S, callback=listener(heard(rate_hz), rate_hz, gaps)
            ),
            [(rate_hz, count) for count in channels for rate_hz in _rates(sd, found)],
        )

    def open_output(self, name: str | None, wanted: Callable[[int], WantedBlock]) -> DeviceStream:
        """Open a speaker, with two channels if it has them."""
        sd = self._sounddevice()
        shown, number, found = _find(sd, name, "output")
        return _first_that_opens(
            sd,
            shown,
            lambda rate_hz, count, gaps: sd.OutputStream(
                **stream_format(rate_hz, number, count),
                latency=OUTPUT_LATENCY_S,
                callback=player(wanted(rate_hz), rate_hz, OUTPUT_LATENCY_S, gaps),
            ),
            [(rate_hz, min(2, found["max_output_channels"])) for rate_hz in _rates(sd, found)],
        )

    def _sounddevice(self) -> ModuleType:
        """Imported late: it asks all drivers, which takes a while, and PortAudio may not be installed."""
        if self._loaded is None:
            try:
                import sounddevice
            except OSError as error:
                raise DeviceError("the library PortAudio is not installed (Debian calls it libportaudio2).") from error
            self._loaded = sounddevice
        return self._loaded


def _listed(sd: ModuleType) -> Iterator[tuple[str, int, dict[str, Any]]]:
    """(name, PortAudio's number, what it says) of each device worth offering; names that come twice are numbered."""
    hosts = sd.query_hostapis()
    wanted = HOSTS.get(sys.platform)
    seen: dict[str, int] = {}
    for number, each in enumerate(sd.query_devices()):
        name = each["name"]
        if (wanted and hosts[each["hostapi"]]["name"] != wanted) or name.startswith(ALSA_ALIASES):
            continue
        seen[name] = seen.get(name, 0) + 1
        yield name if seen[name] == 1 else f"{name} ({seen[name]})", number, each


def _default(sd: ModuleType, way: Literal["input", "output"]) -> int:
    """PortAudio's number of the default device; −1 if there is none."""
    wanted = HOSTS.get(sys.platform)
    for host in sd.query_hostapis():
        number = int(host[f"default_{way}_device"])
        if number >= 0 and wanted in {None, host["name"]}:
            return number
    return -1


def _find(sd: ModuleType, name: str | None, way: Literal["input", "output"]) -> tuple[str, int, dict[str, Any]]:
    """The device of that name, or the default one: name, number, what PortAudio says of it."""
    default = _default(sd, way)
    for shown, number, each in _listed(sd):
        if each[f"max_{way}_channels"] and (number == default if name is None else shown == name):
            return shown, number, each
    what = "microphone" if way == "input" else "speaker"
    raise DeviceError(f"the system has no {what}." if name is None else f"the {what} “{name}” is not there.")


def _rates(sd: ModuleType, device: dict[str, Any]) -> list[int]:
    """Rates to try, the best first."""
    own = int(device["default_samplerate"])
    first = ALSA_HZ if sd.query_hostapis(device["hostapi"])["name"] == "ALSA" else own
    return list(dict.fromkeys([first, own, 48_000, 44_100]))


def _first_that_opens(
    sd: ModuleType, name: str, opened: Callable[[int, int, Gaps], Any], formats: Sequence[tuple[int, int]]
) -> PortAudioStream:
    """Open with the first (rate, channels) that the device takes."""
    trouble: Exception | None = None
    for rate_hz, channels in formats:
        gaps = Gaps()
        try:
            return PortAudioStream(opened(rate_hz, channels, gaps), name, rate_hz, gaps)
        except sd.PortAudioError as error:
            trouble = error
    raise DeviceError(f"“{name}” can't be opened ({reason(trouble or ValueError())}).") from trouble
