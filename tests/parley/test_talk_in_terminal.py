"""`parley talk` as a user meets it."""

import io
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from parley.cli import talk
from parley.cli.program import run
from parley.cli.talk import TalkRequest, Terminal, converse, options_of, style_from
from parley.conversation.character import Character
from parley.conversation.characters import Characters
from parley.conversation.control import command, is_open
from parley.conversation.events import (
    Activity,
    Answering,
    Asked,
    EngineChanged,
    EngineState,
    Event,
    Measured,
    Spoke,
    StateChanged,
    Stumbled,
    Understood,
)
from parley.conversation.offer import BuiltIn, Offer, Remote
from parley.conversation.talk import Talk, TalkOptions
from parley.conversation.turns import Turn
from parley.settings import EngineSettings, PrivacySettings, Settings
from parley_models.errors import BundleMissing, EngineError, UsageError
from parley_models.style import ControlTable, Style
from tests.fakes.desk import SimulatedDesk
from tests.fakes.realtime_script import Script
from tests.fakes.realtime_server import RealtimeServer


class QuickDesk(SimulatedDesk):
    """Plays everything at once, when all of it has come."""

    def finish(self, turn: int) -> None:
        super().finish(turn)
        self.advance(1_000)


def converse_with(
    server: RealtimeServer,
    request: TalkRequest,
    lines: Callable[[SimulatedDesk], Iterator[str]],
    key: str = "secret",
    terminal_of: type[Terminal] = Terminal,
    **options: Any,  # noqa: ANN401 - as TalkOptions has them
) -> str:
    desks: list[QuickDesk] = []

    def make(tell: Callable[..., None]) -> QuickDesk:
        desks.append(QuickDesk(tell))
        return desks[0]

    out = io.StringIO()
    terminal = terminal_of(out, lambda: lines(desks[0]))
    assert converse(request, terminal, make, TalkOptions(engine=Remote(server.url, key), **options)) == 0
    return out.getvalue()


@pytest.fixture
def server() -> Iterator[RealtimeServer]:
    with RealtimeServer() as running:
        yield running


def test_what_is_typed_is_answered_line_by_line(server: RealtimeServer) -> None:
    said = converse_with(server, TalkRequest(typing=True), lambda _desk: iter(["One?\n", "\n", "Two?\n"]))
    assert said.splitlines() == ["› Answer to One?.", "› Answer to Two?."]


def one_question(desk: SimulatedDesk) -> Iterator[str]:
    """A spoken one; with it the input ends."""
    yield "\n"
    while not desk.listens:
        time.sleep(0.005)
    desk.hear(1.0)
    yield "\n"


def test_enter_starts_and_ends_what_is_said(server: RealtimeServer) -> None:
    said = converse_with(server, TalkRequest(), one_question).splitlines()
    assert said[0] == "[listening; Enter ends]"
    assert "› Answer to 1000 ms." in said
    assert "[heard: heard 1000 ms]" in said


def mute(folder: Path) -> None:
    """`parley ctl mute`."""
    while not is_open(folder):
        time.sleep(0.005)
    assert command(folder, "mute") == "Parley is muted."


def test_who_is_muted_while_he_speaks_is_told_and_may_leave(server: RealtimeServer, tmp_path: Path) -> None:
    def lines(desk: SimulatedDesk) -> Iterator[str]:
        yield "\n"
        while not desk.listens:
            time.sleep(0.005)
        mute(tmp_path)
        yield "\n"

    said = converse_with(server, TalkRequest(), lines, control=tmp_path).splitlines()
    assert said == ["[listening; Enter ends]", "[Parley is muted: unmute it to speak.]"]


def test_who_was_muted_before_may_leave_too(server: RealtimeServer, tmp_path: Path) -> None:
    def lines(_desk: SimulatedDesk) -> Iterator[str]:
        mute(tmp_path)
        yield from ("\n", "\n")

    said = converse_with(server, TalkRequest(), lines, control=tmp_path).splitlines()
    assert said == ["[Parley is muted: unmute it to speak.]"] * 2


