"""A window with a scripted conversation behind it, on a screen that nobody sees."""

import os
from collections.abc import Iterator
from dataclasses import dataclass

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QApplication, QWidget

from parley.settings import Settings
from parley.ui.bridge import Bridge
from parley.ui.chosen import Chosen
from parley.ui.desk_talk import DeskTalk
from parley.ui.theme import Theme
from parley.ui.window import Window
from tests.fakes.window_talk import MemoryCast, QuietDesk, ScriptedTalk


@dataclass
class Desktop:
    """Everything that a test of the window touches."""

    app: QApplication
    theme: Theme
    window: Window
    talk: ScriptedTalk
    desk: QuietDesk
    cast: MemoryCast
    chosen: Chosen

    def settle(self) -> None:
        """Let everything arrive that was told."""
        for _ in range(3):
            self.app.processEvents()

    def called(self, name: str) -> list[tuple[object, ...]]:
        """What the window asked of the conversation under this name."""
        return [tuple(call[1:]) for call in self.talk.calls if call[0] == name]


@pytest.fixture(scope="session")
def look(qapp: QApplication) -> Theme:
    return Theme(qapp, "light")


@pytest.fixture
def theme(look: Theme) -> Theme:
    look.use("light")
    return look


@pytest.fixture
def large(qapp: QApplication, theme: Theme) -> Iterator[Theme]:
    """The look on a desktop with large type."""
    before = qapp.font()
    font = QFont(before)
    font.setPointSizeF(17)
    qapp.setFont(font)
    yield Theme(qapp, "light")
    qapp.setFont(before)
    theme.use("dark")  # wears the style sheet of the usual size again, as it has changed
    theme.use("light")


def end(window: QWidget) -> None:
    """Really gone, as it would be with the program: what lives on slows every test after it."""
    window.close()
    window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


@pytest.fixture
def desktop(qapp: QApplication, theme: Theme) -> Iterator[Desktop]:
    bridge = Bridge()
    talk, desk, cast, chosen = ScriptedTalk(bridge.tell), QuietDesk(), MemoryCast(), Chosen(Settings())
    window = Window(theme, talk, desk, cast, chosen)
    DeskTalk(window, talk, bridge)
    made = Desktop(qapp, theme, window, talk, desk, cast, chosen)
    window.show()
    window.activateWindow()
    talk.start()
    made.settle()
    talk.calls.clear()
    yield made
    end(window)
