"""Every state has a word, a way on, and the right buttons."""

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtTest import QTest

from parley.conversation.events import Activity, EngineChanged, EngineState, Event, SoundChanged, StateChanged
from parley.ui.talk_bar import TalkBar
from parley.ui.waveform import LiveWaveform
from tests.fakes.window_talk import MINI
from tests.parley.ui.conftest import Desktop


def state(activity: Activity = Activity.IDLE, *, open_microphone: bool = False, muted: bool = False, held: bool = False) -> StateChanged:
    return StateChanged(activity, open_microphone, muted, held)


READY = EngineChanged(EngineState.READY, offer=MINI)
SOUND = SoundChanged("Microphone", "Speaker")


@pytest.mark.parametrize(
    ("news", "word", "hint"),
    [
        ([state(Activity.LISTENING, held=True)], "Listening", "Let go"),
        ([state(Activity.LISTENING, open_microphone=True)], "Listening", "Pause"),
        ([state(Activity.THINKING)], "Thinking", "Esc"),
        ([state(Activity.SPEAKING)], "Speaking", "interrupts"),
        ([state(muted=True)], "Muted", "unmute"),
        ([state(open_microphone=True)], "Open microphone", "Just speak"),
        ([state()], "Ready", "Hold Space"),
        ([EngineChanged(EngineState.STARTING)], "Engine starting", "already"),
        ([EngineChanged(EngineState.LOADING)], "Engine starting", "Loading"),
        ([EngineChanged(EngineState.STUCK)], "Engine stuck", "waits"),
        ([EngineChanged(EngineState.DIED)], "Engine died", "nothing is lost"),
        ([EngineChanged(EngineState.FAILED)], "Engine failed", "Settings"),
        ([EngineChanged(EngineState.ASLEEP)], "Asleep", "wakes"),
        ([SoundChanged(None, "Speaker")], "No microphone", "Typing still works"),
        ([SoundChanged("Microphone", None)], "No speaker", "read"),
        ([SoundChanged(None, "Speaker"), state(Activity.LISTENING, held=True)], "No microphone", "Typing still works"),
        ([EngineChanged(EngineState.STARTING), state(Activity.LISTENING, held=True)], "Listening", "as soon as it is"),
        ([state(Activity.SPEAKING), SoundChanged("Microphone", None)], "Speaking", "no speaker"),
    ],
)
def test_every_state_has_its_word_and_says_how_to_go_on(desktop: Desktop, news: list[Event], word: str, hint: str) -> None:
    for each in (READY, SOUND, *news):
        desktop.talk.tell(each)
    desktop.settle()
    bar = desktop.window.talk_bar

    assert bar.word.text() == word
    assert hint in bar.hint.text()
    assert word in bar.word.accessibleName()


def test_every_engine_state_is_shown(desktop: Desktop) -> None:
    words = set()
    for each in EngineState:
        desktop.talk.tell(EngineChanged(each))
        desktop.settle()
        words.add((desktop.window.talk_bar.word.text(), desktop.window.header.chip.text))

    assert len(words) == len(EngineState)


def test_without_a_microphone_typing_still_works(desktop: Desktop) -> None:
    desktop.talk.tell(SoundChanged(None, "Speaker", "No microphone: none is plugged in. You can still type."))
    desktop.settle()
    bar = desktop.window.talk_bar
    assert not bar.button.isEnabled()
    assert desktop.window.banner.texts == ["No microphone: none is plugged in. You can still type."]

    bar.composer.field.setPlainText("hello")
    bar.composer.send_button.click()
    assert desktop.called("send") == [("hello",)]

    desktop.talk.tell(SOUND)
    desktop.settle()
    assert bar.button.isEnabled()
    assert desktop.window.banner.texts == []


def test_buttons_ask_and_show_what_is_so(desktop: Desktop) -> None:
    bar = desktop.window.talk_bar
    bar.open_button.click()
    bar.mute_button.click()
    desktop.settle()

    assert desktop.called("open_microphone") == [(True,)]
    assert desktop.called("mute") == [(True,)]
    assert bar.open_button.isChecked() and bar.mute_button.isChecked()
    assert bar.mute_button.icon_name == "microphone-off"
    assert bar.mute_button.accessibleName().startswith("Unmute")


