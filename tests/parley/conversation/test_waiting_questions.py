"""Questions that are asked while no engine can answer: each is answered when one can, in order, and none is lost without a word."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from parley.conversation.engine import Patience
from parley.conversation.events import Activity, Answering, Asked, Dropped, EngineChanged, EngineState, Spoke, Stumbled
from tests.fakes.realtime_script import Script, said
from tests.fakes.realtime_server import RealtimeServer
from tests.parley.conversation.conftest import User, wait_for


@dataclass
class Outage:
    """A user without an engine, until it is over."""

    user: User
    server: RealtimeServer
    over: threading.Event


@pytest.fixture(params=["starting", "crashed"])
def outage(sit_down: Callable[..., User], request: pytest.FixtureRequest) -> Iterator[Outage]:
    over = threading.Event()
    with RealtimeServer(Script(opens=over)) as server:
        if request.param == "crashed":
            over.set()
        user = sit_down(server, patience=Patience(longest_pause_s=0.2))
        if request.param == "crashed":
            user.ready()
            over.clear()
            server.hang_up()
            user.until(EngineChanged, lambda news: news.state is EngineState.DIED)
        yield Outage(user, server, over)


def ask(user: User, question: str | float) -> int:
    """Type something, or speak for so many seconds; the turn's number."""
    begun = user.now
    if isinstance(question, str):
        user.talk.send(question)
    else:
        user.speak(question)
    return user.until(Asked, after=begun).turn.number


def test_all_of_them_are_answered_in_order(outage: Outage) -> None:
    user, server = outage.user, outage.server
    asked = [ask(user, question) for question in (1.0, 0.5, "And three?", 0.8)]
    outage.over.set()
    user.listen()
    answers = ["Answer to 1000 ms.", "Answer to 500 ms.", "Answer to And three?.", "Answer to 800 ms."]
    assert [spoke.turn.text for spoke in user.all(Spoke)] == answers
    assert [answer.to for answer in user.all(Answering)] == asked
    assert [said(item) for item in server.session.items][1::2] == answers  # each behind its own question
    assert not user.all(Stumbled)


def test_what_is_asked_while_others_wait_is_answered_after_them(outage: Outage) -> None:
    user = outage.user
    ask(user, "One?")
    ask(user, "Two?")
    outage.over.set()
    wait_for(lambda: user.desk.sounding_s > 0.9)
    user.desk.advance(0.5)
    ask(user, "Three?")
    user.listen()
    spoken = [(spoke.turn.text + spoke.turn.unheard, spoke.cut_short) for spoke in user.all(Spoke)]
    assert list(dict.fromkeys(spoken)) == [("Answer to One?.", True), ("Answer to Two?.", False), ("Answer to Three?.", False)]


def test_who_takes_them_back_is_told_so(outage: Outage) -> None:
    user = outage.user
    ask(user, 1.0)
    ask(user, "Two?")
    user.talk.interrupt()
    told = user.until(Stumbled)
    assert told.message.startswith("What you asked and was not answered yet is taken back.")
    user.is_at(Activity.IDLE, after=user.told.index(told))
    outage.over.set()
    ask(user, "Three?")
    user.listen()
    assert [spoke.turn.text for spoke in user.all(Spoke)] == ["Answer to Three?."]


def test_a_question_asked_while_the_model_wakes_does_not_call_off_the_one_that_woke_it(sit_down: Callable[..., User]) -> None:
    wakes = threading.Event()
    with RealtimeServer(Script(wakes=wakes)) as server:
        user = sit_down(server)
        user.until(EngineChanged, lambda news: news.state is EngineState.ASLEEP)
        ask(user, 1.0)
        user.until(EngineChanged, lambda news: news.state is EngineState.LOADING)
        ask(user, 0.5)
        ask(user, "Three?")
        wakes.set()
        user.listen()
        assert [spoke.turn.text for spoke in user.all(Spoke)] == ["Answer to 1000 ms.", "Answer to 500 ms.", "Answer to Three?."]
        assert not user.all(Dropped)


def test_what_is_said_into_the_open_microphone_after_a_question_was_repeated_is_kept_whole(outage: Outage) -> None:
    user = outage.user
    user.talk.open_microphone(True)
    ask(user, 1.0)
    outage.over.set()
    user.listen()
    begun = user.now
    user.desk.hear(0.6)
    user.desk.hear(0.5, level=0)
    assert user.until(Asked, after=begun).turn.seconds == pytest.approx(0.6, abs=0.1)


def test_what_is_said_into_the_open_microphone_meanwhile_is_heard(outage: Outage) -> None:
    user = outage.user
    user.talk.open_microphone(True)
    wait_for(lambda: user.desk.listens)
    user.desk.hear(0.6)
    user.desk.hear(0.5, level=0)
    outage.over.set()
    assert user.until(Asked).turn.seconds == pytest.approx(0.6, abs=0.1)
    user.listen()
    assert len(user.all(Spoke)) == 1


def test_what_a_microphone_heard_that_was_closed_since_is_nobodys_business(outage: Outage) -> None:
    user = outage.user
    user.talk.open_microphone(True)
    wait_for(lambda: user.desk.listens)
    user.desk.hear(0.6)
    user.talk.open_microphone(False)
    outage.over.set()
    ask(user, "Hello?")
    user.listen()
    assert not any(event["type"] == "input_audio_buffer.append" for event in outage.server.session.received)
