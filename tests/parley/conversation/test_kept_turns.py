"""Turns of another day: who gave them, where they belong when they are corrected, and that the oldest can be heard, too."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from parley.conversation.character import Character
from parley.conversation.events import ConversationOpened, Replaying, Spoke, StyleChanged
from parley.conversation.history import History
from parley.conversation.session import REMEMBERED_TURNS
from parley.conversation.turns import Turn
from parley_models.style import Style
from tests.fakes.realtime_script import said
from tests.fakes.realtime_server import RealtimeServer
from tests.parley.conversation.conftest import User, wait_for


@pytest.fixture
def reopened(sit_down: Callable[..., User], server: RealtimeServer, tmp_path: Path) -> Callable[[Sequence[Turn]], User]:
    """A user whose conversation of another day is open again."""

    def reopen(turns: Sequence[Turn]) -> User:
        history = History(tmp_path / "history.db")
        conversation = history.next_number("conversation")
        for turn in turns:
            assert history.next_number("turn") == turn.number
            history.save(conversation, turn)
        history.close()
        user = sit_down(server)
        assert len(user.until(ConversationOpened).turns) == len(turns)
        user.ready()
        return user

    return reopen


def test_a_correction_stays_in_its_place_though_the_turn_before_was_never_understood(
    reopened: Callable[[Sequence[Turn]], User], server: RealtimeServer
) -> None:
    user = reopened(
        [
            Turn(1, "human", "Who are you?"),
            Turn(2, "assistant", "Parley."),
            Turn(3, "human", seconds=1.0),  # nobody understood it, so the engine has nothing of it
            Turn(4, "human", heard_as="Were are you?", seconds=1.0),
            Turn(5, "assistant", "Here."),
        ]
    )
    wait_for(lambda: len(server.session.items) == 4)
    user.talk.correct(4, "Where are you?")
    wait_for(lambda: "Where are you?" in [said(item) for item in server.session.items])
    wait_for(lambda: len(server.session.items) == 4)
    assert [said(item) for item in server.session.items] == ["Who are you?", "Parley.", "Where are you?", "Here."]


def test_an_answer_of_long_ago_can_be_heard_again(reopened: Callable[[Sequence[Turn]], User], server: RealtimeServer) -> None:
    count = REMEMBERED_TURNS + 4
    user = reopened([Turn(number, "human" if number % 2 else "assistant", f"turn {number}") for number in range(1, count + 1)])
    wait_for(lambda: len(server.session.items) == REMEMBERED_TURNS)
    user.talk.replay(2)
    assert user.until(Replaying).turn == 2
    user.listen()
    wait_for(lambda: len(server.session.items) == REMEMBERED_TURNS)  # the engine had it for no longer than that took


def test_every_answer_of_another_day_bears_the_name_of_who_gave_it(sit_down: Callable[..., User], server: RealtimeServer) -> None:
    server.script.roles = ("pirate", "cook")
    user = sit_down(server)
    user.ready()

    def hears(do: Callable[[], None]) -> None:
        begun = user.now
        do()
        user.listen()
        user.until(Spoke, after=begun)

    hears(lambda: user.talk.set_character(Character("Jo", greeting="Hungry?", kind="cook")))
    for character in (Character("Rosa", kind="pirate"), Character("Ada", kind="judge"), None):  # nobody plays a judge here
        user.talk.set_character(character)
        hears(lambda: user.talk.send("Hello?"))
    hears(lambda: user.talk.say_again(1, Style(rate=1.5)))
    user.talk.close()
    later = sit_down(server)
    turns = later.until(ConversationOpened).turns
    later.ready()  # or the door closes while it still calls, and its socket is left open
    assert [turn.speaker for turn in turns if turn.side == "assistant"] == ["Jo", "Rosa", "", "", "Jo"]


@pytest.mark.parametrize(("kept", "rate"), [(None, 1.5), (Style(), 1.0), (Style(rate=0.7), 0.7)])
def test_who_had_changed_the_style_of_a_character_finds_it_so_again(
    sit_down: Callable[..., User], server: RealtimeServer, kept: Style | None, rate: float
) -> None:
    user = sit_down(server, character=Character("Rosa", kind="pirate", style=Style(rate=1.5)), style=kept)
    user.ready()
    assert user.all(StyleChanged)[-1].style.rate == rate
