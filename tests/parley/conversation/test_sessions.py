"""Between two sessions, and before the first one is open: nothing is lost, and nothing is sent twice."""

import asyncio
import threading
from collections.abc import Callable

import pytest

from parley.conversation import listening
from parley.conversation.engine import Patience
from parley.conversation.events import Activity, Answering, Asked, EngineChanged, EngineState, Replaying, Spoke, Stumbled
from parley.conversation.turns import Turn
from tests.fakes.realtime_script import Script, said
from tests.fakes.realtime_server import RealtimeServer
from tests.parley.conversation.conftest import User, wait_for

PATIENCE = Patience(longest_pause_s=0.2)


def connected(user: User) -> bool:
    """Whether an engine is listened to, though it may not have opened a session."""
    loop = user.talk._loop
    return loop is not None and any(task.get_name() == "engine's words" for task in asyncio.all_tasks(loop))


def test_a_question_typed_before_the_session_is_open_is_asked_once(sit_down: Callable[..., User]) -> None:
    opens = threading.Event()
    with RealtimeServer(Script(opens=opens)) as server:
        user = sit_down(server, patience=PATIENCE)
        wait_for(lambda: connected(user))
        user.talk.send("Anybody?")
        user.until(Asked)
        opens.set()
        user.listen()
        assert user.until(Spoke).turn.text == "Answer to Anybody?."
        assert [said(item) for item in server.session.items] == ["Anybody?", "Answer to Anybody?."]
        assert len(user.all(Answering)) == 1
        assert not user.all(Stumbled)


def test_what_is_said_before_the_session_is_open_is_sent_once(sit_down: Callable[..., User]) -> None:
    opens = threading.Event()
    with RealtimeServer(Script(opens=opens)) as server:
        user = sit_down(server, patience=PATIENCE)
        wait_for(lambda: connected(user))
        user.talk.press()
        wait_for(lambda: user.desk.listens)
        user.desk.hear(1.0)
        user.is_at(Activity.LISTENING)
        opens.set()
        user.ready()
        user.desk.hear(0.5)
        user.talk.release()
        user.listen()
        assert user.until(Spoke).turn.text == "Answer to 1500 ms."


def after_an_answer(sit_down: Callable[..., User], server: RealtimeServer) -> tuple[User, Turn, threading.Event]:
    """Someone who has heard an answer; the answer; and what must be set for any later session to open."""
    opens = server.script.opens = threading.Event()
    opens.set()
    user = sit_down(server, patience=PATIENCE)
    user.ready()
    user.talk.send("First?")
    user.listen()
    first = user.until(Spoke).turn
    return user, first, opens


def test_a_question_that_waits_outlives_a_connection_without_a_session(sit_down: Callable[..., User], server: RealtimeServer) -> None:
    user, first, opens = after_an_answer(sit_down, server)
    opens.clear()
    for connections in (1, 2):
        lost = user.now
        server.hang_up()
        user.until(EngineChanged, lambda news: news.state is EngineState.DIED, after=lost)
        wait_for(lambda count=connections: len(server.sessions) > count and connected(user))  # type: ignore[misc]
        if connections == 1:
            user.talk.send("And then?")
            user.talk.replay(first.number)  # it is here, and can be heard meanwhile
            user.until(Replaying)
    opens.set()
    answer = user.until(Answering, lambda answer: answer.to != user.all(Asked)[0].turn.number)
    user.listen()
    assert user.until(Spoke, lambda spoke: spoke.turn.number == answer.turn.number).turn.text == "Answer to And then?."


