"""A real conversation: the window, the engine, Mini, a keyboard, a microphone, a speaker, and a judge that hears what the speaker says."""

import pytest

from parley.bench.speech import Spoken
from parley.bench.tape import PLAYED, SAID
from parley.ui.theme import LIGHT
from tests.fakes.live_room import LiveRoom, Walls
from tests.parley.real.conftest import RealTalk

INTO_ANSWER_S = 0.4
SETTLED_S = 1.5
"""A room that hears itself would have begun another turn by then."""

ECHO_S = 0.5
"""So long after a question the microphone still hears something: the answer's echo."""


def test_a_question_is_asked_with_space_held_and_answered_aloud(talk: RealTalk, asked: dict[str, Spoken]) -> None:
    question = asked["3-sum"]

    def measure() -> None:
        mark = talk.window.mark
        talk.hold_space()
        saying = talk.sitting.say(question.sound)
        talk.picture("1-listening")
        end_s = saying.wait()
        talk.screen.key_up("space")
        first_s = talk.sitting.heard_after(end_s)
        assert first_s is not None, "no answer is heard"
        talk.picture("2-speaking")
        begun, spoke = talk.answer(mark)
        talk.sitting.settle()
        talk.picture("3-answered")
        asking, said = talk.written(begun.facts["to"]), talk.written(spoke.facts["turn"])

        assert len(talk.window.since(mark, "asked")) == 1, "the keyboard's repetitions split the question"
        assert (asking.side, said.side, spoke.facts["cut_short"]) == ("human", "assistant", False)
        assert asking.seconds == pytest.approx(question.seconds, abs=0.7)
        assert talk.tape.first(PLAYED, saying.start_s, end_s) is None, "it speaks while the key is held"
        assert talk.hears(said.text, first_s) == said.text

    talk.in_real_time(measure)


def test_a_question_is_asked_hands_free_and_answered_aloud(talk: RealTalk, asked: dict[str, Spoken]) -> None:
    def measure() -> None:
        talk.open_microphone(True)
        talk.sitting.settle()
        mark = talk.window.mark
        first_s = talk.sitting.heard_after(talk.sitting.say(asked["4-day"].sound).wait())
        assert first_s is not None, "no answer is heard"
        _, spoke = talk.answer(mark)
        talk.sitting.settle()
        talk.picture("4-hands-free")
        said = talk.written(spoke.facts["turn"])

        assert len(talk.window.since(mark, "asked")) == 1
        assert talk.hears(said.text, first_s) == said.text

    talk.in_real_time(measure)


def test_an_answer_that_is_interrupted_falls_silent_and_the_rest_is_greyed(talk: RealTalk, asked: dict[str, Spoken]) -> None:
    def measure() -> None:
        talk.window.tell("slow")
        talk.open_microphone(True)
        talk.sitting.settle()
        mark = talk.window.mark
        first_s = talk.sitting.heard_after(talk.sitting.say(asked["4-day"].sound).wait())
        assert first_s is not None, "no answer is heard"
        talk.tape.wait_until(first_s + INTO_ANSWER_S)
        grey = talk.screen.count(LIGHT.ink_faint)
        over = talk.sitting.say(asked["6-opposite"].sound)
        end_s = over.wait()
        begun, spoke = talk.answer(mark)
        silent_s = talk.tape.last(PLAYED, over.start_s, end_s)
        second = talk.window.wait_for(lambda news: news.kind == "answering" and news.facts["turn"] != begun.facts["turn"], after=mark)
        greyed = talk.screen.wait_for_colour(LIGHT.ink_faint, grey)
        talk.picture("5-interrupted")
        talk.sitting.settle()
        said = talk.written(begun.facts["turn"])

        assert spoke.facts["cut_short"]
        assert silent_s is not None and silent_s < end_s - 0.1, "it speaks on while it is spoken to"
        assert said.unheard
        assert said.seconds == pytest.approx(silent_s - first_s, abs=0.3)
        assert greyed > grey, "nothing of it is greyed"
        assert talk.written(second.facts["turn"]).text, "the interruption was not answered"

    talk.in_real_time(measure)


@pytest.mark.parametrize("turns", [3, pytest.param(10, marks=pytest.mark.slow)])
def test_it_does_not_answer_itself_in_a_room_with_loudspeakers(talk: RealTalk, asked: dict[str, Spoken], turns: int) -> None:
    every = [asked["4-day"], asked["3-sum"]]  # none with a pause in it, after which a turn may rightly end

    def measure() -> None:
        with LiveRoom(talk.sitting.server, Walls()):
            talk.open_microphone(True)
            mark = talk.window.mark
            for number in range(turns):
                talk.sitting.begin_anew()
                talk.sitting.settle()
                echo_s = talk.tape.now_s
                end_s = talk.sitting.say(every[number % len(every)].sound).wait()
                assert talk.sitting.heard_after(end_s) is not None, "no answer is heard"
                talk.sitting.settle(SETTLED_S)
                assert talk.tape.last(SAID, echo_s) > end_s + ECHO_S, "the room is deaf"  # type: ignore[operator]
            talk.picture(f"6-room-{turns}")

            told = [news.kind for news in talk.window.news[mark:] if news.kind in {"asked", "answering"}]
            assert told == ["asked", "answering"] * turns, "it answers itself"
            assert [news.facts["cut_short"] for news in talk.window.since(mark, "spoke")] == [False] * turns
            talk.open_microphone(False)

    talk.in_real_time(measure)
