"""The window as a whole: sizes, names, notices, the way in for other threads."""

import threading
from dataclasses import replace

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QAbstractSlider, QComboBox, QLineEdit, QPlainTextEdit, QScrollBar, QWidget
from pytestqt.qtbot import QtBot

from parley.conversation.events import (
    ConversationsListed,
    Crashed,
    EngineChanged,
    EngineState,
    Rang,
    SoundChanged,
    Stumbled,
    Timer,
    TimersChanged,
)
from parley.settings import EngineSettings, Settings
from parley.ui.bridge import Bridge
from parley.ui.chosen import Chosen
from parley.ui.engine_page import Machine
from parley.ui.settings_dialog import SettingsDialog
from parley.ui.window import Window
from tests.fakes.window_talk import RICH
from tests.parley.ui.conftest import Desktop, end

INTERACTIVE = (QAbstractButton, QAbstractSlider, QComboBox, QLineEdit, QPlainTextEdit, QAbstractItemView)


def operable(top: QWidget) -> list[QWidget]:
    """Everything that a user can operate; parts that Qt makes inside of a widget left out."""
    return [
        widget
        for widget in top.findChildren(QWidget)
        if isinstance(widget, INTERACTIVE)
        and not isinstance(widget, QScrollBar)
        and not widget.objectName().startswith("qt_")
        and not (isinstance(widget.parent(), (QLineEdit, QComboBox)) or widget.inherits("QComboBoxListView"))
    ]


def test_its_name_is_parley(desktop: Desktop) -> None:
    assert desktop.window.windowTitle() == "Parley"
    assert not desktop.window.windowIcon().isNull()


def test_everything_that_can_be_operated_has_a_name_that_is_read_aloud(desktop: Desktop) -> None:
    desktop.talk.spoken("hello there", text="and typed")
    desktop.talk.tell(TimersChanged((Timer(1, "tea", "2026-11-21T07:05:00+00:00"),)))
    desktop.talk.tell(EngineChanged(EngineState.FAILED, "It can't be started."))
    desktop.talk.tell(EngineChanged(EngineState.READY, offer=RICH))
    desktop.talk.tell(Stumbled("Something."))
    desktop.settle()
    dialog = SettingsDialog(desktop.theme, desktop.desk, Machine(lambda: ["mini"], list, lambda _: None), desktop.chosen, desktop.window)  # type: ignore[arg-type, return-value]
    found = [*operable(desktop.window), *operable(dialog)]
    nameless = [f"{type(widget).__name__} {widget.objectName()}" for widget in found if not widget.accessibleName()]
    dialog.engine.close_errands()

    assert len(found) > 90
    assert nameless == []


def test_everything_can_be_reached_by_tab(desktop: Desktop) -> None:
    desktop.talk.send("hello")
    desktop.settle()
    window = desktop.window
    wanted = {widget for widget in operable(window) if widget.isVisible() and widget.isEnabled()}
    window.header.settings_button.setFocus(Qt.FocusReason.TabFocusReason)
    reached: set[QWidget] = set()
    for _ in range(120):
        QTest.keyClick(window.focusWidget() or window, Qt.Key.Key_Tab)
        focus = window.focusWidget()
        if focus is not None:
            reached.add(focus)
    exclusive = {widget for widget in wanted if isinstance(widget, QAbstractButton) and widget.group() is not None}

    assert {widget.accessibleName() for widget in wanted - exclusive - reached} == set()


@pytest.mark.parametrize(("width", "height"), [(900, 600), (1200, 800), (720, 520), (420, 480), (1920, 1080)])
def test_nothing_is_cut_or_overlaps(desktop: Desktop, width: int, height: int) -> None:
    desktop.talk.spoken("what is the capital of France")
    desktop.talk.answer(None, heard=10)
    window = desktop.window
    window.resize(width, height)
    desktop.settle()
    bar = window.talk_bar
    parts = [bar.word, bar.hint, bar.button, bar.open_button, bar.mute_button, bar.stop_button, bar.composer, window.header.chip]
    boxes = {part: part.rect().translated(part.mapTo(window, part.rect().topLeft())) for part in parts}

    assert (window.width(), window.height()) == (width, height)
    for part, box in boxes.items():
        assert window.rect().contains(box), part
        assert part.width() >= part.minimumSizeHint().width(), part
    apart = [box for part, box in boxes.items() if part is not bar.hint and part is not bar.word]
    assert not any(one.intersects(two) for at, one in enumerate(apart) for two in apart[at + 1 :])
    assert not boxes[bar.hint].intersects(boxes[bar.button])
    assert window.view.width() >= 400


