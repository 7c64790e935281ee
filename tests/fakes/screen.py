"""A screen that nobody sees, with a keyboard: an X server of one's own."""

import os
import shutil
import subprocess
import tempfile
import threading
from pathlib import Path
from types import TracebackType

import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtGui import QImage

WIDTH, HEIGHT = 1280, 860
PATIENCE_S = 20.0
XWD_WORDS = 25
"""Of a header of X's own picture format, in which Xvfb keeps its screen: big-endian, 32 bit each (XWDFile.h)."""


class Screen:
    """Use as a context."""

    def __init__(self) -> None:
        for program, package in (("Xvfb", "xvfb"), ("xdotool", "xdotool")):
            if shutil.which(program) is None:
                pytest.skip(f"{program} (Debian's {package}) is not installed")
        self._folder = Path(tempfile.mkdtemp(prefix="screen-"))
        self._server: subprocess.Popen[bytes] | None = None
        self.display = ""

    def __enter__(self) -> "Screen":
        reading, writing = os.pipe()
        with (self._folder / "log").open("wb") as log:
            size = f"{WIDTH}x{HEIGHT}x24"
            self._server = subprocess.Popen(
                ["Xvfb", "-displayfd", str(writing), "-screen", "0", size, "-fbdir", str(self._folder), "-nolisten", "tcp"],
                pass_fds=[writing],
                stdout=log,
                stderr=log,
            )
        os.close(writing)
        with os.fdopen(reading, "rb") as told:
            number = told.readline().decode().strip()
        assert number, (self._folder / "log").read_text("utf-8", "replace")
        self.display = f":{number}"
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        assert self._server is not None
        self._server.terminate()
        self._server.wait(timeout=PATIENCE_S)
        shutil.rmtree(self._folder, ignore_errors=True)

    def focus(self, title: str) -> None:
        """Give the keyboard to a window; without a window manager nobody else does."""
        self._xdotool("search", "--sync", "--onlyvisible", "--name", f"^{title}$", "windowmove", "0", "0", "windowfocus", "--sync")

    def key(self, name: str) -> None:
        """Press and let go, `ctrl+m` for example."""
        self._xdotool("key", name)

    def key_down(self, name: str) -> None:
        """Press and hold."""
        self._xdotool("keydown", name)

    def key_up(self, name: str) -> None:
        """Let go."""
        self._xdotool("keyup", name)

    def pixels(self) -> npt.NDArray[np.uint8]:
        """What can be seen: (height, width, 4), blue first."""
        raw = (self._folder / "Xvfb_screen0").read_bytes()
        words = np.frombuffer(raw, ">u4", XWD_WORDS).astype(int)
        start, width, height, line = words[0] + 12 * words[19], words[4], words[5], words[12]
        whole = np.frombuffer(raw, np.uint8, line * height, start).reshape(height, line // 4, 4)
        return whole[:, :width]

    def count(self, colour: str) -> int:
        """How many pixels have a colour, `#rrggbb`."""
        wanted = [int(colour[at : at + 2], 16) for at in (5, 3, 1)]
        return int((self.pixels()[:, :, :3] == wanted).all(axis=2).sum())

    def save(self, path: Path) -> None:
        """Keep a picture of it."""
        pixels = np.ascontiguousarray(self.pixels())
        QImage(pixels.data, pixels.shape[1], pixels.shape[0], QImage.Format.Format_RGB32).save(str(path))

    def wait_for_colour(self, colour: str, more_than: int) -> int:
        """Until more pixels than that have a colour; how many then."""
        for _ in range(200):
            if (found := self.count(colour)) > more_than:
                return found
            threading.Event().wait(0.05)
        return self.count(colour)

    def _xdotool(self, *words: str) -> None:
        environment = {**os.environ, "DISPLAY": self.display}
        subprocess.run(["xdotool", *words], env=environment, check=True, timeout=PATIENCE_S, capture_output=True)
