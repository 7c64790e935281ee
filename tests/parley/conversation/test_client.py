"""The button that tests an address, and the door for `parley ctl`."""

import asyncio
import http.server
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from parley.conversation.client import Client
from parley.conversation.control import command, is_open
from parley.conversation.events import Activity, StateChanged
from parley.conversation.offer import Remote
from parley.conversation.probe import probe
from parley_models.errors import EngineError
from tests.fakes.realtime_script import Script
from tests.fakes.realtime_server import RealtimeServer
from tests.parley.conversation.conftest import User


class Page(http.server.BaseHTTPRequestHandler):
    """Has nothing for anybody."""

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def web_page() -> Iterator[str]:
    """Something that is no Realtime service."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"ws://127.0.0.1:{server.server_port}/v1/realtime"
        server.shutdown()
        thread.join()


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Somebody who takes calls and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_server_that_answers_is_named(server: RealtimeServer) -> None:
    found = probe(Remote(server.url, "secret"))
    assert found.good
    assert found.sentence.startswith("Parley with Scripted answers, after ")
    with RealtimeServer(Script(is_parley=False)) as other:
        assert probe(Remote(other.url, "secret")).sentence.startswith("scripted answers")


def test_what_does_not_answer_gets_one_clear_sentence(server: RealtimeServer, web_page: str, silent_port: int) -> None:
    cases = {
        "": "is no address of an engine",
        "http://example.com": "is no address of an engine",
        "ws://": "is no address of an engine",
        "ws://127.0.0.1:99999999/": "is no address of an engine",
        "ws://127.0.0.1:1/v1/realtime": "no engine runs at that port",
        "ws://no-such-computer.invalid/": "There is no computer called no-such-computer.invalid",
        web_page: "can't be used",
        f"ws://127.0.0.1:{silent_port}/": "does not answer",
        server.url.replace("ws://", "wss://"): "certificate",
        server.url: "refuses the key",
    }
    for url, says in cases.items():
        found = probe(Remote(url, "wrong"), patience_s=2 if str(silent_port) in url else 10)
        assert not found.good
        assert says in found.sentence, (url, found.sentence)
        assert found.sentence.endswith((".", "…"))
        assert "wrong" not in found.sentence


def test_who_is_told_to_end_while_saying_goodbye_does(server: RealtimeServer) -> None:
    async def leave() -> bool:
        client = await Client.connect(server.url, "secret")
        goodbye = asyncio.create_task(client.close())
        await asyncio.sleep(0)  # it has told its writer to end, which takes a step of the loop
        goodbye.cancel()
        await asyncio.wait([goodbye])
        return goodbye.cancelled()

    assert asyncio.run(leave()), "Parley would wait for ever for an engine that is kept on"


def test_the_running_parley_is_controlled_from_elsewhere(sit_down: Callable[..., User], server: RealtimeServer, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with pytest.raises(EngineError, match="No Parley is running"):
        command(folder, "talk")
    user = sit_down(server, control=folder)
    user.ready()
    door_opens(folder)
    assert "again" in command(folder, "talk")
    user.is_at(Activity.LISTENING)
    assert "muted" in command(folder, "mute")
    assert user.until(StateChanged, lambda state: state.muted).activity is Activity.IDLE
    assert "muted" in command(folder, "talk")
    assert "hears" in command(folder, "mute")
    assert "silent" in command(folder, "stop")
    assert "no command" in command(folder, "sing")
    assert (folder.stat().st_mode & 0o777, (folder / "control.sock").stat().st_mode & 0o777) == (0o700, 0o600)
    user.talk.close()
    with pytest.raises(EngineError, match="No Parley is running"):
        command(folder, "stop")


def test_the_first_parley_stays_the_one_that_is_controlled(sit_down: Callable[..., User], server: RealtimeServer, tmp_path: Path) -> None:
    first = sit_down(server, control=tmp_path)
    first.ready()
    door_opens(tmp_path)
    second = sit_down(server, control=tmp_path)
    second.ready()
    second.talk.close()
    assert "muted" in command(tmp_path, "mute")
    first.until(StateChanged, lambda state: state.muted)


def door_opens(folder: Path) -> None:
    """The door opens beside the engine's start, before or after it; the test's timeout bounds the wait."""
    while not is_open(folder):
        time.sleep(0.01)


def test_a_door_left_by_a_killed_parley_is_taken_over(sit_down: Callable[..., User], server: RealtimeServer, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "control.sock"))
    user = sit_down(server, control=tmp_path)
    user.ready()
    door_opens(tmp_path)
    assert "silent" in command(tmp_path, "stop")