def test_at_900_by_600_the_sides_give_way_and_come_when_called(desktop: Desktop) -> None:
    window = desktop.window
    window.resize(900, 600)
    desktop.settle()
    assert (window.sidebar.isVisible(), window.panel.isVisible()) == (False, True)
    QTest.keyClick(window, Qt.Key.Key_B, Qt.KeyboardModifier.ControlModifier)
    assert (window.sidebar.isVisible(), window.panel.isVisible()) == (True, False)
    QTest.keyClick(window, Qt.Key.Key_J, Qt.KeyboardModifier.ControlModifier)
    assert (window.sidebar.isVisible(), window.panel.isVisible()) == (False, True)


@pytest.mark.parametrize("width", [420, 720, 760])
def test_where_there_is_no_room_a_side_lies_over_the_conversation_until_it_is_put_away(desktop: Desktop, width: int) -> None:
    window = desktop.window
    window.resize(width, 600)
    desktop.settle()
    assert (window.sidebar.isVisible(), window.panel.isVisible()) == (False, False)

    button = window.header.panel_button
    button.click()
    desktop.settle()
    left = window.panel.mapTo(window, window.panel.rect().topLeft()).x()
    assert window.panel.isVisible()
    assert 0 < left < left + window.panel.width() <= width
    assert button.isChecked()
    assert window.childAt(button.mapTo(window, button.rect().center())) is button  # not covered
    assert window.view.width() >= 400  # nothing was pushed aside

    window.header.sidebar_button.click()
    assert (window.sidebar.isVisible(), window.panel.isVisible()) == (True, False)
    veil = window.childAt(width - 10, 300)
    assert veil is not None
    QTest.mouseClick(veil, Qt.MouseButton.LeftButton)
    assert (window.sidebar.isVisible(), window.panel.isVisible()) == (False, False)
    assert not window.header.sidebar_button.isChecked()

    window.resize(1200, 800)
    desktop.settle()
    assert (window.sidebar.isVisible(), window.panel.isVisible()) == (True, True)


