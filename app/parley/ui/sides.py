"""The conversation in the middle, and what lies at its sides: beside it where there is room, else over it, one at a time."""

import contextlib

from PySide6.QtCore import QPoint, QRect, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from parley.ui.fields import line
from parley.ui.theme import Theme

CENTRE_NEEDS = 520
"""Logical pixels; with less a side lies over the conversation, if it is asked for."""

TOLERATED = 4
"""Logical pixels that the conversation may do without before a side gives way."""

UNCOVERED = 56
"""Of the conversation, however narrow the window: a click there puts the side away."""

VEIL = 0.7


class Side(QWidget):
    """One of the two, with the hairline between it and the conversation."""

    def __init__(self, content: QWidget, *, on_the_left: bool, width: int) -> None:
        super().__init__()
        self.setObjectName("side")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.on_the_left, self.usual_width = on_the_left, width
        self.is_wanted = True
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        for part in (content, line(upright=True)) if on_the_left else (line(upright=True), content):
            row.addWidget(part)


class _Veil(QWidget):
    """Over the conversation while a side lies there too."""

    clicked = Signal()

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self.hide()

    def mousePressEvent(self, _event: QMouseEvent) -> None:
        """Back to the conversation."""
        self.clicked.emit()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """What lies below is seen, but faintly."""
        colour = self._theme.colour("window")
        colour.setAlphaF(VEIL)
        painter = QPainter(self)
        painter.fillRect(self.rect(), colour)
        painter.end()


class Sides(QWidget):
    """Lays the three out."""

    changed = Signal()
    """A side came or went."""

    def __init__(self, theme: Theme, left: Side, centre: QWidget, right: Side, body: QWidget) -> None:
        """`body` is the lower part of the centre: what lies above it has the buttons that call the sides, and is never covered."""
        super().__init__()
        self._theme, self._body = theme, body
        self._left, self._right = left, right
        self._over: Side | None = None
        self._focus_before: QWidget | None = None
        """Where the keyboard was when a side came over the conversation."""

        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(0)
        for part, stretch in ((left, 0), (centre, 1), (right, 0)):
            self._row.addWidget(part, stretch)
        self._veil = _Veil(theme, self)
        self._veil.clicked.connect(self.put_away)

    def ask_for(self, side: Side, on: bool) -> None:
        """Show a side or not; it comes in place of the other one where there is room for one only."""
        if on:
            other = self._right if side is self._left else self._left
            room = self.width() - self._centre_needs + TOLERATED - side.usual_width
            if 0 <= room < other.usual_width:
                other.is_wanted = False
            side.is_wanted = True
            self._over = side
        elif side is self._over:
            self._over = None  # it is wanted beside the conversation, should there be room again
        else:
            side.is_wanted = False
        self.fit()

    def put_away(self) -> bool:
        """Uncover the conversation, and give the keyboard back; whether it was covered."""
        covered, self._over = self._over is not None, None
        self.fit()
        return covered

    def fit(self) -> None:
        """Show what is wanted and fits, the right side before the left; and over the conversation what was asked for and does not."""
        room = self.width() - self._centre_needs + TOLERATED
        beside: list[Side] = []
        for side in (self._right, self._left):
            if side.is_wanted and side.usual_width <= room:
                beside.append(side)
                room -= side.usual_width
        if self._over in beside:
            self._over = None
        self._veil.setVisible(self._over is not None)
        self._veil.setGeometry(self._covered)
        if self._over is not None and self._body.isEnabled():
            self._focus_before = self.window().focusWidget()
        for side in (self._left, self._right):
            self._place(side, beside=side in beside)
        self._body.setEnabled(self._over is None)  # nobody comes by Tab to where nothing can be seen
        if self._over is None:
            self._give_focus_back()
        self.changed.emit()

    def _give_focus_back(self) -> None:
        """Who has gone into a side that stays beside the conversation is left there."""
        before, self._focus_before = self._focus_before, None
        focus = self.window().focusWidget()
        stays = focus is not None and (self._left.isAncestorOf(focus) or self._right.isAncestorOf(focus))
        with contextlib.suppress(RuntimeError):  # it is gone with the conversation that it belonged to
            if before is not None and before.isVisible() and not stays:
                before.setFocus(Qt.FocusReason.OtherFocusReason)

    @property
    def _centre_needs(self) -> int:
        return self._theme.grown(CENTRE_NEEDS)

    @property
    def _covered(self) -> QRect:
        return self.rect().adjusted(0, self._body.mapTo(self, QPoint(0, 0)).y(), 0, 0)

    def _place(self, side: Side, *, beside: bool) -> None:
        over, focus = side is self._over, self.window().focusWidget()
        if not (beside or over) and focus is not None and side.isAncestorOf(focus):
            focus.clearFocus()  # else Qt marks whatever comes next, as if the user had gone there
        side.setFixedWidth(min(side.usual_width, self.width() - UNCOVERED) if over else side.usual_width)
        if over:
            self._row.removeWidget(side)
            box = self._covered
            side.setGeometry(box.left() if side.on_the_left else box.right() + 1 - side.width(), box.top(), side.width(), box.height())
            side.raise_()
        elif self._row.indexOf(side) < 0:
            self._row.insertWidget(0 if side.on_the_left else self._row.count(), side)
        side.setVisible(beside or over)
        side.setEnabled(over or self._over is None)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The sides give way before the middle does."""
        super().resizeEvent(event)
        self.fit()
