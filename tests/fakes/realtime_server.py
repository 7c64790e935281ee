"""A Realtime server that speaks scripted answers (`realtime_script.py`), one session (`realtime_session.py`) for each client.

In a test's own process (`RealtimeServer`), or as a program (`realtime_program.py`). It imports nothing of ours: a mistake can't hide twice.
"""

import asyncio
import contextlib
import http
import threading

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

from tests.fakes.realtime_script import Script
from tests.fakes.realtime_session import Session


async def open_door(script: Script, token: str, sessions: list[Session]) -> Server:
    """Listen on a free port; the sessions that came are put into the list."""

    def check(_connection: ServerConnection, request: Request) -> Response | None:
        if token and request.headers.get("Authorization") != f"Bearer {token}":
            return _connection.respond(http.HTTPStatus.UNAUTHORIZED, "no\n")
        return None

    async def talk(socket: ServerConnection) -> None:
        session = Session(socket, script)
        sessions.append(session)
        with contextlib.suppress(Exception):
            await session.run()

    return await serve(talk, "127.0.0.1", 0, process_request=check, max_size=2**20, close_timeout=0.2)


def url_of(server: Server) -> str:
    return f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}/v1/realtime?model=scripted"


class RealtimeServer:
    """The server on a thread of its own."""

    def __init__(self, script: Script | None = None, token: str = "secret") -> None:
        self.script = script or Script()
        self.sessions: list[Session] = []
        self.url = ""
        self._token = token
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="realtime server")

    def __enter__(self) -> "RealtimeServer":
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    @property
    def session(self) -> Session:
        return self.sessions[-1]

    def hang_up(self) -> None:
        """Break every connection, as a crash would."""
        for session in self.sessions:
            self._loop.call_soon_threadsafe(session.socket.transport.abort)

    def _run(self) -> None:
        async def main() -> None:
            server = await open_door(self.script, self._token, self.sessions)
            self.url = url_of(server)
            self._ready.set()
            await self._stop.wait()
            server.close()
            await server.wait_closed()
            for _ in range(3):  # who called while the door was closing gets as far as a handler, which the runner then ends
                await asyncio.sleep(0)

        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(main())
