"""The engine's door to the world: WebSocket connections become sessions that share one engine."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from parley_models.bundle import bundle_folders
from parley_models.errors import InputError
from parley_models.realtime.door import PATH, Door
from parley_models.realtime.engine import Engine
from parley_models.realtime.ledger import new_id
from parley_models.realtime.server_events import FromServer
from parley_models.realtime.session import Session

LARGEST_MESSAGE = 16 * 2**20
"""Bytes; OpenAI's own limit for a piece of sound is 15 MiB."""

MOST_SESSIONS = 16
MOST_UNSENT = 20_000
"""Events that wait for a client that does not read; then it is let go."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen; port 0 takes a free one."""

    host: str = "127.0.0.1"
    port: int = 0


class RealtimeServer:
    """Sessions on one engine. Use `running`."""

    def __init__(self, engine: Engine, door: Door) -> None:
        self._engine = engine
        self._door = door
        self._sessions = 0

    @contextlib.asynccontextmanager
    async def running(self, address: Address) -> AsyncIterator[str]:
        """Listen; gives the URL. Leaving closes every session.

        Raises:
            InputError: the address can't be had.
        """
        try:
            server = await serve(
                self._talk,
                address.host,
                address.port,
                process_request=self._let_in,
                max_size=LARGEST_MESSAGE,
                compression=None,  # sound does not shrink, and this machine has better things to do
                select_subprotocol=_subprotocol,
                server_header=None,
                logger=logging.getLogger("parley.websockets"),
            )
        except OSError as error:
            raise InputError(f"The engine can't listen at {address.host}:{address.port}: {error.strerror or error}.") from error
        watching = asyncio.create_task(self._watch_idleness())
        try:
            yield _url(server, address)
        finally:
            watching.cancel()
            server.close()
            await server.wait_closed()

    def _let_in(self, connection: ServerConnection, request: Request) -> Response | None:
        headers = request.headers
        refusal = self._door.check(
            request.path,
            headers.get_all("Host"),
            headers.get_all("Origin"),
            headers.get_all("Authorization"),
            headers.get_all("Sec-WebSocket-Protocol"),
        )
        if refusal is not None:
            return connection.respond(refusal.status, refusal.reason + "\n")
        wanted = parse_qs(urlsplit(request.path).query).get("model", [""])[0]
        ours = self._engine.bundle.manifest.name
        if wanted != ours and wanted in bundle_folders():
            return connection.respond(HTTPStatus.NOT_FOUND, f"This engine runs {ours}, not {wanted}.\n")
        if self._sessions >= MOST_SESSIONS:
            return connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, f"{MOST_SESSIONS} sessions are open already.\n")
        return None

    async def _talk(self, connection: ServerConnection) -> None:
        unsent: asyncio.Queue[str] = asyncio.Queue()

        def send(event: FromServer) -> None:
            unsent.put_nowait(event.model_copy(update={"event_id": new_id("event")}).to_json())
            if unsent.qsize() > MOST_UNSENT:
                connection.transport.abort()

        self._sessions += 1
        session = Session(self._engine, send)
        sending = asyncio.create_task(_send_all(connection, unsent))
        try:
            session.begin()
            async for message in connection:
                session.take(message)
        except ConnectionClosed:
            pass  # a client that goes without a word
        finally:
            self._sessions -= 1
            session.close()
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)

    async def _watch_idleness(self) -> None:
        while True:
            await asyncio.sleep(5.0)
            self._engine.unload_if_idle()


async def _send_all(connection: ServerConnection, unsent: asyncio.Queue[str]) -> None:
    with contextlib.suppress(ConnectionClosed):
        while True:
            await connection.send(await unsent.get())


def _subprotocol(_connection: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    return Subprotocol("realtime") if "realtime" in offered else None


def _url(server: Server, address: Address) -> str:
    port = next(iter(server.sockets)).getsockname()[1]
    host = f"[{address.host}]" if ":" in address.host else address.host
    return f"ws://{host}:{port}{PATH}"


async def serve_until_told(engine: Engine, door: Door, address: Address, announce: Callable[[str], None]) -> None:
    """Listen until SIGINT or SIGTERM comes. Raises InputError if the address can't be had."""
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows: KeyboardInterrupt ends the loop instead
            loop.add_signal_handler(name, over.set)
    async with RealtimeServer(engine, door).running(address) as url:
        announce(url)
        engine.warm()
        await over.wait()
