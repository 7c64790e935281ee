"""What the user has to know now: one sentence, and the way out as a button."""

from collections.abc import Callable
from typing import Literal

from PySide6.QtCore import QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from parley.ui import icons
from parley.ui.buttons import Button
from parley.ui.theme import Radius, Space, Theme

Tone = Literal["info", "warning", "danger"]
GROUNDS = {"info": "accent_soft", "warning": "warning_soft", "danger": "danger_soft"}
INKS = {"info": "accent_ink", "warning": "warning", "danger": "danger"}
ICONS = {"info": "info", "warning": "warning", "danger": "warning"}
READING_MS = 15_000


class Notice(QWidget):
    """One sentence in a coloured strip."""

    closed = Signal(str)

    def __init__(self, theme: Theme, key: str, tone: Tone, text: str) -> None:
        super().__init__()
        self._theme, self.key, self._tone = theme, key, tone
        row = QHBoxLayout(self)
        row.setContentsMargins(Space.M + 18 + Space.S, Space.S, Space.S, Space.S)
        row.setSpacing(Space.S)
        self.label = QLabel(text)
        self.label.setWordWrap(True)
        self.label.setTextFormat(Qt.TextFormat.PlainText)
        self.label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.label.setAccessibleName(f"{'Note' if tone == 'info' else 'Trouble'}: {text}")
        row.addWidget(self.label, 1)
        self._row = row

    def offer(self, label: str, act: Callable[[], None]) -> Button:
        """Add a button."""
        button = Button(self._theme, label, height=30, role="caption")
        button.clicked.connect(act)
        self._row.addWidget(button)
        return button

    def closable(self) -> None:
        """Let the user put it away."""
        button = Button(self._theme, icon="close", weight="quiet", name="Close this note", height=28)
        button.clicked.connect(self.close_it)
        self._row.addWidget(button)

    def close_it(self) -> None:
        """It was read."""
        self.closed.emit(self.key)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Ground and icon."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.colour(GROUNDS[self._tone]))
        painter.drawRoundedRect(QRectF(self.rect()), Radius.M, Radius.M)
        icons.draw(painter, ICONS[self._tone], QRectF(Space.M, self.height() / 2 - 9, 18, 18), self._theme.colour(INKS[self._tone]))
        painter.end()


class Banner(QWidget):
    """Notices below one another; one of each kind."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._notices: dict[str, Notice] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(Space.L, Space.S, Space.L, 0)
        self._column.setSpacing(Space.XS)
        self.setAccessibleName("Notices")
        self.hide()

    @property
    def texts(self) -> list[str]:
        """What is being said."""
        return [notice.label.text() for notice in self._notices.values()]

    def notice(self, key: str) -> Notice | None:
        """The one of this kind."""
        return self._notices.get(key)

    def say(self, key: str, tone: Tone, text: str, offers: dict[str, Callable[[], None]] | None = None, *, passing: bool = False) -> Notice:
        """Show a sentence in place of the last of its kind; a passing one goes away after a while, and can be put away."""
        self.clear(key)
        notice = Notice(self._theme, key, tone, text)
        for label, act in (offers or {}).items():
            notice.offer(label, act)
        notice.closed.connect(self.clear)
        if passing:
            notice.closable()
            QTimer.singleShot(READING_MS, notice, notice.close_it)
        self._notices[key] = notice
        self._column.addWidget(notice)
        self.show()
        return notice

    def clear(self, key: str) -> None:
        """Nothing more of this kind."""
        notice = self._notices.pop(key, None)
        if notice is not None:
            notice.hide()
            notice.deleteLater()
        self.setVisible(bool(self._notices))
