"""Questions whose answers are called off, fail, come empty or come late: the next one is answered, and none is waited for in vain."""

import threading
from collections.abc import Callable

import pytest

from parley.conversation.events import Activity, Answering, Asked, Dropped, Spoke, Stumbled, Understood, Wrote
from tests.fakes.realtime_script import Reply, Script, said
from tests.fakes.realtime_server import RealtimeServer
from tests.parley.conversation.conftest import User, wait_for


def test_what_still_comes_of_an_older_answer_is_refused(sit_down: Callable[..., User]) -> None:
    pieces = threading.Semaphore(3)
    with RealtimeServer(Script(pieces=pieces)) as server:
        user = sit_down(server)
        user.ready()
        user.talk.send("Old?")
        wait_for(lambda: user.desk.sounding_s >= 0.29)
        user.talk.send("New?")
        pieces.release(100)
        user.until(Asked, lambda asked: asked.turn.text == "New?")
        new = user.until(Answering, lambda news: news.to == user.all(Asked)[1].turn.number).turn.number
        user.listen()
        spoke = user.until(Spoke, lambda spoke: spoke.turn.number == new)
        assert spoke.turn.text == "Answer to New?."
        assert spoke.turn.seconds == 1.0
        assert all("Old" not in wrote.text for wrote in user.all(Wrote) if wrote.turn == new)


def test_of_two_questions_in_a_breath_the_second_is_answered(user: User) -> None:
    for number in range(20):  # each time the first one's answer has come another way
        begun = user.now
        user.talk.send("One?")
        user.until(Asked, after=begun)
        user.talk.send(f"Two, {number}?")
        two = user.until(Asked, lambda asked: asked.turn.text != "One?", after=begun).turn.number
        user.until(Answering, lambda answer: answer.to == two, after=begun)  # noqa: B023
        user.listen()
        spoke = user.until(Spoke, lambda spoke: "Two" in spoke.turn.text, after=begun)
        assert (spoke.turn.text, spoke.turn.seconds) == (f"Answer to Two, {number}?.", 1.0)


@pytest.mark.parametrize("wanted", ["question", "turn"])
def test_a_server_that_is_late_to_stop_does_not_talk_into_the_next_answer(sit_down: Callable[..., User], wanted: str) -> None:
    with RealtimeServer(Script(late={wanted: "0"})) as server:
        user = sit_down(server)
        user.ready()
        user.talk.send("New?")
        user.listen()
        spoke = user.until(Spoke).turn
        assert (spoke.text, spoke.seconds) == ("Answer to New?.", 1.0)
        assert len(user.all(Answering)) == 1
        assert all("stale" not in wrote.text for wrote in user.all(Wrote))
        wait_for(lambda: [said(item) for item in server.session.items] == ["New?", "Answer to New?."])


def test_a_question_taken_back_while_it_is_thought_about_stays_unanswered(sit_down: Callable[..., User]) -> None:
    pieces = threading.Semaphore(0)
    with RealtimeServer(Script(pieces=pieces)) as server:
        user = sit_down(server)
        user.ready()
        user.talk.send("Never mind?")
        user.until(Answering)
        user.talk.interrupt()
        user.is_at(Activity.IDLE, user.told.index(user.until(Dropped)))
        pieces.release(100)
        user.talk.send("This one?")
        user.listen()
        assert user.until(Spoke).turn.text == "Answer to This one?."


def test_what_was_heard_belongs_to_what_was_spoken_though_more_was_asked_meanwhile(sit_down: Callable[..., User]) -> None:
    commits = threading.Event()
    with RealtimeServer(Script(commits=commits)) as server:
        user = sit_down(server)
        user.ready()
        user.speak(1.0)
        spoken = user.until(Asked).turn.number
        user.talk.send("And two?")
        user.until(Asked, lambda asked: asked.turn.number != spoken)
        commits.set()
        user.listen()
        understood = user.until(Understood)
        assert (understood.turn, understood.text) == (spoken, "heard 1000 ms")


