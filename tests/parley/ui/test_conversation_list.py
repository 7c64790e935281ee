"""Conversations: open, go on, rename, delete, search."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFontMetrics
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from parley.conversation.events import Found
from parley.conversation.turns import Hit
from parley.ui.conversation_list import KEPT, NOT_KEPT, TITLE, ConversationList, shown_before, when
from parley.ui.theme import LIGHT, Theme
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


def test_a_search_leaves_what_was_found_and_all_is_back_when_it_ends(sidebar: ConversationList, desktop: Desktop, qtbot: QtBot) -> None:
    with qtbot.waitSignal(sidebar.searched):
        sidebar.search_field.setText("joke")
    desktop.settle()
    assert titles(sidebar) == ["tell me a joke"]
    sidebar.search_field.clear()
    qtbot.waitUntil(lambda: len(sidebar.model.rows) == 2)


def test_what_was_found_is_seen_however_much_stands_before_it(sidebar: ConversationList, desktop: Desktop) -> None:
    heading = desktop.talk.conversations[1][0]
    sidebar.search_field.setText("Paris")
    accent = QColor(LIGHT.accent_ink).rgb()

    def accented(before: str) -> int:
        sidebar.show_found(Found("Paris", (Hit(heading, 2, before, "Paris", " is what you mean."),)))
        desktop.settle()
        row = sidebar.list.viewport().grab(sidebar.list.visualRect(sidebar.model.index(0))).toImage()
        return sum(row.pixelColor(x, y).rgb() == accent for x in range(row.width()) for y in range(row.height()))

    assert accented("") > 0
    assert accented("I have thought about it for as long as I could, and I believe that ") == accented("…that ")


def test_what_stands_before_is_shown_as_far_as_there_is_room(theme: Theme, sidebar: ConversationList, desktop: Desktop) -> None:
    metrics, heading = QFontMetrics(theme.font("body")), desktop.talk.conversations[1][0]
    short = Hit(heading, 2, "The capital is ", "Paris", ".")
    strong = QFontMetrics(theme.font("body", strong=True))
    width = metrics.horizontalAdvance("The capital is .") + strong.horizontalAdvance("Paris") + 2
    cut = shown_before(short, theme, width * 0.75)

    assert shown_before(short, theme, width) == "The capital is "
    assert cut.startswith("…")
    assert metrics.horizontalAdvance(cut) + strong.horizontalAdvance("Paris") <= width * 0.75


def test_a_hit_opens_the_conversation_at_its_turn_and_stays_marked(sidebar: ConversationList, desktop: Desktop, qtbot: QtBot) -> None:
    for number in range(30):
        desktop.talk.send(f"question {number}")
    desktop.talk.new_conversation()
    desktop.settle()
    with qtbot.waitSignal(sidebar.searched):
        sidebar.search_field.setText("question")
    desktop.settle()
    index = sidebar.model.index(4)
    QTest.mouseClick(sidebar.list.viewport(), Qt.MouseButton.LeftButton, pos=sidebar.list.visualRect(index).center())
    view = desktop.window.view
    hit = sidebar.model.rows[4].hit
    assert hit is not None
    qtbot.waitUntil(lambda: hit.turn in view.cards)
    card = view.cards[hit.turn]

    assert card.words == "question 4"
    qtbot.waitUntil(view.latest_button.isVisible)  # the cards have found their heights
    assert 0 <= card.mapTo(view.viewport(), card.rect().topLeft()).y() <= 40
    assert sidebar.list.currentIndex().row() == 4


def test_a_hit_renames_the_conversation_not_its_words(sidebar: ConversationList, desktop: Desktop, qtbot: QtBot) -> None:
    with qtbot.waitSignal(sidebar.searched):
        sidebar.search_field.setText("Paris")
    desktop.settle()
    shown = sidebar.model.index(0)
    assert shown.data() == "The capital of France is Paris."
    assert shown.data(TITLE) == "what is the capital of France"


def test_what_there_is_to_say_of_an_empty_list_is_said_where_the_list_would_be(
    sidebar: ConversationList, desktop: Desktop, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(sidebar.searched):
        sidebar.search_field.setText("nowhere to be found")
    desktop.settle()
    field, empty = sidebar.search_field, sidebar.empty
    assert 0 < empty.mapTo(sidebar, empty.rect().topLeft()).y() - field.mapTo(sidebar, field.rect().bottomLeft()).y() <= 24

    sidebar.search_field.clear()
    qtbot.waitUntil(sidebar.list.isVisible)
    assert not empty.isVisible()


def test_an_empty_list_does_not_promise_what_was_switched_off(desktop: Desktop) -> None:
    sidebar, settings = desktop.window.conversations, desktop.chosen.settings
    assert sidebar.empty.text() == KEPT
    desktop.chosen.choose(replace(settings, privacy=replace(settings.privacy, keep_history=False)))

    assert sidebar.empty.text() == NOT_KEPT


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
