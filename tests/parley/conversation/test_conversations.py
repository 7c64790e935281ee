"""Conversations over days: listed, opened, gone on with, deleted; characters; timers that ring."""

import asyncio
import json
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import soundfile

from parley.conversation.character import Character
from parley.conversation.events import (
    Activity,
    Answering,
    Asked,
    CharacterChanged,
    ConversationOpened,
    ConversationsListed,
    Dropped,
    Found,
    Rang,
    Replaying,
    Spoke,
    Stumbled,
    Timer,
    TimersChanged,
    Understood,
)
from parley.conversation.history import History
from parley.conversation.timers import Timers
from parley.conversation.tools import Toolbox
from parley_models.style import Style
from tests.fakes.realtime_script import Reply, Script, said
from tests.fakes.realtime_server import RealtimeServer
from tests.parley.conversation.conftest import User, wait_for

PIRATE = Character("Captain Rosa", "A captain.", greeting="Ahoy, {{user}}!", style=Style(rate=1.5), kind="pirate")


def chat(user: User, text: str) -> int:
    begun = user.now
    user.talk.send(text)
    user.listen()
    return user.until(Spoke, after=begun).turn.number


def test_a_conversation_of_yesterday_goes_on(sit_down: Callable[..., User], server: RealtimeServer) -> None:
    first = sit_down(server)
    first.ready()
    chat(first, "My name is Ada.")
    first.talk.close()
    second = sit_down(server)
    opened = second.until(ConversationOpened)
    assert [turn.said for turn in opened.turns] == ["My name is Ada.", "Answer to My name is Ada.."]
    second.ready()
    chat(second, "And yours?")
    assert [said(item) for item in server.session.items][:3] == ["My name is Ada.", "Answer to My name is Ada..", "And yours?"]
    assert server.session.items[1]["parley"]["tokens"] == [4, 5]  # word and sound as they were, not only the text
    assert len(second.all(ConversationsListed)[-1].headings) == 1


def test_conversations_do_not_leak_into_each_other(user: User, server: RealtimeServer) -> None:
    chat(user, "The first secret.")
    first = user.until(ConversationOpened).heading.number
    begun = user.now
    user.talk.new_conversation()
    user.until(ConversationOpened, after=begun)
    chat(user, "The second topic.")
    assert all("first" not in said(item) for item in server.session.items)
    begun = user.now
    user.talk.open_conversation(first)
    assert len(user.until(ConversationOpened, after=begun).turns) == 2
    chat(user, "Where were we?")
    assert [said(item) for item in server.session.items][:1] == ["The first secret."]
    assert all("second" not in said(item) for item in server.session.items)
    assert not user.all(Stumbled)


def test_a_question_that_the_engine_is_still_taking_in_does_not_leak_into_the_next_conversation(sit_down: Callable[..., User]) -> None:
    commits = threading.Event()
    with RealtimeServer(Script(commits=commits)) as server:
        user = sit_down(server)
        user.ready()
        user.speak(1.0, text="typed beside it")
        user.until(Asked)
        begun = user.now
        user.talk.new_conversation()
        user.until(ConversationOpened, after=begun)
        commits.set()
        chat(user, "Hello?")
        wait_for(lambda: [said(item) for item in server.session.items] == ["Hello?", "Answer to Hello?."])
        assert not user.all(Stumbled)


def test_a_deleted_conversation_is_forgotten_everywhere(sit_down: Callable[..., User], server: RealtimeServer, tmp_path: Path) -> None:
    user = sit_down(server, recordings=tmp_path / "recordings", record=True)
    user.ready()
    user.speak(1.0)
    user.listen()
    user.until(Understood)  # it is written down after the answer, and found only then
    wait_for(lambda: len(list((tmp_path / "recordings").iterdir())) == 2)
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "recordings").iterdir()} == {0o600}
    number = user.until(ConversationOpened).heading.number
    user.talk.search("heard")
    assert user.until(Found).hits
    begun = user.now
    user.talk.delete_conversation(number)
    assert user.until(ConversationsListed, after=begun).headings == ()
    assert user.until(ConversationOpened, after=begun).turns == ()
    user.talk.search("heard")
    assert not user.until(Found, after=begun).hits
    assert not list((tmp_path / "recordings").iterdir())
    wait_for(lambda: not server.session.items)