def test_sound_that_the_engine_does_not_take_gives_its_name_to_no_other(user: User, server: RealtimeServer) -> None:
    user.talk.send("Hello?")
    user.listen()
    user.talk.press()
    wait_for(lambda: user.desk.listens)
    user.desk.hear(1.0)
    wait_for(lambda: len(server.session.buffer) == 48_000)
    server.session.buffer.clear()
    user.talk.release()
    refused = user.until(Stumbled)
    assert "less than 100 ms" in refused.message
    assert refused.turn == user.all(Asked)[-1].turn.number
    user.is_at(Activity.IDLE, after=user.told.index(refused))  # what nobody heard is not answered
    before = user.now
    user.speak(0.5)
    spoken = user.until(Asked, after=before).turn.number
    user.listen()
    assert user.until(Understood).turn == spoken


def tap(user: User) -> None:
    user.speak(0.1)


def press_and_think_better_of_it(user: User) -> None:
    user.talk.press()
    user.talk.interrupt()


def hear_something_else(user: User) -> None:
    user.talk.replay(user.all(Spoke)[0].turn.number)
    user.listen()


@pytest.mark.parametrize("instead", [tap, press_and_think_better_of_it, hear_something_else])
@pytest.mark.parametrize("begun", [False, True])
def test_who_takes_the_floor_from_an_answer_does_not_leave_it_awaited(
    sit_down: Callable[..., User], instead: Callable[[User], None], *, begun: bool
) -> None:
    pieces, commits = threading.Semaphore(100), threading.Event()
    with RealtimeServer(Script(pieces=pieces, commits=commits)) as server:
        user = sit_down(server)
        user.ready()
        user.talk.send("Hello?")
        user.listen()
        while pieces.acquire(blocking=False):
            pass
        before = user.now
        user.speak(0.5)
        user.until(Asked, after=before)
        if begun:
            commits.set()
            user.until(Answering, after=before)
        instead(user)
        silent = threading.Event()
        user.talk.afterwards(silent.set)
        assert silent.wait(20)
        wait_for(lambda: user.activity is Activity.IDLE)
        commits.set()
        pieces.release(100)
        user.talk.send("This one?")
        user.listen()
        assert user.all(Spoke)[-1].turn.text == "Answer to This one?."


def test_a_sound_that_is_not_there_takes_the_floor_from_nobody(sit_down: Callable[..., User]) -> None:
    pieces = threading.Semaphore(0)
    with RealtimeServer(Script(pieces=pieces)) as server:
        user = sit_down(server)
        user.ready()
        user.talk.send("Hello?")
        user.until(Answering)
        user.talk.replay(user.until(Asked).turn.number)
        assert "was not kept" in user.until(Stumbled).message
        pieces.release(100)
        user.listen()
        assert user.until(Spoke).turn.text == "Answer to Hello?."


def test_an_answer_without_a_word_is_over(sit_down: Callable[..., User]) -> None:
    with RealtimeServer(Script(reply=lambda _items: Reply(""))) as server:
        user = sit_down(server)
        user.ready()
        user.talk.send("Hello?")
        user.is_at(Activity.IDLE, user.told.index(user.until(Dropped)))


def test_a_failed_answer_is_told_and_the_next_one_comes(sit_down: Callable[..., User]) -> None:
    def reply(items: list[dict[str, object]]) -> Reply:
        return Reply("", fails="The model lost its thread.") if "bad" in said(items[-1]) else Reply("fine")

    with RealtimeServer(Script(reply=reply)) as server:
        user = sit_down(server)
        user.ready()
        user.talk.send("bad")
        trouble = user.until(Stumbled)
        assert (trouble.message, trouble.turn) == ("The model lost its thread.", user.until(Asked).turn.number)
        user.is_at(Activity.IDLE, user.told.index(trouble))
        user.talk.send("good")
        user.listen()
        assert user.until(Spoke).turn.text == "fine"
