"""What a machine has to offer before any Python package: system libraries, voices, a GPU."""

import ctypes.util
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

FESTIVAL_VOICES = Path("/usr/share/festival/voices")
LIBRARIES = Path("/usr/lib")
FONTS = Path("/usr/share/fonts")


@dataclass(frozen=True)
class SystemPackage:
    """Something that only the system's package manager can install."""

    debian: str
    """Its package's name in Debian and Ubuntu."""

    why: str

    is_there: Callable[[], bool]
    """Looks for the thing itself, so that other distributions and own builds count too."""


def program(name: str) -> Callable[[], bool]:
    """Whether a program is on the PATH."""
    return lambda: shutil.which(name) is not None


def library(name: str) -> Callable[[], bool]:
    """Whether the loader knows a shared library."""
    return lambda: ctypes.util.find_library(name) is not None


def voice(path: str) -> Callable[[], bool]:
    """Whether a festival voice is installed."""
    return (FESTIVAL_VOICES / path).is_dir


def has_typeface() -> bool:
    """Whether any scalable typeface is installed where Debian and its kin keep them."""
    return any(found for found in FONTS.glob("**/*.[to]tf"))


def has_pulse_plugin() -> bool:
    """Whether ALSA, and so PortAudio, can play through a PulseAudio server."""
    return any(LIBRARIES.glob("**/alsa-lib/libasound_module_pcm_pulse.so"))


def can_make_environments() -> bool:
    """Whether `python -m venv` works: Debian keeps ensurepip in a package of its own."""
    return importlib.util.find_spec("ensurepip") is not None


TO_RUN = (
    SystemPackage(f"python3.{sys.version_info.minor}-venv", "virtual environments", can_make_environments),
    SystemPackage("libportaudio2", "microphone and speaker", library("portaudio")),
    # What Qt's wheels expect of a desktop; found by ldd over the libraries that the window loads.
    SystemPackage("libegl1", "the window", library("EGL")),
    SystemPackage("libgl1", "the window", library("GL")),
    SystemPackage("libdbus-1-3", "the window", library("dbus-1")),
    SystemPackage("libfontconfig1", "the window's typefaces", library("fontconfig")),
    SystemPackage("fonts-dejavu-core", "a typeface, where there is none", has_typeface),
    SystemPackage("libglib2.0-0", "the window", library("glib-2.0")),
    SystemPackage("libpulse0", "news of devices that come and go", library("pulse")),
    SystemPackage("libxkbcommon-x11-0", "the window on X11", library("xkbcommon-x11")),
    SystemPackage("libx11-xcb1", "the window on X11", library("X11-xcb")),
    SystemPackage("libxcb-cursor0", "the window on X11", library("xcb-cursor")),
    SystemPackage("libxcb-icccm4", "the window on X11", library("xcb-icccm")),
    SystemPackage("libxcb-image0", "the window on X11", library("xcb-image")),
    SystemPackage("libxcb-keysyms1", "the window on X11", library("xcb-keysyms")),
    SystemPackage("libxcb-randr0", "the window on X11", library("xcb-randr")),
    SystemPackage("libxcb-render-util0", "the window on X11", library("xcb-render-util")),
    SystemPackage("libxcb-shape0", "the window on X11", library("xcb-shape")),
    SystemPackage("libxcb-sync1", "the window on X11", library("xcb-sync")),
    SystemPackage("libxcb-xfixes0", "the window on X11", library("xcb-xfixes")),
    SystemPackage("libxcb-xkb1", "the window on X11", library("xcb-xkb")),
)
TO_TEST = (
    SystemPackage("espeak-ng", "voices that ask", program("espeak-ng")),
    SystemPackage("flite", "the voice that answers", program("flite")),
    SystemPackage("festival", "voices that ask", program("festival")),
    SystemPackage("pulseaudio", "a virtual microphone and speaker", program("pulseaudio")),
    SystemPackage("libasound2-plugins", "the way from PortAudio to them", has_pulse_plugin),
    SystemPackage("xvfb", "a screen for the window's tests", program("Xvfb")),
    SystemPackage("xdotool", "somebody who types on that screen", program("xdotool")),
    SystemPackage("festvox-us-slt-hts", "a voice that asks", voice("us/cmu_us_slt_arctic_hts")),
    SystemPackage("festvox-kdlpc16k", "a voice that asks", voice("english/ked_diphone")),
    SystemPackage("festvox-kallpc16k", "a voice that only tests hear", voice("english/kal_diphone")),
)


class SystemPackagesMissing(Exception):
    """The system lacks packages and this program may not install them; the message is the way out."""


def missing(packages: tuple[SystemPackage, ...]) -> list[SystemPackage]:
    """Those of the packages that are not there."""
    return [package for package in packages if not package.is_there()]


def install(packages: list[SystemPackage]) -> None:
    """Install system packages with apt, as root or with a sudo that asks nothing. apt itself says how much it fetches.

    Raises:
        SystemPackagesMissing: apt is not there, not allowed, or failed; says the one line to type.

    """
    names = [package.debian for package in packages]
    one_line = f"apt-get install -y --no-install-recommends {' '.join(names)}"
    if shutil.which("apt-get") is None:
        listed = "; ".join(f"{package.debian} ({package.why})" for package in packages)
        raise SystemPackagesMissing(f"Install with your system's package manager what Debian calls: {listed}. Then start this again.")
    rights = root_rights()
    if rights is None:
        raise SystemPackagesMissing(f"Type this line, then start this again:\n\n    sudo {one_line}\n")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update"], one_line.split()):
        if subprocess.run([*rights, *command], env=environment, check=False).returncode and command[1] == "install":
            raise SystemPackagesMissing(f"apt-get could not install {' '.join(names)}; what it said is above.")


def root_rights() -> list[str] | None:
    """The words to put before a command so that it runs as root; None where that takes a password."""
    if os.name != "nt" and os.geteuid() == 0:
        return []
    if shutil.which("sudo") and subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode == 0:
        return ["sudo", "-n"]
    return None


def nvidia_gpu() -> str | None:
    """The name of the first NVIDIA GPU, None if there is none that the driver answers for."""
    if shutil.which("nvidia-smi") is None:
        return None
    asked = subprocess.run(["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"], capture_output=True, text=True, check=False)
    names = asked.stdout.strip().splitlines()
    return names[0] if asked.returncode == 0 and names else None
