"""What an empty conversation shows: how to talk, and something to begin with."""

from urllib.parse import urlsplit

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from parley.conversation.offer import BuiltIn, EngineChoice, Remote
from parley.ui import icons
from parley.ui.buttons import Button
from parley.ui.flow_layout import FlowLayout
from parley.ui.theme import Space, Theme

KEYS = (
    ("Hold Space", "and speak; let go for the answer"),
    ("Ctrl+M", "open the microphone and just talk"),
    ("Esc", "interrupt, any time"),
)
SAMPLES = ("What is the capital of France?", "What is three plus four?", "What is the opposite of hot?")


class _Mark(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.setFixedSize(56, 56)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        icons.draw_as_is(painter, "parley", QRectF(self.rect()))
        painter.end()


class Welcome(QWidget):
    """The first-run hint; any new conversation shows it too."""

    suggested = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setSpacing(Space.M)
        column.addStretch(2)
        column.addWidget(_Mark(), 0, Qt.AlignmentFlag.AlignHCenter)
        self.title = QLabel()
        self.title.setProperty("role", "title")
        self.promise = QLabel()
        self.promise.setProperty("role", "caption")
        for words in (self.title, self.promise):
            words.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            words.setWordWrap(True)
            words.setTextFormat(Qt.TextFormat.PlainText)
            column.addWidget(words)
        self.show_speaker("Parley")
        self.show_engine(BuiltIn())
        column.addSpacing(Space.S)
        column.addWidget(self._keys(theme), 0, Qt.AlignmentFlag.AlignHCenter)
        column.addSpacing(Space.S)
        column.addLayout(self._samples(theme))
        column.addStretch(3)

    def show_speaker(self, name: str) -> None:
        """Who will answer."""
        self.title.setText(f"Talk to {name}")

    def show_engine(self, choice: EngineChoice) -> None:
        """Where what is said goes."""
        host = urlsplit(choice.url).hostname if isinstance(choice, Remote) else None
        where = "Nothing leaves this computer." if host is None else f"What you say and type goes to {host}."
        self.promise.setText(f"It hears you and answers aloud. {where}")

    def _keys(self, theme: Theme) -> QWidget:
        box = QWidget()
        grid = QGridLayout(box)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(Space.M)
        grid.setVerticalSpacing(Space.S)
        for row, (key, meaning) in enumerate(KEYS):
            cap = KeyCap(theme, key)
            grid.addWidget(cap, row, 0, Qt.AlignmentFlag.AlignRight)
            grid.addWidget(QLabel(meaning), row, 1)
        return box

    def _samples(self, theme: Theme) -> QVBoxLayout:
        column = QVBoxLayout()
        holder = QWidget()
        flow = FlowLayout(holder, Space.S, centred=True)
        for sample in SAMPLES:
            button = Button(theme, sample, height=32, role="caption", name=f"Ask: {sample}")
            button.setToolTip("")
            button.setProperty("sample", sample)
            button.clicked.connect(self._suggest)
            flow.addWidget(button)
        column.addWidget(holder)
        return column

    def _suggest(self) -> None:
        self.suggested.emit(self.sender().property("sample"))


class KeyCap(QLabel):
    """A key as it looks on a keyboard."""

    def __init__(self, theme: Theme, key: str) -> None:
        super().__init__(key)
        self._theme = theme
        self.setFont(theme.font("caption", strong=True))
        self.setContentsMargins(Space.S, 3, Space.S, 5)

    def paintEvent(self, event: QPaintEvent) -> None:
        """A cap with a lower edge."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(self._theme.colour("line_strong"))
        painter.setBrush(self._theme.colour("surface"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 5, 5)
        painter.drawLine(4, self.height() - 3, self.width() - 5, self.height() - 3)
        painter.end()
        super().paintEvent(event)
