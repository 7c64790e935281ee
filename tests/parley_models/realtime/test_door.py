"""Who comes in: nobody without the token, no web page, no name that was rebound to this machine."""

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from openai import OpenAI
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from parley_models.errors import InputError
from parley_models.realtime.door import Door, is_loopback, new_token, token_from
from tests.fakes.engine_room import TOKEN, EngineRoom, engine_room
from tests.fakes.thimble import scripted, thimble, thimble_folder

PATH = "/v1/realtime?model=mini"
GOOD = {"path": PATH, "host": ["127.0.0.1:4000"], "origin": [], "authorization": [f"Bearer {TOKEN}"], "protocols": []}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return thimble_folder(tmp_path_factory.mktemp("bundles") / "thimble")


@pytest.fixture
def room(folder: Path) -> Iterator[EngineRoom]:
    with engine_room(folder, lambda: thimble(folder, scripted(folder))) as opened:
        yield opened


def status(door: Door, **changed: object) -> int | None:
    refusal = door.check(**{**GOOD, **changed})  # type: ignore[arg-type]
    return None if refusal is None else refusal.status.value


@pytest.mark.parametrize("host", ["127.0.0.1:4000", "localhost:4000", "LOCALHOST", "localhost.", "[::1]:4000", "127.0.0.2"])
def test_this_machine_by_its_own_names_comes_in(host: str) -> None:
    assert status(Door(TOKEN, "127.0.0.1"), host=[host]) is None


@pytest.mark.parametrize(
    "host", ["evil.example:4000", "127.0.0.1.evil.example", "192.168.1.5:4000", "", "[::1", "localhost@evil.example", "0.0.0.0", "[::]"]
)
def test_a_rebound_name_does_not(host: str) -> None:
    assert status(Door(TOKEN, "127.0.0.1"), host=[host]) == 403


@pytest.mark.parametrize("host", [[], ["localhost", "evil.example"]])
def test_neither_no_host_nor_two(host: list[str]) -> None:
    assert status(Door(TOKEN, "127.0.0.1"), host=host) == 403


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:8000", "file://", ""])
def test_web_pages_stay_outside_unless_named(origin: str) -> None:
    assert status(Door(TOKEN, "127.0.0.1"), origin=[origin]) == 403
    assert status(Door(TOKEN, "127.0.0.1", origins=(origin,)), origin=[origin]) is None


@pytest.mark.parametrize(
    "authorization",
    [
        [],
        ["Bearer"],
        ["Bearer "],
        ["Bearer wrong"],
        [f"Basic {TOKEN}"],
        [TOKEN],
        [f"Bearer {TOKEN}x"],
        [f"Bearer {TOKEN[:-1]}"],
        ["Bearer ä"],
        [f"Bearer {TOKEN}", "Bearer wrong"],
    ],
)
def test_the_token_must_be_right(authorization: list[str]) -> None:
    assert status(Door(TOKEN, "127.0.0.1"), authorization=authorization) == 401


def test_elsewhere_is_nothing() -> None:
    assert status(Door(TOKEN, "127.0.0.1"), path="/") == 404
    assert status(Door(TOKEN, "127.0.0.1"), path="/v1/realtime/../x") == 404


def test_a_machine_on_the_net_is_called_by_its_address() -> None:
    door = Door(TOKEN, "0.0.0.0")
    assert status(door, host=["192.168.1.5:4000"]) is None
    assert status(door, host=["evil.example"]) == 403
    assert [is_loopback(host) for host in ("127.0.0.1", "::1", "localhost", "0.0.0.0", "192.168.1.5", "evil.example")] == [True] * 3 + [
        False
    ] * 3


def test_the_official_client_without_the_token_is_told_so(room: EngineRoom) -> None:
    openai = OpenAI(api_key="wrong", base_url="http://127.0.0.1/v1", websocket_base_url=room.url.removesuffix("/realtime"))
    with openai, pytest.raises(InvalidStatus, match="401"), openai.realtime.connect(model="thimble"):
        pass


@pytest.mark.parametrize(("headers", "code"), [({"Origin": "https://evil.example"}, 403), ({"Host": "evil.example"}, 403)])
def test_the_server_asks_the_door(room: EngineRoom, headers: dict[str, str], code: int) -> None:
    with (
        pytest.raises(InvalidStatus, match=str(code)),
        connect(room.url, additional_headers={"Authorization": f"Bearer {TOKEN}", **headers}),
    ):
        pass


def test_a_browsers_key_is_a_subprotocol(room: EngineRoom) -> None:
    protocols = [Subprotocol("realtime"), Subprotocol(f"openai-insecure-api-key.{TOKEN}")]
    with connect(room.url, subprotocols=protocols) as connection:
        assert connection.subprotocol == "realtime"
        assert "session.created" in str(connection.recv(timeout=10))


def test_another_bundle_than_the_engines_is_not_answered_in_its_name(room: EngineRoom) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with pytest.raises(InvalidStatus, match="404"), connect(f"{room.url}?model=mini", additional_headers=headers):
        pass
    with connect(f"{room.url}?model=gpt-realtime", additional_headers=headers) as connection:
        assert '"model":"thimble"' in str(connection.recv(timeout=10))


def test_a_token_file_is_made_for_its_owner_alone_and_read_again(tmp_path: Path) -> None:
    path = tmp_path / "token"
    token = token_from(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert token_from(path) == token
    assert len({new_token() for _ in range(10)} | {token}) == 11
    path.chmod(0o644)
    with pytest.raises(InputError, match="chmod 600"):
        token_from(path)
    path.chmod(0o600)
    path.write_text("short")
    with pytest.raises(InputError, match="no token"):
        token_from(path)
    with pytest.raises(InputError, match="can't be made"):
        token_from(tmp_path / "nowhere" / "token")
    with pytest.raises(InputError, match="is no file"):
        token_from(tmp_path)