def test_what_is_said_while_nothing_is_to_be_kept_is_written_nowhere(
    sit_down: Callable[..., User], server: RealtimeServer, tmp_path: Path
) -> None:
    def written() -> list[str]:
        history = History(tmp_path / "history.db")
        said_then = [kept.turn.said for kept in history.turns(1)]
        history.close()
        return said_then

    user = sit_down(server, recordings=tmp_path / "recordings", record=True)
    user.ready()
    chat(user, "Keep this.")
    wait_for(lambda: len(list((tmp_path / "recordings").iterdir())) == 1)
    user.talk.keep_conversations(False)
    secret = chat(user, "Not this.")
    assert written() == ["Keep this.", "Answer to Keep this.."]
    assert len(list((tmp_path / "recordings").iterdir())) == 1
    user.talk.replay(secret)  # it goes on as long as the program runs
    user.listen()
    assert len(user.all(Replaying)) == 2
    user.talk.keep_conversations(True)
    chat(user, "All of it, after all.")
    wait_for(lambda: len(written()) == 6)
    assert "Not this." in written()


def test_recordings_begin_and_end_as_soon_as_that_is_set(sit_down: Callable[..., User], server: RealtimeServer, tmp_path: Path) -> None:
    user = sit_down(server, recordings=tmp_path / "recordings")
    user.ready()
    chat(user, "Hello?")
    assert not (tmp_path / "recordings").exists()
    user.talk.keep_recordings(True)
    recorded = chat(user, "And now?")
    user.talk.keep_recordings(False)
    chat(user, "And then?")
    wait_for(lambda: [path.name for path in (tmp_path / "recordings").iterdir()] == [f"{recorded}.flac"])


def test_without_a_history_nothing_is_recorded_over_what_another_day_kept(
    sit_down: Callable[..., User], server: RealtimeServer, tmp_path: Path
) -> None:
    (tmp_path / "recordings").mkdir()
    (tmp_path / "recordings" / "2.flac").write_bytes(b"kept")
    user = sit_down(server, history=None, recordings=tmp_path / "recordings", record=True)
    user.ready()
    user.talk.keep_conversations(True)  # there is no file until the next start
    assert chat(user, "Hello?") == 2
    assert (tmp_path / "recordings" / "2.flac").read_bytes() == b"kept"


def test_a_turn_can_be_saved_as_sound(user: User, tmp_path: Path) -> None:
    number = chat(user, "Hello?")
    user.talk.save_sound(number, tmp_path / "hello.wav")
    wait_for((tmp_path / "hello.wav").exists)
    samples, rate_hz = soundfile.read(tmp_path / "hello.wav")
    assert len(samples) / rate_hz == pytest.approx(1.0)
    user.talk.save_sound(number, tmp_path / "hello.mp3")
    assert ".wav or .flac" in user.until(Stumbled).message


def test_an_answer_of_yesterday_is_made_again_from_its_tokens(sit_down: Callable[..., User], server: RealtimeServer) -> None:
    first = sit_down(server)
    first.ready()
    number = chat(first, "Hello?")
    first.talk.close()
    second = sit_down(server)
    second.ready()
    second.talk.replay(number)
    second.listen()
    assert [event.on for event in second.all(Replaying)] == [True, False]
    assert len(server.session.items) == 2
    assert not second.all(Spoke)
    assert not second.all(Stumbled)
    second.talk.save_sound(1, Path("nowhere.wav"))
    assert "not kept" in second.until(Stumbled).message


def test_a_character_greets_in_an_empty_conversation_and_is_remembered_with_it(
    sit_down: Callable[..., User], server: RealtimeServer
) -> None:
    user = sit_down(server, find_character=lambda name: PIRATE if name == PIRATE.name else None)
    user.ready()
    user.talk.set_character(PIRATE)
    user.listen()
    greeting = user.until(Spoke).turn
    assert greeting.text == "Ahoy, the user!"
    assert greeting.style.rate == 1.5
    chat(user, "Hello?")
    assert server.session.settings["parley"]["character"].startswith("A captain.")
    begun = user.now
    user.talk.set_character(None)
    user.talk.new_conversation()
    user.talk.open_conversation(1)
    assert user.until(CharacterChanged, lambda news: news.character is PIRATE, after=begun)
    assert len(user.all(Spoke)) == 2  # no second greeting


