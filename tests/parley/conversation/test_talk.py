"""A conversation as its user meets it, with a real server and a simulated sound card."""

from collections.abc import Callable

from parley.conversation.events import (
    Activity,
    Answering,
    Asked,
    EngineChanged,
    EngineState,
    Measured,
    Progressed,
    Spoke,
    Stumbled,
    Styled,
    Timed,
    Understood,
    Wrote,
)
from parley_models.style import Style
from tests.fakes.realtime_script import Reply, Script, said
from tests.fakes.realtime_server import RealtimeServer
from tests.parley.conversation.conftest import User, wait_for


def test_a_spoken_question_is_answered(user: User, server: RealtimeServer) -> None:
    user.speak(1.0)
    asked = user.until(Asked).turn
    assert (asked.side, asked.seconds, len(asked.waveform)) == ("human", 1.0, 25)
    answer = user.until(Answering)
    assert answer.to == asked.number
    user.listen()
    spoke = user.until(Spoke)
    assert (spoke.turn.text, spoke.turn.seconds, spoke.cut_short) == ("Answer to 1000 ms.", 1.0, False)
    assert "".join(wrote.text for wrote in user.all(Wrote)) == spoke.turn.text
    assert user.until(Understood).text == "heard 1000 ms"
    assert user.until(Measured).achieved == (("rate", 1.02),)
    assert user.until(Styled).content.text == spoke.turn.text
    names = [stage.name for stage in user.until(Timed, lambda news: len(news.stages) > 3).stages]
    assert names == ["heard", "thought", "first_audio", "speaker"]
    assert [state.activity for state in user.all(type(user.is_at(Activity.IDLE, 5)))][-4:] == [
        Activity.LISTENING,
        Activity.THINKING,
        Activity.SPEAKING,
        Activity.IDLE,
    ]


def test_a_typed_question_is_answered_in_its_place(user: User, server: RealtimeServer) -> None:
    for text in ("One?", "Two?"):
        begun = user.now
        user.talk.send(text)
        user.listen()
        user.until(Spoke, lambda spoke, text=text: spoke.turn.text == f"Answer to {text}.", after=begun)  # type: ignore[misc]
    assert [said(item) for item in server.session.items] == ["One?", "Answer to One?.", "Two?", "Answer to Two?."]
    assert not user.all(Understood)  # everybody can read what was typed


def test_words_typed_beside_speech_belong_to_the_same_turn(user: User, server: RealtimeServer) -> None:
    user.speak(0.5, text="in French")
    asked = user.until(Asked).turn
    assert (asked.text, asked.seconds) == ("in French", 0.5)
    user.listen()
    user.until(Spoke)
    user.until(Understood)  # it is written down after the answer
    assert [said(item) for item in server.session.items][:2] == ["in French", "heard 500 ms"]
    assert len(user.all(Asked)) == 1
    assert len(user.all(Spoke)) == 1


def test_a_tap_on_the_button_is_no_question(user: User, server: RealtimeServer) -> None:
    user.speak(0.1)
    assert "as long as you speak" in user.until(Stumbled).message
    user.is_at(Activity.IDLE)
    assert not user.all(Asked)
    user.talk.release("typed after all")  # the button is up: it is simply sent
    assert user.until(Asked).turn.text == "typed after all"


def test_an_answer_is_cut_where_it_was_heard(sit_down: Callable[..., User]) -> None:
    reply = Reply("one two three four five six seven eight nine ten", sound_s=1.0)
    with RealtimeServer(Script(reply=lambda _items: reply)) as server:
        user = sit_down(server)
        user.ready()
        user.talk.send("Count!")
        wait_for(lambda: user.desk.sounding_s >= 0.99)
        user.desk.advance(0.3)
        user.is_at(Activity.SPEAKING)
        user.talk.interrupt()
        first = user.until(Spoke).turn
        assert first.seconds == 0.3
        assert first.text + first.unheard == reply.text
        assert first.text.split()[0] == "one" and "ten" in first.unheard
        better = user.until(Spoke, lambda spoke: spoke.turn.text == "one two three").turn  # the engine's own estimate
        assert better.unheard.strip().startswith("four")
        assert [said(item) for item in server.session.items] == ["Count!", "one two three"]
        assert user.desk.sounding_s == 0
        user.is_at(Activity.IDLE, user.told.index(user.all(Spoke)[0]))
        begun = user.now
        user.talk.continue_answer(first.number)
        user.listen()
        whole = user.until(Spoke, after=begun).turn
        assert whole.number == first.number
        assert (whole.text, whole.unheard) == (reply.text, "")