def test_only_what_goes_on_can_be_interrupted(desktop: Desktop) -> None:
    bar = desktop.window.talk_bar
    assert not bar.stop_button.isEnabled()
    desktop.talk.begin(None)
    desktop.settle()
    assert bar.stop_button.isEnabled()
    bar.stop_button.click()

    assert desktop.called("interrupt") == [()]


def test_enter_sends_and_shift_enter_breaks_the_line(desktop: Desktop) -> None:
    field = desktop.window.talk_bar.composer.field
    field.setFocus()
    low = field.height()
    QTest.keyClicks(field, "one")
    QTest.keyClick(field, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClicks(field, "two")
    assert field.height() > low
    QTest.keyClick(field, Qt.Key.Key_Return)

    assert desktop.called("send") == [("one\ntwo",)]
    assert field.height() == low


def test_nothing_is_not_sent(desktop: Desktop) -> None:
    composer = desktop.window.talk_bar.composer
    composer.field.setPlainText("   ")
    QTest.keyClick(composer.field, Qt.Key.Key_Return)

    assert desktop.called("send") == []
    assert not composer.send_button.isEnabled()


def test_the_waveform_follows_the_microphone_while_listening_and_the_speaker_while_speaking(desktop: Desktop) -> None:
    bar: TalkBar = desktop.window.talk_bar
    desktop.desk.input_level, desktop.desk.output_level = 0.8, 0.3
    desktop.talk.press()
    desktop.settle()
    waveform: LiveWaveform = bar.waveform
    assert waveform.runs
    waveform._step()
    assert waveform._smooth == pytest.approx(0.8)

    desktop.talk.change(activity=Activity.SPEAKING, held=False)
    desktop.settle()
    for _ in range(20):
        waveform._step()
    assert waveform._smooth == pytest.approx(0.3)


def test_at_rest_no_pictures_are_made(desktop: Desktop) -> None:
    waveform = desktop.window.talk_bar.waveform
    desktop.desk.input_level = 0.9
    desktop.talk.press()
    desktop.settle()
    waveform._step()
    desktop.talk.release()
    desktop.settle()
    for _ in range(400):  # the bars run out and sink
        waveform._step()

    assert not waveform.runs


def test_a_hidden_window_makes_no_pictures(desktop: Desktop) -> None:
    desktop.talk.press()
    desktop.settle()
    assert desktop.window.talk_bar.waveform.runs
    desktop.window.hide()
    assert not desktop.window.talk_bar.waveform.runs
    desktop.window.show()
    assert desktop.window.talk_bar.waveform.runs


def test_what_the_empty_field_says_is_painted_when_it_changes(desktop: Desktop) -> None:
    class Painted(QObject):
        count = 0

        def eventFilter(self, _: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
            self.count += event.type() == QEvent.Type.Paint
            return False

    composer, painted = desktop.window.talk_bar.composer, Painted()
    desktop.settle()
    composer.field.viewport().installEventFilter(painted)
    for speaking in (True, False):
        before = painted.count
        composer.show_speaking(speaking)
        desktop.settle()
        assert painted.count > before


def test_an_empty_line_says_what_it_is_for_in_words_that_fit(desktop: Desktop) -> None:
    field = desktop.window.talk_bar.composer.field
    seen = []
    for width in (1200, 420):
        desktop.window.resize(width, 600)
        desktop.settle()
        assert field.fontMetrics().horizontalAdvance(field.placeholderText()) < field.viewport().width()
        seen.append(field.placeholderText())

    assert seen == ["Type a question, or words to go along with what you say", "Type a question"]


def test_the_input_line_grows_when_it_becomes_narrower(desktop: Desktop) -> None:
    field = desktop.window.talk_bar.composer.field
    desktop.window.resize(1200, 600)
    field.setPlainText("What is the capital of the country in which the river Seine flows into the sea?")
    desktop.settle()
    one_line = field.height()
    desktop.window.resize(420, 600)
    desktop.settle()

    assert field.height() > one_line