def test_a_question_that_overtakes_a_greeting_is_answered_and_not_greeted(user: User) -> None:
    both = threading.Event()
    user.talk.afterwards(both.wait)  # so that nothing of the greeting has come when the question is asked
    user.talk.set_character(PIRATE)
    user.talk.send("Hello?")
    both.set()
    asked = user.until(Asked).turn
    answer = user.until(Answering)
    user.listen()
    spoke = user.until(Spoke).turn
    assert (answer.to, spoke.text) == (asked.number, "Answer to Hello?.")
    assert len(user.all(Answering)) == 1
    assert not user.all(Stumbled)


@pytest.mark.parametrize(("recites", "sounds"), [(("Ahoy, the user!",), True), (("Ahoy, Jim!",), False)])
def test_a_greeting_that_the_engine_can_not_read_out_stands_there_in_writing(
    sit_down: Callable[..., User], recites: tuple[str, ...], *, sounds: bool
) -> None:
    with RealtimeServer(Script(recites=recites)) as server:
        user = sit_down(server)
        user.ready()
        user.talk.set_character(PIRATE)
        if sounds:
            user.listen()
        greeting = user.until(Spoke).turn
        assert greeting.text == "Ahoy, the user!"
        assert (greeting.seconds > 0) is sounds
        chat(user, "Hello?")  # and talk goes on
        assert [item["role"] for item in server.session.items] == ["assistant", "user", "assistant"]


def test_a_pirate_that_the_engine_can_not_play_is_told_and_not_pretended(sit_down: Callable[..., User]) -> None:
    with RealtimeServer(Script(roles=())) as server:
        user = sit_down(server, character=PIRATE)
        user.ready()
        assert user.until(Stumbled).message.startswith("Captain Rosa can't be played: Scripted is small and plays no roles yet")
        chat(user, "Hello?")
        assert [spoke.turn.text for spoke in user.all(Spoke)] == ["Answer to Hello?."]  # no greeting
        assert server.session.settings["parley"]["character"] is None
        assert server.session.settings["parley"]["style"]["rate"] == 1.5  # how it speaks is asked for as before
        begun = user.now
        user.talk.set_character(replace(PIRATE, languages=("nl",)))
        assert "does not speak nl" in user.until(Stumbled, after=begun).message


def test_a_timer_set_by_the_model_rings_and_is_spoken(sit_down: Callable[..., User]) -> None:
    def reply(items: list[dict[str, object]]) -> Reply:
        if items[-1]["type"] == "function_call_output":
            return Reply("Done, I will ring.")
        return Reply("", calls=(("set_timer", {"seconds": 0.3, "label": "tea"}),))

    with RealtimeServer(Script(reply=reply)) as server:
        user = sit_down(server)
        user.ready()
        user.talk.send("Set a timer for tea.")
        user.until(TimersChanged, lambda news: [timer.label for timer in news.timers] == ["tea"])
        user.until(Rang)
        assert any(event["type"] == "response.create" for event in server.session.received)

        def rung() -> bool:
            user.desk.advance(1)
            return any("tea" in spoke.turn.text for spoke in user.all(Spoke))

        wait_for(rung)
        texts = [spoke.turn.text for spoke in user.all(Spoke)]
        assert texts == ["Done, I will ring.", "Your reminder: tea."]
        assert user.all(TimersChanged)[-1].timers == ()
        wait_for(lambda: user.activity is Activity.IDLE)


def test_an_answer_that_calls_a_tool_is_heard_to_its_end_before_it_goes_on(sit_down: Callable[..., User]) -> None:
    def reply(items: list[dict[str, object]]) -> Reply:
        if items[-1]["type"] == "function_call_output":
            return Reply("It is set.")
        return Reply("Okay, fifty minutes.", calls=(("set_timer", {"seconds": 3_000}),))

    with RealtimeServer(Script(reply=reply)) as server:
        user = sit_down(server)
        user.ready()
        user.talk.send("Set a timer.")

        def went_on() -> bool:
            user.desk.advance(0.5)
            return len(user.all(Spoke)) == 2

        wait_for(went_on)
        assert [(spoke.turn.text, spoke.cut_short) for spoke in user.all(Spoke)] == [("Okay, fifty minutes.", False), ("It is set.", False)]
        wait_for(lambda: user.activity is Activity.IDLE)