def test_what_ends_a_turn_is_in_force_as_soon_as_it_is_set(user: User, server: RealtimeServer) -> None:
    def judged() -> tuple[float, int] | None:
        ears = server.session.settings.get("audio", {}).get("input", {}).get("turn_detection")
        return (ears["threshold"], ears["silence_duration_ms"]) if ears else None

    user.talk.judge_turns(0.3, 400)
    user.talk.open_microphone(True)
    wait_for(lambda: judged() == (0.3, 400))
    user.talk.judge_turns(0.8, 1_200)
    wait_for(lambda: judged() == (0.8, 1_200))
    user.talk.open_microphone(False)
    wait_for(lambda: judged() is None)
    user.talk.judge_turns(0.5, 700)
    user.talk.send("Hello?")
    user.listen()
    assert judged() is None, "the button goes on deciding"


def test_the_open_microphone_finds_the_turns_by_itself(user: User, server: RealtimeServer) -> None:
    user.talk.open_microphone(True)
    wait_for(lambda: user.desk.listens)
    user.desk.hear(0.5, level=0)
    user.desk.hear(1.0)
    user.is_at(Activity.LISTENING)
    user.desk.hear(0.5, level=0)
    asked = user.until(Asked).turn
    assert 0.9 <= asked.seconds <= 1.3
    user.listen()
    assert user.until(Spoke).turn.text.startswith("Answer to")
    assert user.until(Understood).turn == asked.number


def test_speaking_over_an_answer_silences_it_and_is_the_next_question(user: User) -> None:
    user.talk.open_microphone(True)
    wait_for(lambda: user.desk.listens)
    user.talk.send("Tell me a story.")
    wait_for(lambda: user.desk.sounding_s >= 0.99)
    user.desk.advance(0.4)
    user.desk.hear(0.6)
    first = user.until(Spoke).turn
    assert first.seconds == 0.4
    assert first.unheard
    user.desk.hear(0.5, level=0)
    user.until(Asked, lambda asked: asked.turn.side == "human" and asked.turn.seconds > 0)
    user.listen()
    user.until(Spoke, lambda spoke: spoke.turn.number > first.number)


def test_after_a_false_alarm_the_answer_goes_on(sit_down: Callable[..., User]) -> None:
    with RealtimeServer(Script(swallow=True)) as server:
        user = sit_down(server)
        user.ready()
        user.talk.open_microphone(True)
        wait_for(lambda: user.desk.listens)
        user.talk.send("Tell me a story.")
        wait_for(lambda: user.desk.sounding_s >= 0.99)
        user.desk.advance(0.5)
        user.desk.hear(0.16)
        user.desk.hear(0.4, level=0)  # at once, or a slow machine decides in between that it was an interruption
        wait_for(lambda: user.desk.over)  # silenced
        wait_for(lambda: user.desk.sounding_s > 0)  # and on it goes, a little before
        assert user.desk.sounding_s > 0.55
        user.desk.advance(10)
        spoke = user.until(Spoke)
        assert not spoke.cut_short
        assert spoke.turn.text == "Answer to Tell me a story.."


def test_an_answer_that_hears_itself_goes_on_and_is_not_answered(user: User, server: RealtimeServer) -> None:
    user.talk.open_microphone(True)
    wait_for(lambda: user.desk.listens)
    user.talk.send("Tell me a story.")
    wait_for(lambda: user.desk.sounding_s >= 0.99)
    wait_for(lambda: server.session.answer is not None and server.session.answer.done())  # else the voice cuts it off there
    user.desk.advance(0.5)
    user.desk.hears_itself = True
    user.desk.hear(0.6)
    wait_for(lambda: user.desk.over)  # it might be a voice
    wait_for(lambda: user.desk.sounding_s > 0)
    wait_for(lambda: any(event["type"] == "input_audio_buffer.clear" for event in server.session.received))
    user.desk.hear(0.5, level=0)
    user.desk.advance(10)
    spoke = user.until(Spoke)
    assert not spoke.cut_short
    wait_for(lambda: not server.session.speaking)
    user.desk.hears_itself = False
    user.desk.hear(1.0)
    user.desk.hear(0.5, level=0)
    assert user.until(Asked, lambda asked: asked.turn.side == "human" and asked.turn.seconds > 0).turn.seconds >= 0.9, "it is deaf now"


