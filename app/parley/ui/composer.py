"""The input line: instead of speech, or beside it in the same turn."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPlainTextEdit, QSizePolicy, QWidget

from parley.ui.buttons import Button
from parley.ui.theme import Radius, Space, Theme

LONGEST_LINES = 5
IDLE = ("Type a question, or words to go along with what you say", "Type a question")
LISTENING = ("Words typed now go along with what you say", "Words to go along")
"""What an empty field says, and what it says where that is too long."""


class _Field(QPlainTextEdit):
    """Grows with its lines; Enter sends, Shift+Enter breaks the line."""

    sent = Signal()
    focused = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setProperty("bare", "true")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setTabChangesFocus(True)
        self._invitations = IDLE
        self.setAccessibleName("Type to Parley")
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFont(theme.font("body"))
        self.document().setDocumentMargin(2)
        self.textChanged.connect(self.fit)
        self.fit()

    def fit(self) -> None:
        """As tall as the lines, up to a few."""
        lines = min(LONGEST_LINES, max(1, round(self.document().size().height())))
        self.setFixedHeight(lines * self.fontMetrics().lineSpacing() + 6)

    def invite(self, invitations: tuple[str, str]) -> None:
        """Say the first of them while the field is empty, or the second if the first is too long."""
        self._invitations = invitations
        room = self.viewport().width() - 2 * self.document().documentMargin()
        long, short = invitations
        fits = self.fontMetrics().horizontalAdvance(long) <= room
        self.setPlaceholderText(long if fits else short)
        self.viewport().update()  # Qt 6.10 paints other words only when something else has the field painted

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A new width breaks lines anew."""
        super().resizeEvent(event)
        self.invite(self._invitations)
        self.fit()

    def sizeHint(self) -> QSize:
        """One line."""
        return QSize(240, self.height())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter sends."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and not event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.sent.emit()
            return
        super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """The frame around it shows the focus."""
        super().focusInEvent(event)
        self.focused.emit()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """As above."""
        super().focusOutEvent(event)
        self.focused.emit()


class Composer(QWidget):
    """The field and its button in one frame."""

    sent = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        row = QHBoxLayout(self)
        row.setContentsMargins(Space.M, 5, 5, 5)
        row.setSpacing(Space.S)
        self.field = _Field(theme)
        self.send_button = Button(theme, icon="send", weight="primary", name="Send what is typed (Enter)", height=32)
        self.send_button.setEnabled(False)
        row.addWidget(self.field, 1, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.send_button, 0, Qt.AlignmentFlag.AlignBottom)
        self.field.sent.connect(self._send)
        self.field.focused.connect(self.update)
        self.field.textChanged.connect(self._changed)
        self.send_button.clicked.connect(self._send)

    def take(self) -> str:
        """What stands in the field; it is empty afterwards."""
        text = self.field.toPlainText().strip()
        self.field.clear()
        return text

    def show_speaking(self, on: bool) -> None:
        """Whether what is typed goes along with speech."""
        self.field.invite(LISTENING if on else IDLE)

    def _changed(self) -> None:
        self.send_button.setEnabled(bool(self.field.toPlainText().strip()))

    def _send(self) -> None:
        text = self.take()
        if text:
            self.sent.emit(text)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """One frame around both."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        focused = self.field.hasFocus()
        painter.setBrush(self._theme.colour("surface"))
        painter.setPen(QPen(self._theme.colour("accent" if focused else "line_strong"), 2 if focused else 1))
        inset = 1.0 if focused else 0.5
        painter.drawRoundedRect(self.rect().toRectF().adjusted(inset, inset, -inset, -inset), Radius.L, Radius.L)
        painter.end()
