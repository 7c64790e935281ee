"""The upper edge of the conversation: its title, the engine, what opens beside it."""

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from parley.conversation.events import EngineChanged, EngineState
from parley.ui.buttons import Button
from parley.ui.theme import Space, Theme

WORDS = {
    EngineState.STARTING: ("starting", "thinking"),
    EngineState.LOADING: ("loading", "thinking"),
    EngineState.READY: ("ready", "good"),
    EngineState.ASLEEP: ("asleep", "ink_soft"),
    EngineState.STUCK: ("does not answer", "warning"),
    EngineState.DIED: ("died, starting again", "danger"),
    EngineState.FAILED: ("failed", "danger"),
    EngineState.STOPPED: ("stopped", "ink_soft"),
}


UNREACHABLE = ("unreachable, trying again", "danger")
"""In place of DIED, where the engine is not ours to start."""


class EngineChip(QWidget):
    """A dot and the name of who answers."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.text, self._colour = "Engine", "ink_soft"
        self._title = ""
        self.show_engine(EngineChanged(EngineState.STARTING))

    def show_engine(self, news: EngineChanged, *, is_remote: bool = False) -> None:
        """How it is."""
        word, self._colour = UNREACHABLE if is_remote and news.state is EngineState.DIED else WORDS[news.state]
        if news.offer is not None:
            self._title = news.offer.title
        self.text = self._title if news.state is EngineState.READY and self._title else f"{self._title or 'Engine'} · {word}"
        self.setAccessibleName(f"Engine {self._title}: {word}")
        self.setToolTip(news.message or f"{self._title or 'The engine'} is {word}")
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """As wide as its words."""
        metrics = QFontMetrics(self._theme.font("caption"))
        return QSize(metrics.horizontalAdvance(self.text) + 32, 26)

    def minimumSizeHint(self) -> QSize:
        """Never cut."""
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """A pill."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(0, (self.height() - 26) / 2, self.width(), 26)
        painter.setPen(self._theme.colour("line"))
        painter.setBrush(self._theme.colour("surface"))
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 13, 13)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.colour(self._colour))
        painter.drawEllipse(QRectF(11, box.center().y() - 4, 8, 8))
        painter.setPen(self._theme.colour("ink_soft"))
        painter.setFont(self._theme.font("caption"))
        painter.drawText(box.adjusted(25, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, self.text)
        painter.end()


class Elided(QLabel):
    """A line that ends in … where there is no room."""

    def __init__(self) -> None:
        super().__init__()
        self._whole = ""

    def show_text(self, text: str) -> None:
        """Show as much as fits."""
        self._whole = text
        self.setAccessibleName(text)
        self._fit()

    def minimumSizeHint(self) -> QSize:
        """It may become very short."""
        return QSize(40, super().minimumSizeHint().height())

    def sizeHint(self) -> QSize:
        """As long as the text."""
        return QSize(self.fontMetrics().horizontalAdvance(self._whole) + 4, super().sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """More or less room."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        self.setText(self.fontMetrics().elidedText(self._whole, Qt.TextElideMode.ElideRight, self.width()))
        self.setToolTip(self._whole if self.text() != self._whole else "")
        self.updateGeometry()


class Header(QWidget):
    """Title on the left, engine and buttons on the right."""

    sidebar_toggled = Signal(bool)
    panel_toggled = Signal(bool)
    settings_wanted = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(Space.M, Space.S, Space.M, Space.S)
        row.setSpacing(Space.S)
        self.sidebar_button = Button(theme, icon="conversations", weight="quiet", name="Conversations (Ctrl+B)")
        self.sidebar_button.setCheckable(True)
        self.title = Elided()
        self.title.setProperty("role", "heading")
        self.chip = EngineChip(theme)
        self.panel_button = Button(theme, icon="settings", weight="quiet", name="Style and roles (Ctrl+J)")
        self.panel_button.setCheckable(True)
        self.settings_button = Button(theme, icon="gear", weight="quiet", name="Settings (Ctrl+,)")
        row.addWidget(self.sidebar_button)
        row.addWidget(self.title, 1)
        row.addWidget(self.chip)
        row.addWidget(self.panel_button)
        row.addWidget(self.settings_button)
        self.sidebar_button.clicked.connect(self.sidebar_toggled)
        self.panel_button.clicked.connect(self.panel_toggled)
        self.settings_button.clicked.connect(self.settings_wanted)