def test_muted_means_deaf_but_not_dumb(user: User, server: RealtimeServer) -> None:
    user.talk.open_microphone(True)
    wait_for(lambda: user.desk.listens)
    user.talk.mute(True)
    wait_for(lambda: not user.desk.listens)
    user.talk.press()
    assert "muted" in user.until(Stumbled).message
    user.talk.send("Still there?")
    user.listen()
    user.until(Spoke)
    user.talk.mute(False)
    wait_for(lambda: user.desk.listens)
    assert not any(event["type"] == "input_audio_buffer.append" for event in server.session.received)


def test_a_correction_reaches_history_and_engine(user: User, server: RealtimeServer) -> None:
    user.speak(1.0)
    user.listen()
    user.until(Spoke)
    question = user.until(Understood)
    user.talk.correct(question.turn, "What is the capital of France?")
    user.until(Understood, lambda news: news.corrected)
    wait_for(lambda: [said(item) for item in server.session.items] == ["What is the capital of France?", "Answer to 1000 ms."])


def test_style_goes_with_the_next_answers_as_far_as_the_engine_can(user: User, server: RealtimeServer) -> None:
    user.talk.set_style(Style(rate=1.5, emotion="happy", voice="rms"))
    wait_for(lambda: server.session.settings.get("parley", {}).get("voice") == "rms")  # the last of it
    style = server.session.settings["parley"]["style"]
    assert style | {"rate": 1.5, "emotion": None} == style
    user.talk.send("Hello?")
    assert user.until(Answering).turn.style.rate == 1.5


def test_an_answer_can_be_heard_again_and_said_in_another_way(user: User) -> None:
    user.talk.send("Hello?")
    user.listen()
    first = user.until(Spoke).turn
    sent = user.now
    user.talk.replay(first.number)
    user.listen()
    user.is_at(Activity.IDLE, sent)
    assert not [event for event in user.told[sent:] if isinstance(event, Spoke | Wrote)]
    user.talk.say_again(first.number, Style(rate=0.7))
    user.listen()
    again = user.until(Spoke, after=sent).turn
    assert (again.text, again.style.rate) == (first.text, 0.7)
    assert again.number > first.number


def test_progress_is_told_while_it_sounds(user: User) -> None:
    user.talk.send("Hello there, how are you?")
    wait_for(lambda: user.desk.sounding_s >= 0.99)
    user.desk.advance(0.6)
    progress = user.until(Progressed, lambda news: news.heard_s >= 0.6)
    assert progress.sound_s >= 0.99
    assert 5 < progress.heard_characters < len("Answer to Hello there, how are you?.")
    user.desk.advance(10)


def test_another_realtime_server_is_as_good(sit_down: Callable[..., User]) -> None:
    with RealtimeServer(Script(is_parley=False)) as server:
        user = sit_down(server)
        offer = user.ready().offer
        assert offer is not None and not offer.is_parley and offer.title == "scripted"
        user.talk.set_style(Style(rate=1.2, voice="marin"))
        user.speak(0.6)
        user.listen()
        user.until(Spoke)
        user.talk.send("And now?")
        user.listen()
        user.until(Spoke, lambda spoke: "now" in spoke.turn.text)
        assert not user.all(Stumbled)
        assert server.session.settings["audio"]["output"] == {"speed": 1.2, "voice": "marin"}
        assert not any("parley" in str(event) for event in server.session.received)


def test_a_refused_key_is_told_and_not_tried_again(sit_down: Callable[..., User]) -> None:
    with RealtimeServer(token="another") as server:
        user = sit_down(server)
        news = user.until(EngineChanged, lambda news: news.state is EngineState.FAILED)
        assert "refuses the key" in news.message
        assert not server.sessions
