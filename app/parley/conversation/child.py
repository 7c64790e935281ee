"""The engine as a child process: started with a token of its own, gone with us, however we go.

It is told apart from its parent by nothing but a pipe: the child reads its standard input and leaves when that ends, which the system
brings about even if the window is killed. Files instead of pipes carry what it says, because those are read without a thread on every
system, and nothing that it prints can block it.
"""

import asyncio
import contextlib
import errno
import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from parley.conversation.offer import BuiltIn
from parley_models.errors import BundleError, DeviceError, EngineError, UsageError

Command = Callable[[BuiltIn, Path], Sequence[str]]
"""(what to run, file with the token) to a command line."""

HOPELESS = frozenset({UsageError.exit_code, BundleError.exit_code, DeviceError.exit_code})
"""Exit codes after which another start would end the same way."""

_CLOSED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST})
"""A folder that can't be written to won't let the next engine start either; on a full disk there may be room again."""

_LOOK_S = 0.05
"""How often a child that starts is looked at."""


class EngineHopeless(EngineError):
    """The engine can't be started, and trying again does not help."""


def serve_command(choice: BuiltIn, token_file: Path) -> list[str]:
    """`parley serve`, whether Parley is installed or frozen into one program."""
    program = [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-m", "parley"]
    options = ["--bundle", choice.bundle, "--token-file", str(token_file)]
    if choice.device != "auto":
        options += ["--device", choice.device]
    if choice.idle_unload_min is not None:
        options += ["--idle-unload-min", f"{choice.idle_unload_min:g}"]
    return [*program, "--attached", "serve", *options]


class Child:
    """An engine process. `start` it, use `url` and `token`, `stop` it."""

    def __init__(self, choice: BuiltIn, state: Path, command: Command = serve_command) -> None:
        """`state` is the folder for what must not be shared: the token, and what the engine prints."""
        self.url = ""
        self.token = secrets.token_urlsafe(32)
        self._choice = choice
        self._folder = state / f"engine-{os.getpid()}-{secrets.token_hex(4)}"
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Of the process; None before it runs."""
        return None if self._process is None else self._process.pid

    async def start(self, patience_s: float) -> None:
        """Start it and wait until it says where it listens.

        Raises:
            EngineHopeless: it says that it never will.
            EngineError: it ended, or said nothing for `patience_s`.
        """
        token_file = self._folder / "token"
        try:
            self._folder.mkdir(parents=True, mode=0o700)
            with os.fdopen(os.open(token_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(self.token)
            with (self._folder / "out").open("wb") as out, (self._folder / "err").open("wb") as err:
                command = list(self._command(self._choice, token_file))
                # a session of its own: Ctrl+C in our terminal is for us, and we stop it ourselves
                self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=out, stderr=err, start_new_session=True)
        except OSError as error:
            kind = EngineHopeless if error.errno in _CLOSED else EngineError
            raise kind(f"The engine can't be started: {error.filename or self._folder}: {error.strerror}.") from error
        deadline = asyncio.get_running_loop().time() + patience_s
        while not (line := self._first_line()):
            if self.ended:
                raise self.epitaph()
            if asyncio.get_running_loop().time() > deadline:
                raise EngineError(f"The engine was started but said nothing for {patience_s:.0f} s.")
            await asyncio.sleep(_LOOK_S)
        try:
            self.url = str(json.loads(line)["url"])
        except (ValueError, KeyError, TypeError):
            raise EngineError("The engine was started but does not say where it listens.") from None

    @property
    def ended(self) -> bool:
        """Whether the process is gone."""
        return self._process is None or self._process.poll() is not None

    def epitaph(self) -> EngineError:
        """Why it ended, in one sentence."""
        code = None if self._process is None else self._process.poll()
        last = self._last_words()
        if code in HOPELESS:
            return EngineHopeless(last or f"The engine can't be started (exit code {code}).")
        if code is not None and code < 0:
            return EngineError(f"The engine was ended by signal {-code}.")
        return EngineError(last or f"The engine ended by itself (exit code {code}).")

    async def stop(self) -> None:
        """End it: asked first, then made to; leaves no file. Takes up to 2 s."""
        process = self._process
        if process is not None and process.stdin is not None:
            with contextlib.suppress(OSError):
                process.stdin.close()
        try:
            if process is not None and process.poll() is None:
                process.terminate()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(1.5):
                        while process.poll() is None:
                            await asyncio.sleep(_LOOK_S / 2)
        finally:  # also if Parley is closed while it waits: one that hangs would outlive it, with its token
            if process is not None and process.poll() is None:
                process.kill()
                process.wait()
            shutil.rmtree(self._folder, ignore_errors=True)

    def _first_line(self) -> str:
        whole = _read(self._folder / "out")
        return whole.partition("\n")[0] if "\n" in whole else ""

    def _last_words(self) -> str:
        """The sentence that a command of ours leaves with; anything else it printed is for the log."""
        said = [line for line in _read(self._folder / "err").splitlines() if line.startswith("parley: ")]
        return said[-1].removeprefix("parley: ") if said else ""


def clear_leftovers(state: Path) -> None:
    """Remove what engines of windows that were killed left behind."""
    for folder in state.glob("engine-*-*"):
        pid = folder.name.split("-")[1]
        if pid.isdigit() and not _lives(int(pid)):
            shutil.rmtree(folder, ignore_errors=True)


def _lives(pid: int) -> bool:
    if sys.platform == "win32":  # there is no harmless way to ask: leave it
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""
