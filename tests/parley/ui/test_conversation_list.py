"""Conversations: open, go on, rename, delete, search."""

from datetime import UTC, datetime

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from parley.conversation.events import Found
from parley.ui.conversation_list import ConversationList, when
from tests.parley.ui.conftest import Desktop


@pytest.fixture
def sidebar(desktop: Desktop) -> ConversationList:
    """Two conversations; the second is open."""
    desktop.talk.send("what is the capital of France")
    desktop.talk.new_conversation()
    desktop.talk.send("tell me a joke")
    desktop.settle()
    desktop.talk.calls.clear()
    return desktop.window.conversations


def titles(sidebar: ConversationList) -> list[str]:
    return [row.title for row in sidebar.model.rows]


def test_the_latest_comes_first_and_the_open_one_is_marked(sidebar: ConversationList, desktop: Desktop) -> None:
    assert titles(sidebar) == ["tell me a joke", "what is the capital of France"]
    assert sidebar.list.currentIndex().row() == 0
    assert desktop.window.header.title.accessibleName() == "tell me a joke"


def test_a_click_opens(sidebar: ConversationList, desktop: Desktop) -> None:
    index = sidebar.model.index(1)
    QTest.mouseClick(sidebar.list.viewport(), Qt.MouseButton.LeftButton, pos=sidebar.list.visualRect(index).center())
    desktop.settle()

    assert desktop.called("open_conversation") == [(1,)]
    assert "what is the capital of France" in [card.words for card in desktop.window.view.cards.values()]
    assert desktop.window.header.title.accessibleName() == "what is the capital of France"


def test_arrows_and_enter_open(sidebar: ConversationList, desktop: Desktop) -> None:
    sidebar.list.setFocus()
    QTest.keyClick(sidebar.list, Qt.Key.Key_Down)
    assert desktop.called("open_conversation") == []
    QTest.keyClick(sidebar.list, Qt.Key.Key_Return)

    assert desktop.called("open_conversation") == [(1,)]


def test_f2_renames_in_place(sidebar: ConversationList, desktop: Desktop) -> None:
    sidebar.list.setFocus()
    QTest.keyClick(sidebar.list, Qt.Key.Key_F2)
    editor = sidebar.list.findChild(QLineEdit)
    assert editor is not None
    editor.setText("Jokes")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    desktop.settle()

    assert desktop.called("rename_conversation") == [(2, "Jokes")]
    assert titles(sidebar)[0] == "Jokes"
    assert desktop.window.header.title.accessibleName() == "Jokes"


def test_delete_asks_first_and_then_it_is_gone(sidebar: ConversationList, desktop: Desktop) -> None:
    sidebar.list.setFocus()
    QTest.keyClick(sidebar.list, Qt.Key.Key_Delete)
    assert desktop.called("delete_conversation") == []
    yes = next(button for button in sidebar.question.buttons() if button.text() == "Delete")
    yes.click()
    desktop.settle()

    assert desktop.called("delete_conversation") == [(2,)]
    assert titles(sidebar) == ["what is the capital of France"]


def test_search_finds_words_and_opens_where_they_were_said(sidebar: ConversationList, desktop: Desktop, qtbot: QtBot) -> None:
    with qtbot.waitSignal(sidebar.searched):
        sidebar.search_field.setText("joke")
    desktop.settle()
    assert titles(sidebar) == ["tell me a joke"]
    sidebar.opened.emit(2)
    sidebar.search_field.clear()
    qtbot.waitUntil(lambda: len(sidebar.model.rows) == 2)


def test_late_news_of_an_older_search_is_ignored(sidebar: ConversationList, desktop: Desktop, qtbot: QtBot) -> None:
    with qtbot.waitSignal(sidebar.searched):
        sidebar.search_field.setText("nowhere to be found")
    desktop.settle()
    assert sidebar.empty.text() == "Nothing found."
    sidebar.show_found(Found("joke", ()))
    desktop.talk.search("joke")
    desktop.settle()

    assert titles(sidebar) == []


def test_new_begins_an_empty_one(sidebar: ConversationList, desktop: Desktop) -> None:
    sidebar.new_button.click()
    desktop.settle()

    assert desktop.called("new_conversation") == [()]
    assert desktop.window.view.welcome.isVisible()


def test_when_is_said_as_one_says_it() -> None:
    now = datetime(2026, 11, 21, 15, 0, tzinfo=UTC)

    assert when("2026-11-21T09:05:00+00:00", now) == "09:05"
    assert when("2026-11-20T23:59:00+00:00", now) == "yesterday"
    assert when("2026-11-17T12:00:00+00:00", now) == "Tuesday"
    assert when("2026-03-02T12:00:00+00:00", now) == "2 March"
    assert when("2025-03-02T12:00:00+00:00", now) == "2 March 2025"
    assert when("no time", now) == ""