def test_who_interrupts_an_answer_that_called_a_tool_hears_no_more_of_it(sit_down: Callable[..., User]) -> None:
    with RealtimeServer(Script(reply=lambda _: Reply("Okay, fifty minutes.", calls=(("set_timer", {"seconds": 3_000}),)))) as server:
        user = sit_down(server)
        user.ready()
        user.talk.send("Set a timer.")
        user.until(TimersChanged, lambda news: bool(news.timers))
        wait_for(lambda: any(item["type"] == "function_call_output" for item in server.session.items))
        user.talk.interrupt()
        user.until(Spoke, lambda spoke: spoke.cut_short)
        wait_for(lambda: user.activity is Activity.IDLE)
        assert sum(event["type"] == "response.create" for event in server.session.received) == 1


def test_what_a_tool_gave_back_to_an_answer_that_was_called_off_is_not_answered(sit_down: Callable[..., User]) -> None:
    finishes = threading.Event()

    def reply(items: list[dict[str, object]]) -> Reply:
        text = said(items[-1])
        return Reply("", calls=(("set_timer", {"seconds": 3_000}),)) if "timer" in text else Reply(f"Answer to {text}.")

    with RealtimeServer(Script(reply=reply, finishes=finishes)) as server:
        user = sit_down(server)
        user.ready()
        user.talk.send("Set a timer.")
        user.until(TimersChanged, lambda news: bool(news.timers))
        user.talk.interrupt()
        user.until(Dropped)
        finishes.set()
        chat(user, "One?")
        chat(user, "Two?")
        assert [said(item) for item in server.session.items if item["type"] == "message"][1:] == [
            "One?",
            "Answer to One?.",
            "Two?",
            "Answer to Two?.",
        ]


def test_what_should_have_rung_while_nobody_was_there_rings_at_the_start(
    sit_down: Callable[..., User], server: RealtimeServer, tmp_path: Path
) -> None:
    history = History(tmp_path / "history.db")
    history.add_timer(Timer(1, "cake", (datetime.now(UTC) - timedelta(hours=1)).isoformat()))
    history.add_timer(Timer(2, "later", (datetime.now(UTC) + timedelta(hours=1)).isoformat()))
    history.close()
    user = sit_down(server)
    assert user.until(Rang).timer.label == "cake"
    assert [timer.label for timer in user.until(TimersChanged, lambda news: len(news.timers) == 1).timers] == ["later"]
    user.talk.cancel_timer(2)
    user.until(TimersChanged, lambda news: not news.timers)


def call(name: str, arguments: str) -> dict[str, object]:
    async def run() -> str:
        history = History(None)
        timers = Timers(history, lambda _timer: None, lambda _timers: None)
        answer = Toolbox(timers).call(name, arguments)
        timers.close()
        history.close()
        return answer

    answer = json.loads(asyncio.run(run()))
    assert isinstance(answer, dict)
    return answer


def test_a_reminder_is_for_the_next_such_time_of_day() -> None:
    at = (datetime.now().astimezone() - timedelta(minutes=1)).strftime("%H:%M")
    rings = datetime.fromisoformat(str(call("set_reminder", json.dumps({"at": at, "label": "x"}))["rings"]))
    assert timedelta(hours=22) < rings - datetime.now().astimezone() < timedelta(hours=26)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("set_timer", "{}"),
        ("set_timer", '{"seconds": -1}'),
        ("set_timer", '{"seconds": true}'),
        ("set_timer", '{"seconds": 1e300}'),
        ("set_timer", '{"seconds": NaN}'),
        ("set_timer", "[1]"),
        ("set_timer", "not json"),
        ("set_reminder", '{"at": "25:99", "label": "x"}'),
        ("set_reminder", '{"at": "1999-01-01T00:00", "label": "x"}'),
        ("rm", "{}"),
    ],
)
def test_a_call_that_makes_no_sense_is_answered_with_the_reason(name: str, arguments: str) -> None:
    assert str(call(name, arguments)["error"]).endswith(".")
