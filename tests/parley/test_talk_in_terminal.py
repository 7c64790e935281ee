"""`parley talk` as a user meets it."""

import io
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from parley.cli.program import run
from parley.cli.talk import TalkRequest, Terminal, converse, options_of, style_from
from parley.conversation.characters import Characters
from parley.conversation.offer import BuiltIn, Remote
from parley.conversation.talk import TalkOptions
from parley.settings import EngineSettings, PrivacySettings, Settings
from parley_models.errors import EngineError, UsageError
from parley_models.style import Style
from tests.fakes.desk import SimulatedDesk
from tests.fakes.realtime_server import RealtimeServer


class QuickDesk(SimulatedDesk):
    """Plays everything at once, when all of it has come."""

    def finish(self, turn: int) -> None:
        super().finish(turn)
        self.advance(1_000)


def converse_with(
    server: RealtimeServer, request: TalkRequest, lines: Callable[[SimulatedDesk], Iterator[str]], key: str = "secret"
) -> str:
    desks: list[QuickDesk] = []

    def make(tell: Callable[..., None]) -> QuickDesk:
        desks.append(QuickDesk(tell))
        return desks[0]

    out = io.StringIO()
    terminal = Terminal(out, lambda: lines(desks[0]))
    assert converse(request, terminal, make, TalkOptions(engine=Remote(server.url, key))) == 0
    return out.getvalue()


@pytest.fixture
def server() -> Iterator[RealtimeServer]:
    with RealtimeServer() as running:
        yield running


def test_what_is_typed_is_answered_line_by_line(server: RealtimeServer) -> None:
    said = converse_with(server, TalkRequest(typing=True), lambda _desk: iter(["One?\n", "\n", "Two?\n"]))
    assert said.splitlines() == ["› Answer to One?.", "› Answer to Two?."]


def test_enter_starts_and_ends_what_is_said(server: RealtimeServer) -> None:
    def lines(desk: SimulatedDesk) -> Iterator[str]:
        yield "\n"
        while not desk.listens:
            time.sleep(0.005)
        desk.hear(1.0)
        yield "\n"

    said = converse_with(server, TalkRequest(), lines).splitlines()
    assert said[0] == "[listening; Enter ends]"
    assert "› Answer to 1000 ms." in said
    assert "[heard: heard 1000 ms]" in said


def test_without_an_engine_it_says_so_and_leaves(server: RealtimeServer) -> None:
    with pytest.raises(EngineError, match="refuses the key"):
        converse_with(server, TalkRequest(typing=True), lambda _desk: iter(["Hello?\n"]), key="wrong")


def test_the_command_line_goes_before_the_settings(tmp_path: Path) -> None:
    settings = Settings(
        engine=EngineSettings("remote", url="ws://x/", key="k"), style=Style(rate=0.8), privacy=PrivacySettings(keep_history=False)
    )
    cast = Characters(Characters.of_user()._shipped, tmp_path)
    plain = options_of(TalkRequest(), settings, cast)
    assert (plain.engine, plain.style.rate, plain.history, plain.character) == (Remote("ws://x/", "k"), 0.8, None, None)
    asked = options_of(TalkRequest(bundle="mini", style="rate=1.5,emotion=happy", character="Captain Rosa"), Settings(), cast)
    assert asked.engine == BuiltIn("mini")
    assert asked.style == Style(rate=1.5, emotion="happy")
    assert asked.character is not None and asked.character.kind == "pirate"
    assert asked.history is not None
    with pytest.raises(UsageError, match=r"no character “Nobody”; there are: .*Captain Rosa"):
        options_of(TalkRequest(character="Nobody"), Settings(), cast)
    with pytest.raises(UsageError, match=r"from 0\.5 to 2"):
        style_from("rate=9")


def test_ctl_says_when_nothing_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert run(["ctl", "talk"]) == 6
    assert capsys.readouterr().err == "parley: No Parley is running: start it with `parley`.\n"
