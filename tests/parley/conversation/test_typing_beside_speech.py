"""Words that are typed while the microphone hears something: whatever becomes of the sound, the words are answered."""

from collections.abc import Callable, Iterator

import pytest

from parley.audio.events import AudioCrashed, AudioEvent, NoMicrophone
from parley.conversation.events import Activity, Asked, Crashed, Spoke, StateChanged
from tests.fakes.realtime_script import Script
from tests.fakes.realtime_server import RealtimeServer
from tests.parley.conversation.conftest import User, wait_for


@pytest.fixture
def overheard(sit_down: Callable[..., User]) -> Iterator[User]:
    """Somebody who types while the engine takes something else in the room for the user's voice."""
    with RealtimeServer(Script(swallow=True)) as server:
        user = sit_down(server)
        user.ready()
        user.talk.open_microphone(True)
        wait_for(lambda: user.desk.listens)
        user.desk.hear(0.16)
        user.is_at(Activity.LISTENING)
        user.talk.send("How far is the moon?")
        yield user


def _closes_the_microphone(user: User) -> None:
    user.talk.open_microphone(False)


def _mutes(user: User) -> None:
    user.talk.mute(True)


def _falls_silent(user: User) -> None:
    user.desk.hear(0.4, level=0)


@pytest.mark.parametrize("goes_on", [_closes_the_microphone, _mutes, _falls_silent])
def test_the_words_are_asked_though_nobody_spoke(overheard: User, goes_on: Callable[[User], None]) -> None:
    goes_on(overheard)
    asked = overheard.until(Asked).turn
    assert (asked.text, asked.seconds) == ("How far is the moon?", 0.0)
    overheard.listen()
    assert overheard.until(Spoke).turn.text == "Answer to How far is the moon?."


def test_who_presses_the_button_then_says_more_beside_the_words(overheard: User) -> None:
    overheard.talk.press()
    overheard.until(StateChanged, lambda state: state.held)
    overheard.desk.hear(0.5)
    overheard.talk.release("In miles.")
    assert overheard.until(Asked).turn.text == "How far is the moon? In miles."


def test_who_takes_it_back_takes_back_the_words(overheard: User) -> None:
    begun = overheard.now
    overheard.talk.interrupt()
    overheard.is_at(Activity.IDLE, begun)
    overheard.talk.send("Something else.")
    assert overheard.until(Asked).turn.text == "Something else."


@pytest.mark.parametrize("trouble", [NoMicrophone("the system has no microphone."), AudioCrashed("Restart Parley.")])
def test_a_microphone_that_goes_in_the_middle_of_a_sentence_ends_it(user: User, trouble: AudioEvent) -> None:
    user.talk.open_microphone(True)
    wait_for(lambda: user.desk.listens)
    user.desk.hear(0.6)
    user.is_at(Activity.LISTENING)
    user.desk.tell(trouble)
    assert user.until(Asked).turn.seconds > 0.5
    if isinstance(trouble, AudioCrashed):
        user.until(Crashed)
        assert user.until(Spoke).turn.text  # nobody plays it, but it can be read
