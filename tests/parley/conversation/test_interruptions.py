"""An answer that falls silent and goes on, and one whose speaker goes: what the user hears and reads afterwards."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from parley.audio.events import DeviceBack, NoSpeaker
from parley.conversation.events import Activity, Progressed, Rang, Spoke, Timer
from parley.conversation.history import History
from parley_models.style import Style
from tests.fakes.realtime_script import Reply, Script, said
from tests.fakes.realtime_server import RealtimeServer
from tests.parley.conversation.conftest import User, wait_for


def test_after_a_false_alarm_it_is_told_again_how_far_the_answer_is(sit_down: Callable[..., User]) -> None:
    with RealtimeServer(Script(swallow=True)) as server:
        user = sit_down(server)
        user.ready()
        user.talk.open_microphone(True)
        wait_for(lambda: user.desk.listens)
        user.talk.send("Tell me a story.")
        wait_for(lambda: user.desk.sounding_s >= 0.99)
        user.desk.advance(0.5)
        user.until(Progressed, lambda news: news.heard_s > 0.4)
        user.desk.hear(0.16)
        user.desk.hear(0.4, level=0)
        wait_for(lambda: user.desk.over)  # silenced
        wait_for(lambda: user.desk.sounding_s > 0)  # and on it goes
        begun = user.now
        user.desk.advance(0.4)
        assert user.until(Progressed, lambda news: news.heard_s > 0.6, after=begun).heard_characters > 0


def test_after_the_speaker_went_in_the_middle_of_an_answer_the_next_one_is_heard(sit_down: Callable[..., User]) -> None:
    script = Script(pieces=threading.Semaphore(5))
    with RealtimeServer(script) as server:
        user = sit_down(server)
        user.ready()
        user.talk.send("One?")
        wait_for(lambda: user.desk.sounding_s >= 0.49)
        user.desk.tell(NoSpeaker("The system has no speaker."))
        assert script.pieces is not None
        script.pieces.release(100)
        user.until(Spoke, lambda spoke: spoke.turn.text == "Answer to One?.")  # it can be read
        user.desk.tell(DeviceBack("speaker", "Headphones"))
        begun = user.now
        user.talk.send("Two?")
        user.listen()
        assert not user.until(Spoke, after=begun).cut_short


@pytest.mark.parametrize(("chosen", "labelled", "heard"), [("sad", None, 4), (None, "sad", 4), ("calm", None, 7), (None, None, 7)])
def test_what_was_heard_is_guessed_at_the_pace_of_its_style(
    sit_down: Callable[..., User], chosen: str | None, labelled: str | None, heard: int
) -> None:
    reply = Reply("一二三四五六七八九十", sound_s=4.0, style={"emotion": labelled} if labelled else None)
    script = Script(reply=lambda _items: reply, pieces=threading.Semaphore(20))
    with RealtimeServer(script) as server:
        user = sit_down(server, style=Style(emotion=chosen))
        user.ready()
        user.talk.send("Count!")
        wait_for(lambda: user.desk.sounding_s >= 1.99)
        user.desk.advance(2)
        user.is_at(Activity.SPEAKING)
        user.talk.interrupt()
        turn = user.until(Spoke).turn  # before the engine says what it knows better
        assert turn.text + turn.unheard == reply.text
        assert len(turn.text) == heard


def test_who_interrupts_what_is_said_again_leaves_it_as_it_was_said_first(user: User, server: RealtimeServer) -> None:
    user.talk.send("Hello?")
    user.listen()
    first = user.until(Spoke).turn
    begun = user.now
    user.talk.say_again(first.number, Style(rate=0.7))
    wait_for(lambda: user.desk.sounding_s >= 0.99)
    user.desk.advance(0.3)
    user.is_at(Activity.SPEAKING, begun)
    user.talk.interrupt()
    again = user.until(Spoke, after=begun).turn
    assert again.number > first.number
    assert again.unheard
    user.talk.send("Are you there?")
    user.listen()
    assert {spoke.turn.text for spoke in user.all(Spoke) if spoke.turn.number == first.number} == {"Answer to Hello?."}
    assert [said(item) for item in server.session.items][:2] == ["Hello?", "Answer to Hello?."]


def test_esc_silences_the_bell_of_a_timer_and_its_words(sit_down: Callable[..., User], server: RealtimeServer, tmp_path: Path) -> None:
    history = History(tmp_path / "history.db")
    history.add_timer(Timer(1, "tea", (datetime.now(UTC) - timedelta(seconds=1)).isoformat()))
    history.close()
    user = sit_down(server)
    user.until(Rang)
    wait_for(lambda: user.desk.sounding_s > 0)
    user.talk.interrupt()
    wait_for(lambda: user.desk.sounding_s == 0)
    user.ready()
    user.talk.send("One?")
    user.listen()
    heard = [spoke.turn.text for spoke in user.all(Spoke) if spoke.turn.text]  # words that an engine had already begun are cut unheard
    assert heard == ["Answer to One?."]