def test_a_greeting_that_ends_as_a_line_is_sent_is_not_taken_for_its_answer(
    server: RealtimeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    greeted, sent = threading.Event(), threading.Event()
    answered: list[bool] = []
    send = Talk.send

    class Slow(Terminal):
        def hear(self, event: Event) -> None:
            if isinstance(event, Spoke):
                greeted.set()
            if isinstance(event, StateChanged) and event.activity is Activity.IDLE and greeted.is_set():
                assert sent.wait(20)
            super().hear(event)

    def sends(conversation: Talk, text: str) -> None:
        send(conversation, text)
        sent.set()

    def lines(desk: SimulatedDesk) -> Iterator[str]:
        assert greeted.wait(20)
        yield "One?\n"
        answered.append(len(desk.over) == 2)
        yield "Two?\n"

    monkeypatch.setattr(Talk, "send", sends)
    pirate = Character("Captain Rosa", "A captain.", greeting="Ahoy!")
    said = converse_with(server, TalkRequest(typing=True), lines, terminal_of=Slow, character=pirate).splitlines()
    assert answered == [True]
    assert said == ["› Ahoy!", "› Answer to One?.", "› Answer to Two?."]


def test_what_was_heard_is_shown_though_it_is_written_down_after_all_was_said() -> None:
    nothing_else_to_do = threading.Event()

    class LastWait(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            nothing_else_to_do.set()
            return super().wait(timeout)

    class Patient(Terminal):
        def __post_init__(self) -> None:
            self.settled = LastWait()
            super().__post_init__()

    with RealtimeServer(Script(reflects=nothing_else_to_do)) as server:
        said = converse_with(server, TalkRequest(), one_question, terminal_of=Patient).splitlines()
    assert said[1:] == ["› Answer to 1000 ms.", "[heard: heard 1000 ms]"]


def test_who_can_not_write_down_what_is_heard_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(talk, "LATEST_S", 60.0)
    begun = time.monotonic()
    with RealtimeServer(Script(recognizes=False, reflects=threading.Event())) as server:
        said = converse_with(server, TalkRequest(), one_question).splitlines()
    assert said[1:] == ["› Answer to 1000 ms."]
    assert time.monotonic() - begun < talk.LATEST_S


def test_a_server_that_does_not_write_though_it_was_asked_to_holds_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(talk, "LATEST_S", 0.1)
    with RealtimeServer(Script(is_parley=False)) as server:
        said = converse_with(server, TalkRequest(), one_question).splitlines()
        assert server.session.settings["audio"]["input"]["transcription"]
    assert said[1:] == ["› Answer to 1000 ms."]


READY = EngineChanged(EngineState.READY, offer=Offer("Mini", ControlTable("Mini", ()), recognizes=True))
QUESTION, ANSWER, NEXT = Turn(7, "human", seconds=1.0), Turn(8, "assistant"), Turn(9, "human", "Hello?")


@pytest.mark.parametrize(
    "news",
    [
        Understood(7, "hello"),
        Measured(8, (), ()),
        Stumbled("The model lost its thread.", 7),
        Asked(NEXT),
        EngineChanged(EngineState.DIED, "gone"),
        EngineChanged(EngineState.FAILED, "gone for good"),
    ],
)
def test_what_was_heard_is_waited_for_as_long_as_it_may_come(news: Event) -> None:
    terminal = Terminal(io.StringIO(), lambda: iter(()))
    terminal.hear(READY)
    terminal.hear(Asked(QUESTION))
    terminal.hear(Answering(ANSWER, 7))
    for other in (Understood(5, "of before"), Measured(6, (), ()), Stumbled("The timer is broken."), Spoke(ANSWER)):
        terminal.hear(other)
        assert not terminal.settled.is_set()
    terminal.hear(news)
    assert terminal.settled.is_set()


def test_what_was_typed_or_written_along_is_not_waited_for() -> None:
    terminal = Terminal(io.StringIO(), lambda: iter(()))
    terminal.hear(READY)
    for told in (Asked(QUESTION), Understood(7, "hello"), Answering(ANSWER, 7), Asked(NEXT), Answering(Turn(10, "assistant"), 9)):
        terminal.hear(told)
        assert terminal.settled.is_set()


def test_a_question_that_another_engine_answers_is_waited_for_again() -> None:
    terminal = Terminal(io.StringIO(), lambda: iter(()))
    died = EngineChanged(EngineState.DIED, "gone")
    for told in (READY, Asked(QUESTION), Answering(ANSWER, 7), died, READY, Answering(Turn(10, "assistant"), 7)):
        terminal.hear(told)
    assert not terminal.settled.is_set()


def test_without_an_engine_it_says_so_and_leaves(server: RealtimeServer) -> None:
    with pytest.raises(EngineError, match="refuses the key"):
        converse_with(server, TalkRequest(typing=True), lambda _desk: iter(["Hello?\n"]), key="wrong")


def test_the_command_line_goes_before_the_settings(tmp_path: Path) -> None:
    settings = Settings(
        engine=EngineSettings("remote", url="ws://x/", key="k"), style=Style(rate=0.8), privacy=PrivacySettings(keep_history=False)
    )
    cast = Characters(Characters.of_user()._shipped, tmp_path)
    plain = options_of(TalkRequest(), settings, cast)
    assert (plain.engine, plain.style, plain.history, plain.character) == (Remote("ws://x/", "k"), Style(rate=0.8), None, None)
    asked = options_of(TalkRequest(bundle="mini", style="rate=1.5,emotion=happy", character="Captain Rosa"), Settings(), cast)
    assert asked.engine == BuiltIn("mini")
    assert asked.style == Style(rate=1.5, emotion="happy")
    assert style_from("emotion=happy,intensity=0.5") == Style("happy", 0.5)
    assert asked.character is not None and asked.character.kind == "pirate"
    assert asked.history is not None
    with pytest.raises(UsageError, match=r"no character “Nobody”; there are: .*Captain Rosa"):
        options_of(TalkRequest(character="Nobody"), Settings(), cast)
    with pytest.raises(UsageError, match="no address of an engine"):
        options_of(TalkRequest(url="http://somewhere"), Settings(), cast)
    with pytest.raises(BundleMissing, match="no bundle “nope”"):
        options_of(TalkRequest(bundle="nope"), Settings(), cast)
    with pytest.raises(UsageError, match=r"from 0\.5 to 2"):
        style_from("rate=9")


def test_ctl_says_when_nothing_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert run(["ctl", "talk"]) == 6
    assert capsys.readouterr().err == "parley: No Parley is running: start it with `parley`.\n"