def test_a_question_that_waits_outlives_an_engine_that_goes_while_something_else_is_heard(
    sit_down: Callable[..., User], server: RealtimeServer
) -> None:
    user, first, opens = after_an_answer(sit_down, server)
    commits = server.script.commits = threading.Event()
    opens.clear()
    server.hang_up()
    lost = user.now
    user.speak(1.0)
    user.until(Asked, lambda asked: asked.turn.seconds > 0)
    user.talk.replay(first.number)
    wait_for(lambda: user.desk.sounding_s > 0)
    opens.set()
    wait_for(lambda: any(event["type"] == "input_audio_buffer.commit" for event in server.session.received))
    gone = user.now
    server.hang_up()
    user.until(EngineChanged, lambda news: news.state is EngineState.DIED, after=gone)
    commits.set()
    user.listen()
    assert user.until(Spoke, lambda spoke: spoke.turn.number > first.number, after=lost).turn.text == "Answer to 1000 ms."


def test_what_was_said_into_the_open_microphone_is_heard_by_the_next_engine(
    sit_down: Callable[..., User], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "FALSE_ALARM_S", 600.0)  # the engine goes within it, however slow the machine is
    opens = threading.Event()
    opens.set()
    with RealtimeServer(Script(opens=opens, swallow=True)) as server:
        user = sit_down(server, patience=PATIENCE, open_microphone=True)
        user.ready()
        wait_for(lambda: user.desk.listens)
        user.desk.hear(1.0)
        user.is_at(Activity.LISTENING)
        user.desk.hear(0.5, level=0)
        parlour = user.talk._parlour
        assert parlour is not None
        ears = parlour.dialogue.listening
        wait_for(lambda: ears.utterance is not None and ears.utterance.end_s is not None)
        assert ears._timer is not None
        opens.clear()
        server.hang_up()
        wait_for(lambda: ears._timer is None)  # nobody who could find a turn is there: not the time to call it a false alarm
        server.script.swallow = False
        opens.set()
        assert user.until(Asked).turn.seconds >= 0.9
        user.listen()
        assert user.until(Spoke).turn.text.startswith("Answer to")


def test_an_answer_that_fell_silent_as_the_engine_went_goes_on(sit_down: Callable[..., User], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "DECIDED_S", 600.0)
    with RealtimeServer(Script(swallow=True)) as server:
        user = sit_down(server, patience=PATIENCE, open_microphone=True)
        user.ready()
        wait_for(lambda: user.desk.listens)
        user.talk.send("Tell me a story.")
        wait_for(lambda: user.desk.sounding_s >= 0.99)
        wait_for(lambda: server.session.answer is not None and server.session.answer.done())
        user.desk.advance(0.5)
        user.desk.hear(0.16)
        wait_for(lambda: user.desk.over)  # silenced
        server.script.speech_s = 10.0  # the next one takes it for the cough that it was
        server.hang_up()
        wait_for(lambda: user.desk.sounding_s > 0)
        user.desk.advance(10)
        assert user.until(Spoke).turn.text == "Answer to Tell me a story.."


def test_who_leaves_before_the_session_is_open_is_not_held(sit_down: Callable[..., User]) -> None:
    with RealtimeServer(Script(opens=threading.Event())) as server:
        user = sit_down(server, patience=PATIENCE)
        wait_for(lambda: connected(user))
        user.talk.close()
        assert [news.state for news in user.all(EngineChanged)] == [EngineState.STARTING, EngineState.STOPPED]


def test_a_spoken_question_is_asked_again_whole(sit_down: Callable[..., User], server: RealtimeServer) -> None:
    user = sit_down(server, patience=PATIENCE)
    user.ready()
    user.talk.send("My name is Ada.")
    user.listen()
    user.talk.press()
    wait_for(lambda: user.desk.listens)
    user.desk.hear(1.0)
    lost = user.now
    server.hang_up()
    user.until(EngineChanged, lambda news: news.state is EngineState.DIED, after=lost)
    user.desk.hear(1.0)
    user.talk.release()
    user.until(Asked, lambda asked: asked.turn.seconds == 2.0)
    user.listen()
    user.until(Spoke, lambda spoke: spoke.turn.text == "Answer to 2000 ms.")
    assert [said(item) for item in server.session.items][:2] == ["My name is Ada.", "Answer to My name is Ada.."]