def test_search_in_a_narrow_window_is_seen_and_leaves_with_what_was_picked(desktop: Desktop) -> None:
    desktop.talk.send("what is the capital of France")
    window = desktop.window
    window.resize(420, 600)
    desktop.settle()
    QTest.keyClick(window, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert window.conversations.search_field.isVisible()
    assert window.focusWidget() is window.conversations.search_field

    chosen = window.conversations.list
    QTest.mouseClick(chosen.viewport(), Qt.MouseButton.LeftButton, pos=chosen.visualRect(chosen.model().index(0, 0)).center())
    assert not window.sidebar.isVisible()

    QTest.keyClick(window, Qt.Key.Key_B, Qt.KeyboardModifier.ControlModifier)
    assert window.sidebar.isVisible()
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert not window.sidebar.isVisible()


def test_a_side_that_gives_way_leaves_no_mark_of_the_keyboard_elsewhere(desktop: Desktop) -> None:
    window = desktop.window
    window.conversations.new_button.setFocus(Qt.FocusReason.ActiveWindowFocusReason)
    window.resize(720, 520)
    desktop.settle()

    assert window.focusWidget() is None


@pytest.mark.parametrize("width", [420, 760])
@pytest.mark.parametrize("side", [Qt.Key.Key_B, Qt.Key.Key_J])
def test_what_lies_behind_an_open_side_is_not_reached_by_the_keyboard(desktop: Desktop, width: int, side: Qt.Key) -> None:
    desktop.talk.send("hello")
    window = desktop.window
    window.resize(width, 600)
    window.talk_bar.composer.field.setFocus()
    desktop.settle()
    QTest.keyClick(window, side, Qt.KeyboardModifier.ControlModifier)
    assert window.focusWidget() is None  # else what is typed goes to where nobody sees it
    over = window.sidebar if window.sidebar.isVisible() else window.panel_side
    for _ in range(60):
        QTest.keyClick(window.focusWidget() or window, Qt.Key.Key_Tab)
        focus = window.focusWidget()
        assert focus is None or over.isAncestorOf(focus) or window.header.isAncestorOf(focus)

    QTest.keyClick(window.focusWidget() or window, Qt.Key.Key_Escape)
    assert not over.isVisible()
    assert window.focusWidget() is window.talk_bar.composer.field
    QTest.keyClick(window.talk_bar.composer.field, Qt.Key.Key_Escape)
    assert window.focusWidget() is None


def test_the_keyboard_is_not_given_back_to_what_is_gone(desktop: Desktop) -> None:
    desktop.talk.send("hello")
    window = desktop.window
    window.resize(420, 600)
    desktop.settle()
    card = next(iter(window.view.cards.values()))
    card.copy_button.setFocus()
    QTest.keyClick(window, Qt.Key.Key_B, Qt.KeyboardModifier.ControlModifier)
    card.setParent(None)
    card.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert window.focusWidget() is None


def test_who_searches_in_a_window_that_becomes_wide_goes_on_searching(desktop: Desktop) -> None:
    window = desktop.window
    window.resize(420, 600)
    window.talk_bar.composer.field.setFocus()
    desktop.settle()
    QTest.keyClick(window, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    window.resize(1200, 800)
    desktop.settle()
    assert window.focusWidget() is window.conversations.search_field
    assert window.talk_bar.composer.field.isEnabled()


def test_who_wants_to_type_leaves_the_side_that_lies_over_the_conversation(desktop: Desktop) -> None:
    window = desktop.window
    window.resize(420, 600)
    desktop.settle()
    QTest.keyClick(window, Qt.Key.Key_J, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(window, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    assert not window.panel_side.isVisible()
    assert window.focusWidget() is window.talk_bar.composer.field


def test_its_place_is_kept(desktop: Desktop) -> None:
    desktop.window.resize(760, 607)
    desktop.settle()
    chosen = Chosen(Settings(window=desktop.window.place))
    again = Window(desktop.theme, desktop.talk, desktop.desk, desktop.cast, chosen)

    assert (again.width(), again.height()) == (760, 607)
    end(again)


def test_a_dead_engine_is_told_with_the_way_out(desktop: Desktop) -> None:
    desktop.talk.tell(EngineChanged(EngineState.DIED, "The engine died; another one is being started."))
    desktop.settle()
    notice = desktop.window.banner.notice("engine")
    assert notice is not None and notice.label.text() == "The engine died; another one is being started."
    next(button for button in notice.findChildren(QAbstractButton) if button.text() == "Try again").click()
    assert desktop.called("retry") == [()]

    desktop.talk.tell(EngineChanged(EngineState.READY, offer=RICH))
    desktop.settle()
    assert desktop.window.banner.notice("engine") is None
    assert not desktop.window.banner.isVisible()


def test_an_engine_elsewhere_is_out_of_reach_not_dead_and_its_address_can_be_put_right(desktop: Desktop) -> None:
    desktop.chosen.choose(replace(desktop.chosen.settings, engine=EngineSettings("remote", url="wss://voice.example.org")))
    desktop.talk.tell(EngineChanged(EngineState.DIED, "voice.example.org is not there. Trying again."))
    desktop.settle()
    notice, bar = desktop.window.banner.notice("engine"), desktop.window.talk_bar
    assert notice is not None
    assert [button.text() for button in notice.findChildren(QAbstractButton)] == ["Try again", "Settings"]
    assert (bar.word.text(), "died" in desktop.window.header.chip.text) == ("No connection", False)
    assert "started again" not in bar.hint.text()


def test_trouble_is_one_sentence_that_can_be_put_away(desktop: Desktop) -> None:
    desktop.talk.tell(Stumbled("The recording can't be written: the disk is full."))
    desktop.talk.tell(Crashed("Parley stumbled over a bug of its own; the log has it."))
    desktop.settle()
    assert len(desktop.window.banner.texts) == 2
    for key in ("trouble", "crashed"):
        notice = desktop.window.banner.notice(key)
        assert notice is not None
        next(button for button in notice.findChildren(QAbstractButton) if button.accessibleName() == "Close this note").click()

    assert desktop.window.banner.texts == []


def test_words_of_others_are_never_taken_for_markup(desktop: Desktop) -> None:
    desktop.talk.tell(Stumbled("<b>bold</b> & <img src=x>"))
    desktop.settle()
    notice = desktop.window.banner.notice("trouble")

    assert notice is not None
    assert notice.label.textFormat() is Qt.TextFormat.PlainText


def test_no_speaker_says_that_answers_can_be_read(desktop: Desktop) -> None:
    desktop.talk.tell(SoundChanged("Microphone", None))
    desktop.settle()

    assert "read" in desktop.window.banner.texts[0]


def test_timers_count_down_can_be_cancelled_and_ring(desktop: Desktop) -> None:
    timer = Timer(7, "tea", "2036-11-21T07:05:00+00:00")
    desktop.talk.tell(TimersChanged((timer,)))
    desktop.settle()
    (button,) = desktop.window.timers.buttons
    assert button.text().startswith("tea ")
    button.click()
    desktop.settle()
    assert desktop.called("cancel_timer") == [(7,)]
    assert not desktop.window.timers.isVisible()

    desktop.talk.tell(Rang(timer))
    desktop.settle()
    assert desktop.window.banner.texts == ["The timer rings: tea"]


def test_news_from_another_thread_arrives_on_the_windows_own(qtbot: QtBot) -> None:
    bridge, threads = Bridge(), []
    seen: list[object] = []

    def note(event: object) -> None:
        threads.append(threading.current_thread())
        seen.append(event)

    bridge.arrived.connect(note)
    events = [ConversationsListed(()) for _ in range(50)]

    def tell_all() -> None:
        for event in events:
            bridge.tell(event)

    worker = threading.Thread(target=tell_all)
    worker.start()
    worker.join()
    assert seen == []  # told, not yet delivered: the teller never runs our code
    qtbot.waitUntil(lambda: len(seen) == 50)

    assert set(threads) == {threading.main_thread()}
    assert all(one is two for one, two in zip(seen, events, strict=True))
