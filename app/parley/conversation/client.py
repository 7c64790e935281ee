"""One connection to a Realtime server, ours or another (DESIGN §10). asyncio; the conversation's thread owns it.

client = await Client.connect("ws://127.0.0.1:9000/v1/realtime?model=mini", "token")
client.send(ResponseCreate())
async for event in client.events():
    ...
"""

import asyncio
import contextlib
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage, InvalidStatus, InvalidURI

from parley_models.errors import EngineError, InputError, UsageError
from parley_models.realtime.events import FromClient, ServerEvent, UnknownEvent, read_server_event

_log = logging.getLogger(__name__)

LARGEST_MESSAGE = 16 * 2**20
"""Bytes. Half a minute of answer in one piece is two million."""

REFUSED = {
    401: "it refuses the key",
    403: "it refuses the key",
    404: "there is no Realtime service at this address",
    429: "it has too much to do, or the account's limit is reached",
}
"""What a server says instead of a handshake, for a sentence."""


class EngineRefused(EngineError):
    """The server is there and says no: trying again does not help."""


class Client:
    """A connection. Make it with `Client.connect`."""

    def __init__(self, socket_: ClientConnection) -> None:
        self._socket = socket_
        self._outbox: asyncio.Queue[str] = asyncio.Queue()
        self._writer = asyncio.create_task(self._write(), name="realtime writer")

    @staticmethod
    async def connect(url: str, key: str, *, patience_s: float = 10.0) -> "Client":
        """Connect to a server.

        Raises:
            UsageError: not an address of a WebSocket.
            EngineRefused: the server says no.
            EngineError: nobody there, or no answer within `patience_s`.
        """
        check_url(url)
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        try:
            opened = await connect(
                url,
                additional_headers=headers,
                open_timeout=patience_s,
                close_timeout=0.5,
                ping_interval=None,  # `watch` looks closer
                max_size=LARGEST_MESSAGE,
                compression=None,  # sound does not compress, and time counts
                proxy=None if _is_loopback(url) else True,
            )
        except (OSError, TimeoutError, InvalidHandshake, InvalidMessage, EOFError) as error:
            raise trouble(error, url) from error
        return Client(opened)

    def send(self, event: FromClient) -> None:
        """Put an event on its way, in order. After the connection ended nothing happens."""
        self._outbox.put_nowait(event.to_json())

    async def events(self) -> AsyncIterator[ServerEvent]:
        """What the server says, until the connection ends; what we don't understand is left out."""
        with contextlib.suppress(ConnectionClosed):
            async for message in self._socket:
                try:
                    event = read_server_event(message)
                except InputError as error:
                    _log.warning("an event from the engine can't be used: %s", error)
                    continue
                if not isinstance(event, UnknownEvent):
                    yield event

    async def watch(self, every_s: float, patience_s: float, stuck: Callable[[bool], None]) -> None:
        """Ask for signs of life until the connection ends.

        `stuck(True)` when none came in time, `stuck(False)` when one comes after all.
        """
        with contextlib.suppress(ConnectionClosed):
            while True:
                await asyncio.sleep(every_s)
                sign = asyncio.ensure_future(await self._socket.ping())
                done, _ = await asyncio.wait([sign], timeout=patience_s)
                if not done:
                    stuck(True)
                    await sign
                    stuck(False)
                await sign

    async def close(self) -> None:
        """Say goodbye; does not wait longer than half a second."""
        self._writer.cancel()
        try:
            await asyncio.gather(self._writer, return_exceptions=True)  # `suppress` would swallow it if we are told to end right now
        finally:
            await self._socket.close()

    async def _write(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                await self._socket.send(await self._outbox.get())


def check_url(url: str) -> None:
    """Refuse what can't be an engine's address.

    Raises:
        UsageError: says what an address looks like.
    """
    try:
        parts = urlsplit(url)
        good = parts.scheme in {"ws", "wss"} and bool(parts.hostname) and (parts.port is None or parts.port > 0) and not parts.fragment
    except ValueError:
        good = False
    if not good:
        raise UsageError(f"“{url}” is no address of an engine: it looks like ws://computer:port/v1/realtime or wss://…")


def trouble(error: Exception, url: str) -> EngineError:
    """Why there is no connection, in one sentence."""
    place = urlsplit(url).hostname or url
    if isinstance(error, InvalidStatus):
        status = error.response.status_code
        said = REFUSED.get(status, f"it answers with HTTP status {status}")
        kind = EngineRefused if 400 <= status < 500 and status != 429 else EngineError
        return kind(f"{place} can't be used: {said}.")
    if isinstance(error, InvalidHandshake | InvalidURI | EOFError):
        broken = isinstance(error, InvalidMessage | EOFError)  # it may have died while it answered
        return (EngineError if broken else EngineRefused)(f"{place} can't be used: what answers there is no Realtime service.")
    if isinstance(error, TimeoutError):
        return EngineError(f"{place} does not answer.")
    if isinstance(error, socket.gaierror):
        return EngineError(f"There is no computer called {place}, or there is no network.")
    hung_up = url.startswith("wss:") and isinstance(error, ConnectionResetError | ConnectionAbortedError | BrokenPipeError)
    if isinstance(error, ssl.SSLError) or hung_up:
        return EngineRefused(f"{place} can't be used: its certificate is not to be trusted, or it does not speak TLS.")
    if isinstance(error, ConnectionRefusedError):
        return EngineError(f"{place} is there, but no engine runs at that port.")
    return EngineError(f"{place} can't be reached.")


def _is_loopback(url: str) -> bool:
    return urlsplit(url).hostname in {"localhost", "127.0.0.1", "::1"}
