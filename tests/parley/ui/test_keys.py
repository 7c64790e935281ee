"""Hold Space or F9 to talk: once down, once up, and never in somebody's text."""

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from tests.parley.ui.conftest import Desktop

SPACE, F9 = Qt.Key.Key_Space, Qt.Key.Key_F9


def send(kind: QEvent.Type, key: Qt.Key, to: QWidget, *, repeat: bool = False, text: str = "") -> None:
    QApplication.sendEvent(to, QKeyEvent(kind, key, Qt.KeyboardModifier.NoModifier, text, repeat))


@pytest.mark.parametrize("key", [SPACE, F9])
def test_holding_a_key_is_one_turn_however_often_it_repeats(desktop: Desktop, key: Qt.Key) -> None:
    window = desktop.window
    send(QEvent.Type.KeyPress, key, window)
    for _ in range(5):  # as X11 repeats: up and down again, both marked
        send(QEvent.Type.KeyRelease, key, window, repeat=True)
        send(QEvent.Type.KeyPress, key, window, repeat=True)
    assert desktop.called("press") == [()]
    assert desktop.called("release") == []

    send(QEvent.Type.KeyRelease, key, window)

    assert desktop.called("release") == [("",)]


def test_space_in_the_input_line_is_a_space(desktop: Desktop) -> None:
    field = desktop.window.talk_bar.composer.field
    field.setFocus()
    QTest.keyClicks(field, "a b")

    assert field.toPlainText() == "a b"
    assert desktop.called("press") == []


def test_space_in_the_search_field_is_a_space(desktop: Desktop) -> None:
    field = desktop.window.conversations.search_field
    field.setFocus()
    QTest.keyClicks(field, "a b")

    assert field.text() == "a b"
    assert desktop.called("press") == []


def test_after_a_typed_question_space_talks(desktop: Desktop) -> None:
    field = desktop.window.talk_bar.composer.field
    field.setFocus()
    QTest.keyClicks(field, "hello")
    QTest.keyClick(field, Qt.Key.Key_Return)
    send(QEvent.Type.KeyPress, SPACE, field, text=" ")
    send(QEvent.Type.KeyPress, SPACE, field, repeat=True, text=" ")
    assert desktop.called("press") == [()]

    send(QEvent.Type.KeyRelease, SPACE, field, text=" ")
    assert desktop.called("release") == [("",)]
    assert field.toPlainText() == ""


def test_f9_talks_from_the_input_line_and_takes_its_words_along(desktop: Desktop) -> None:
    field = desktop.window.talk_bar.composer.field
    field.setFocus()
    QTest.keyClicks(field, "in one word")
    send(QEvent.Type.KeyPress, F9, field)
    send(QEvent.Type.KeyRelease, F9, field)

    assert desktop.called("press") == [()]
    assert desktop.called("release") == [("in one word",)]
    assert field.toPlainText() == ""


def test_space_in_words_that_can_only_be_read_talks(desktop: Desktop) -> None:
    desktop.talk.send("hello")
    desktop.settle()
    words = next(card for card in desktop.window.view.cards.values() if card.turn.side == "assistant").text  # type: ignore[attr-defined]
    words.setFocus()
    send(QEvent.Type.KeyPress, SPACE, words)

    assert desktop.called("press") == [()]


def test_space_presses_no_button_and_enter_does(desktop: Desktop) -> None:
    button = desktop.window.talk_bar.mute_button
    button.setFocus()
    QTest.keyClick(button, SPACE)
    assert desktop.called("mute") == []
    assert desktop.called("press") == [()]

    QTest.keyClick(button, Qt.Key.Key_Return)
    assert desktop.called("mute") == [(True,)]


def test_the_window_losing_the_keyboard_ends_the_turn(desktop: Desktop) -> None:
    send(QEvent.Type.KeyPress, SPACE, desktop.window)
    QApplication.sendEvent(desktop.window, QEvent(QEvent.Type.WindowDeactivate))

    assert desktop.called("release") == [("",)]
    assert not desktop.window.keys.held


def test_space_with_a_modifier_is_not_ours(desktop: Desktop) -> None:
    QTest.keyPress(desktop.window, SPACE, Qt.KeyboardModifier.ControlModifier)

    assert desktop.called("press") == []


def test_both_keys_at_once_are_one_turn(desktop: Desktop) -> None:
    send(QEvent.Type.KeyPress, SPACE, desktop.window)
    send(QEvent.Type.KeyPress, F9, desktop.window)
    send(QEvent.Type.KeyRelease, F9, desktop.window)
    assert desktop.called("release") == []

    send(QEvent.Type.KeyRelease, SPACE, desktop.window)
    assert (desktop.called("press"), desktop.called("release")) == ([()], [("",)])


def test_no_text_field_has_the_focus_at_the_start(desktop: Desktop) -> None:
    focus = desktop.window.focusWidget()

    assert focus is None or (not focus.inherits("QPlainTextEdit") and not focus.inherits("QLineEdit"))


def test_esc_interrupts_from_everywhere_and_leaves_the_input_line(desktop: Desktop) -> None:
    field = desktop.window.talk_bar.composer.field
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_Escape)

    assert desktop.called("interrupt") == [()]
    assert not field.hasFocus()


@pytest.mark.parametrize(
    ("key", "modifiers", "call", "with_what"),
    [
        (Qt.Key.Key_M, Qt.KeyboardModifier.ControlModifier, "open_microphone", (True,)),
        (Qt.Key.Key_M, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier, "mute", (True,)),
        (Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier, "new_conversation", ()),
    ],
)
def test_a_shortcut_does_what_its_button_does(
    desktop: Desktop, key: Qt.Key, modifiers: Qt.KeyboardModifier, call: str, with_what: tuple[object, ...]
) -> None:
    QTest.keyClick(desktop.window, key, modifiers)

    assert desktop.called(call) == [with_what]


def test_ctrl_comma_opens_the_settings(desktop: Desktop) -> None:
    wanted: list[bool] = []
    desktop.window.settings_wanted.connect(lambda: wanted.append(True))
    QTest.keyClick(desktop.window, Qt.Key.Key_Comma, Qt.KeyboardModifier.ControlModifier)

    assert wanted == [True]


def test_the_talk_button_is_held_by_the_mouse_wherever_it_goes(desktop: Desktop) -> None:
    button = desktop.window.talk_bar.button
    QTest.mousePress(button, Qt.MouseButton.LeftButton)
    QTest.mouseMove(button, button.rect().bottomRight() * 3)
    assert desktop.called("release") == []

    QTest.mouseRelease(button, Qt.MouseButton.LeftButton)
    assert (desktop.called("press"), desktop.called("release")) == ([()], [("",)])


def test_enter_on_the_talk_button_begins_and_ends(desktop: Desktop) -> None:
    button = desktop.window.talk_bar.button
    button.setFocus()
    QTest.keyClick(button, Qt.Key.Key_Return)
    desktop.settle()
    assert (desktop.called("press"), desktop.called("release")) == ([()], [])

    QTest.keyClick(button, Qt.Key.Key_Return)
    assert desktop.called("release") == [("",)]
