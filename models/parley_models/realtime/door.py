"""Who may come in: only this user's programs, with the token (DESIGN §10, PROMISES B12)."""

import hmac
import ipaddress
import os
import secrets
import socket
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

from parley_models.errors import InputError

PATH = "/v1/realtime"
BROWSER_KEY = "openai-insecure-api-key."
"""A browser can't set headers: OpenAI's own clients put the key into this subprotocol."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why somebody was not let in."""

    status: HTTPStatus
    reason: str


@dataclass(frozen=True, slots=True)
class Door:
    """Checks a request before it becomes a session."""

    token: str
    host: str
    """Where the server listens."""

    origins: Sequence[str] = ()
    """Web pages that may come in; programs send no Origin at all."""

    def check(
        self, path: str, host: Sequence[str], origin: Sequence[str], authorization: Sequence[str], protocols: Sequence[str]
    ) -> Refusal | None:
        """None if all is well. Headers come as all their values: none, one, or a forger's several."""
        if len(host) != 1 or not self._is_ours(host[0]):
            return Refusal(HTTPStatus.FORBIDDEN, "This address is not the engine's own.")  # a name that was rebound to loopback
        if any(each not in self.origins for each in origin):
            return Refusal(HTTPStatus.FORBIDDEN, "Web pages are not let in.")
        if urlsplit(path).path.rstrip("/") != PATH:
            return Refusal(HTTPStatus.NOT_FOUND, f"The engine listens at {PATH}.")
        if not self._has_token(authorization, protocols):
            return Refusal(HTTPStatus.UNAUTHORIZED, "The token is missing or wrong.")
        return None

    def _has_token(self, authorization: Sequence[str], protocols: Sequence[str]) -> bool:
        bearers = [value[len("Bearer ") :] for value in authorization if value[: len("Bearer ")].lower() == "bearer "]
        keys = [
            name.strip()[len(BROWSER_KEY) :] for value in protocols for name in value.split(",") if name.strip().startswith(BROWSER_KEY)
        ]
        given = [*bearers, *keys]
        return len(given) == 1 and hmac.compare_digest(given[0].strip().encode(), self.token.encode())

    def _is_ours(self, header: str) -> bool:
        try:
            name = (urlsplit(f"//{header}").hostname or "").rstrip(".").lower()
        except ValueError:
            return False
        if name == "localhost" or name == self.host.lower():
            return True
        if is_loopback(self.host):
            return _is_address(name) and is_loopback(name)
        return _is_address(name) or name == socket.gethostname().lower()  # an address can't be rebound


def is_loopback(host: str) -> bool:
    """Whether only this machine can come in there."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def new_token() -> str:
    """A token that nobody can guess."""
    return secrets.token_urlsafe(32)


def token_from(path: Path) -> str:
    """The token in a file; a new one, readable by its owner only, if there is no such file.

    Raises:
        InputError: the file can't be read or made, is readable by others, or holds no token.
    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _read_token(path)
    except OSError as error:
        raise InputError(f"The token file {path} can't be made: {error.strerror}.") from error
    token = new_token()
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(token + "\n")
    return token


def _read_token(path: Path) -> str:
    try:
        if not path.is_file():
            raise InputError(f"The token file {path} is no file.")
        if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise InputError(f"The token file {path} can be read by others; make it yours alone with `chmod 600`.")
        token = path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"The token file {path} can't be read.") from error
    if len(token) < 16 or any(letter.isspace() for letter in token):
        raise InputError(f"The token file {path} holds no token: one word of 16 characters or more.")
    return token
