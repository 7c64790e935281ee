"""The words of an answer: they fill in as they come, tinted by how they are spoken, greyed where nobody heard them."""

from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextLine,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QSizePolicy, QTextEdit

from parley.conversation.turns import Segment, Turn
from parley.ui.theme import Theme, tint_of
from parley_models.style import Style

LINES = QTextBlockFormat()
LINES.setLineHeight(125, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)


@dataclass(slots=True)
class Stretch:
    """Words in one style, as positions in the text."""

    start: int
    end: int
    style: Style = Style()


class SpokenText(QTextEdit):
    """Read-only text as tall as its words. Words that still wait to be heard are softer than those that were."""

    grew = Signal()
    """It became taller or shorter."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._stretches: dict[int, Stretch] = {}
        self._heard = 0
        self._waits = False
        """Whether what is written now is still to be heard."""

        self.setReadOnly(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard)
        self.setStyleSheet("QTextEdit { background: transparent; border: none; padding: 0; }")
        self.document().setDocumentMargin(3)
        self.document().setUndoRedoEnabled(False)
        self.setFont(theme.font("reading"))
        self.document().documentLayout().documentSizeChanged.connect(self._fit)
        theme.changed.connect(self._recolour)
        self.setAccessibleName("Words")
        self._fit()

    @property
    def words(self) -> str:
        """Everything that stands there."""
        return self.toPlainText()

    def write(self, text: str, segment: int, style: Style) -> None:
        """Add words at the end; they wait to be heard."""
        self._waits = True
        self._append(text, "ink_soft")
        end = self._length
        stretch = self._stretches.setdefault(segment, Stretch(end - len(text.lstrip()), end, style))
        stretch.end = end
        self._colour(max(0, self._heard), end, "ink_soft")

    def hear(self, characters: int) -> None:
        """So many characters have been heard by now."""
        reached = min(characters, self._length)
        if reached > self._heard:
            self._colour(self._heard, reached, "ink")
            self._heard = reached

    def restyle(self, segment: int, content: Segment) -> None:
        """A stretch is complete: this is how it was spoken."""
        if segment in self._stretches:
            self._stretches[segment].style = content.style
            self.viewport().update()

    def show_turn(self, turn: Turn) -> None:
        """Show a turn as it was kept: what was heard, and greyed what was not."""
        self._waits = False
        self._stretches.clear()
        self.clear()
        for number, segment in enumerate(turn.segments or (Segment(turn.text, turn.style),)):
            self._append(self._joint(segment.text), "ink")
            start = self._length
            self._append(segment.text, "ink")
            self._stretches[number] = Stretch(start, self._length, segment.style)
        self._heard = self._length
        if turn.unheard:
            self._cut(turn)

    def _cut(self, turn: Turn) -> None:
        """Grey the rest that nobody heard, whether or not it is part of the segments."""
        whole = self.toPlainText()
        if whole.startswith(turn.text) and whole[len(turn.text) :].strip() == turn.unheard.strip():
            self._heard = len(turn.text)
        else:
            self._heard = len(whole)
            self._append(self._joint(turn.unheard) + turn.unheard, "ink_faint")
        self._colour(self._heard, self._length, "ink_faint")
        for stretch in self._stretches.values():
            stretch.end = min(stretch.end, self._heard)

    def _joint(self, text: str) -> str:
        """What stands between the words so far and these."""
        whole = self.toPlainText()
        return "" if not whole or not text or whole[-1].isspace() or text[0].isspace() else " "

    @property
    def _length(self) -> int:
        return self.document().characterCount() - 1

    def _append(self, text: str, colour: str) -> None:
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.setBlockFormat(LINES)
        cursor.insertText(text, self._ink(colour))

    def _colour(self, start: int, end: int, colour: str) -> None:
        cursor = QTextCursor(self.document())
        cursor.setPosition(start)
        cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
        cursor.mergeCharFormat(self._ink(colour))

    def _ink(self, colour: str) -> QTextCharFormat:
        ink = QTextCharFormat()
        ink.setForeground(self._theme.colour(colour))
        return ink

    def _recolour(self) -> None:
        self._colour(0, self._heard, "ink")
        self._colour(self._heard, self._length, "ink_soft" if self._waits else "ink_faint")

    def _fit(self, *_size: object) -> None:
        height = max(round(self.document().size().height()), self.fontMetrics().lineSpacing() + 6)
        if height != self.height():
            self.setFixedHeight(height)
            self.grew.emit()

    def sizeHint(self) -> QSize:
        """As tall as the words."""
        return QSize(320, self.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A new width breaks lines anew."""
        super().resizeEvent(event)
        self._fit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """The wheel scrolls the conversation."""
        event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Tints first, words over them."""
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        for stretch in self._stretches.values():
            tint = tint_of(stretch.style, self._theme.palette)
            if tint is not None:
                painter.setBrush(QColor(tint))
                for box in self._boxes(stretch):
                    painter.drawRoundedRect(box, 4, 4)
        painter.end()
        super().paintEvent(event)

    def _boxes(self, stretch: Stretch) -> list[QRectF]:
        """Where a stretch lies, one box a line."""
        boxes = []
        block = self.document().findBlock(stretch.start)
        while block.isValid() and block.position() < stretch.end:
            layout, origin = block.layout(), self.document().documentLayout().blockBoundingRect(block).topLeft()
            first, last = max(0, stretch.start - block.position()), min(block.length() - 1, stretch.end - block.position())
            for index in range(layout.lineCount()):
                row = layout.lineAt(index)
                start, end = max(first, row.textStart()), min(last, row.textStart() + row.textLength())
                text = block.text()[start:end].rstrip()
                if start < end and text:
                    left, right = _x(row, start), _x(row, start + len(text))
                    boxes.append(QRectF(origin.x() + left - 2, origin.y() + row.y() + 0.5, right - left + 4, row.height() - 1))
            block = block.next()
        return boxes


def _x(row: QTextLine, position: int) -> float:
    """Where a character begins on its line; the binding gives (x, position)."""
    found: Any = row.cursorToX(position)
    return float(found[0])
