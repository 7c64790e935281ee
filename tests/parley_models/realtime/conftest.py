"""A room with an engine in it, and a client."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.engine_room import ANSWER, Client, EngineRoom, engine_room
from tests.fakes.parts import ScriptedBrain
from tests.fakes.thimble import scripted, thimble, thimble_folder


@pytest.fixture(scope="package")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return thimble_folder(tmp_path_factory.mktemp("bundles") / "thimble")


@pytest.fixture
def brain(folder: Path) -> ScriptedBrain:
    return scripted(folder, ANSWER, groups=40)


@pytest.fixture
def room(folder: Path, brain: ScriptedBrain) -> Iterator[EngineRoom]:
    with engine_room(folder, lambda: thimble(folder, brain)) as opened:
        yield opened


@pytest.fixture
def client(room: EngineRoom) -> Iterator[Client]:
    with room.client() as opened:
        yield opened
