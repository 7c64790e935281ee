"""A disk that takes nothing any more, and recordings that can't lie where they should: talk goes on."""

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from parley.conversation.events import Crashed, Found, Rang, Spoke, Stumbled, Timer
from parley.conversation.history import History
from parley.conversation.tools import Toolbox
from tests.fakes.realtime_script import Reply, Script
from tests.fakes.realtime_server import RealtimeServer
from tests.parley.conversation.conftest import User


def fill_up(path: Path) -> None:
    """From now on every write to the history ends as on a full disk."""
    database = sqlite3.connect(path)
    for table in ("counter", "conversation", "turn", "timer"):
        for what in ("INSERT", "UPDATE", "DELETE"):
            refusal = "BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
            database.execute(f"CREATE TRIGGER full_{table}_{what} BEFORE {what} ON {table} {refusal}")
    database.close()


def test_on_a_full_disk_talk_goes_on_and_the_trouble_is_told_once(user: User, tmp_path: Path) -> None:
    fill_up(tmp_path / "history.db")
    for text in ("One?", "Two?"):
        begun = user.now
        user.talk.send(text)
        user.listen()
        assert user.until(Spoke, after=begun).turn.text == f"Answer to {text}."
    begun = user.now
    user.speak(1.0)
    user.listen()
    user.until(Spoke, after=begun)
    assert [told.message for told in user.all(Stumbled)] == [
        "The history can't be written: database or disk is full. What is said now is not kept."
    ]
    assert not user.all(Crashed)


def test_numbers_given_on_a_full_disk_are_not_given_again_when_there_is_room(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    history = History(path)
    first = history.next_number("turn")
    fill_up(path)
    unkept = [history.next_number("turn"), history.next_number("turn")]
    database = sqlite3.connect(path)
    for (name,) in database.execute("SELECT name FROM sqlite_master WHERE name LIKE 'full_%'").fetchall():
        database.execute(f"DROP TRIGGER {name}")
    database.close()
    assert len({first, *unkept, history.next_number("turn")}) == 4
    history.close()


def test_a_timer_rings_on_a_full_disk_and_only_once(sit_down: Callable[..., User], server: RealtimeServer, tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    history = History(path)
    history.add_timer(Timer(1, "tea", (datetime.now(UTC) - timedelta(seconds=1)).isoformat()))
    history.add_timer(Timer(2, "eggs", (datetime.now(UTC) + timedelta(seconds=1)).isoformat()))
    history.close()
    fill_up(path)
    user = sit_down(server)
    user.until(Rang, lambda rang: rang.timer.label == "eggs")
    assert [rang.timer.label for rang in user.all(Rang)] == ["tea", "eggs"]
    assert not user.all(Crashed)


def test_recordings_that_can_not_be_kept_cost_no_question(sit_down: Callable[..., User], server: RealtimeServer, tmp_path: Path) -> None:
    (tmp_path / "a file").touch()
    user = sit_down(server, recordings=tmp_path / "a file" / "recordings", record=True)
    user.ready()
    user.speak(1.0)
    user.listen()
    assert user.until(Spoke).turn.text == "Answer to 1000 ms."
    assert "Recordings can't be kept" in user.until(Stumbled).message
    assert not user.all(Crashed)


def test_a_history_that_can_not_be_read_is_no_reason_not_to_talk(user: User, tmp_path: Path) -> None:
    database = sqlite3.connect(tmp_path / "history.db")
    database.execute("DROP TABLE words")
    database.execute("DROP TABLE turn")
    database.close()
    user.talk.search("moon")
    assert "can't be read" in user.until(Stumbled).message
    assert not user.all(Found)
    user.talk.open_conversation(1)
    user.talk.send("One?")
    user.listen()
    assert user.until(Spoke).turn.text == "Answer to One?."
    assert not user.all(Crashed)


def test_a_bug_of_ours_does_not_cost_the_engine(sit_down: Callable[..., User], monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_toolbox: Toolbox, _name: str, _arguments: str) -> str:
        raise RuntimeError

    monkeypatch.setattr(Toolbox, "call", broken)
    replies = iter([Reply("I set it.", calls=(("set_timer", {"seconds": 5}),)), Reply("Here I am.")])
    with RealtimeServer(Script(reply=lambda _items: next(replies))) as server:
        user = sit_down(server)
        user.ready()
        user.talk.send("Set a timer.")
        user.until(Crashed)
        user.listen()
        begun = user.now
        user.talk.send("Are you there?")
        user.listen()
        assert user.until(Spoke, after=begun).turn.text == "Here I am."
