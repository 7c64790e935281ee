"""The way in for other programs of the same user: `parley ctl`, and with it any desktop's own key bindings.

A private socket in the user's runtime folder; where there are no such sockets, a port of this machine and a secret in a private file.
One word comes in, one sentence goes out.
"""

import asyncio
import contextlib
import json
import os
import secrets
import socket
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import platformdirs

from parley_models.errors import EngineError

_LONGEST = 1_000


class ControlDoor:
    """Listens for commands. On the loop's thread."""

    def __init__(self, folder: Path, commands: Mapping[str, Callable[[], str]]) -> None:
        """`commands`: what each word does; the sentence that is answered."""
        self._folder = folder
        self._commands = commands
        self._server: asyncio.Server | None = None
        self._secret = secrets.token_hex(16)

    async def open(self) -> bool:
        """Listen; False if another Parley already does, which then stays the one that is controlled."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            _check_private(self._folder)
            if await asyncio.to_thread(is_open, self._folder):
                return False
            place = _place(self._folder)
            place.unlink(missing_ok=True)
            if sys.platform == "win32":
                self._server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
                place.write_text(json.dumps({"port": self._server.sockets[0].getsockname()[1], "secret": self._secret}), "utf-8")
            else:
                self._server = await asyncio.start_unix_server(self._answer, place)
                place.chmod(0o600)
        except OSError:
            return False
        return True

    async def close(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            _place(self._folder).unlink(missing_ok=True)
            self._server = None

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, TimeoutError, ValueError):
            async with asyncio.timeout(2):
                line = (await reader.readline())[:_LONGEST].decode("utf-8", "replace").strip()
                word, _, secret = line.partition(" ")
                if sys.platform == "win32" and not secrets.compare_digest(secret, self._secret):
                    answer = "refused"
                elif word == "ping":
                    answer = "here"
                else:
                    command = self._commands.get(word)
                    answer = command() if command is not None else f"There is no command “{word}”."
                writer.write(answer.encode() + b"\n")
                await writer.drain()
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


def control_folder() -> Path:
    """Where the door of this user is."""
    with warnings.catch_warnings():  # a machine without XDG_RUNTIME_DIR is no news to the user
        warnings.simplefilter("ignore")
        return platformdirs.user_runtime_path("parley")


def command(folder: Path, word: str) -> str:
    """Say a word to the running Parley; its answer.

    Raises:
        EngineError: none runs.
    """
    try:
        with _connection(folder) as (channel, secret):
            channel.sendall(f"{word} {secret}".strip().encode() + b"\n")
            with channel.makefile("r", encoding="utf-8") as reader:
                answer = reader.readline().strip()
    except (OSError, ValueError, KeyError):
        answer = ""
    if not answer:
        raise EngineError("No Parley is running: start it with `parley`.")
    return answer


def is_open(folder: Path) -> bool:
    """Whether a Parley listens there."""
    try:
        return command(folder, "ping") == "here"
    except EngineError:
        return False


@contextlib.contextmanager
def _connection(folder: Path) -> Iterator[tuple[socket.socket, str]]:
    place = _place(folder)
    if sys.platform == "win32":
        door = json.loads(place.read_text("utf-8"))
        with socket.create_connection(("127.0.0.1", int(door["port"])), timeout=2) as channel:
            yield channel, str(door["secret"])
    else:
        _check_private(folder)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as channel:
            channel.settimeout(2)
            channel.connect(os.fspath(place))
            yield channel, ""


def _check_private(folder: Path) -> None:
    """Raise PermissionError if somebody else may have laid a socket there: without a runtime folder of the user's own it is in /tmp."""
    if sys.platform != "win32":
        about = folder.stat()
        if about.st_uid != os.getuid() or about.st_mode & 0o077:
            raise PermissionError(f"{folder} is not private")


def _place(folder: Path) -> Path:
    return folder / ("control.json" if sys.platform == "win32" else "control.sock")
