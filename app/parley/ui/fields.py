"""What holds a value: a switch, a slider, a choice; painted from the theme, with a visible focus."""

from PySide6.QtCore import QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QAbstractButton, QComboBox, QFrame, QSlider, QWidget

from parley.ui import icons
from parley.ui.buttons import focus_ring
from parley.ui.theme import Radius, Size, Space, Theme


class Switch(QAbstractButton):
    """On or off, at once."""

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__()
        self._theme = theme
        self.setCheckable(True)
        self.setAccessibleName(name)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFixedSize(42, 26)

    def sizeHint(self) -> QSize:
        """Fixed."""
        return QSize(42, 26)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """A track and a knob."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(3, 3, -3, -3)
        on = self.isChecked()
        track = self._theme.colour("accent" if on else "line_strong") if self.isEnabled() else self._theme.colour("line")
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(track)
        painter.drawRoundedRect(box, 10, 10)
        painter.setBrush(self._theme.colour("on_accent" if on and self.isEnabled() else "surface"))
        side = box.height() - 6
        left = box.right() - 3 - side if on else box.left() + 3
        painter.drawEllipse(QRectF(left, box.top() + 3, side, side))
        if self.hasFocus():
            focus_ring(painter, QRectF(self.rect()), 12, self._theme)
        painter.end()


class Slider(QSlider):
    """A horizontal slider; the wheel scrolls the page, not the value, unless it has the focus."""

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self._theme = theme
        self.origin: int | None = None
        """The neutral value, marked on the track; the bar is filled from there."""

        self.setAccessibleName(name)
        self.setFixedHeight(28)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Only where the user has put the focus."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click on the track goes there."""
        if event.button() is Qt.MouseButton.LeftButton:
            self.setSliderDown(True)
            self._follow(event.position().toPoint())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """The knob follows the mouse."""
        if self.isSliderDown():
            self._follow(event.position().toPoint())

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        """Let go."""
        self.setSliderDown(False)

    def _follow(self, point: QPoint) -> None:
        span = max(1, self.width() - 20)
        share = min(1.0, max(0.0, (point.x() - 10) / span))
        self.setValue(round(self.minimum() + share * (self.maximum() - self.minimum())))

    def _x(self, value: int) -> float:
        return 10 + (self.width() - 20) * (value - self.minimum()) / max(1, self.maximum() - self.minimum())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Track, filled part from the neutral value, knob."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle, colour = self.height() / 2, self._theme.colour
        active = colour("accent") if self.isEnabled() else colour("line_strong")
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour("sunken") if self.isEnabled() else colour("line"))
        painter.drawRoundedRect(QRectF(8, middle - 3, self.width() - 16, 6), 3, 3)
        knob = self._x(self.value())
        if self.isEnabled():
            start = self._x(self.minimum() if self.origin is None else self.origin)
            painter.setBrush(active)
            painter.drawRoundedRect(QRectF(min(start, knob), middle - 3, abs(knob - start), 6), 3, 3)
            if self.origin is not None:
                painter.setBrush(colour("line_strong"))
                painter.drawRoundedRect(QRectF(start - 1, middle - 7, 2, 14), 1, 1)
        painter.setBrush(colour("surface"))
        painter.setPen(QPen(active, 2))
        painter.drawEllipse(QRectF(knob - 8, middle - 8, 16, 16))
        if self.hasFocus():
            painter.setPen(QPen(colour("accent"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(QRectF(knob - 11.5, middle - 11.5, 23, 23))
        painter.end()


class Choice(QComboBox):
    """One of a few, as a menu."""

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__()
        self._theme = theme
        self.setAccessibleName(name)
        self.setMinimumHeight(Size.CONTROL)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(8)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """The wheel scrolls the page."""
        event.ignore()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """A field with the chosen text and a mark that it opens."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box, colour = QRectF(self.rect()), self._theme.colour
        enabled = self.isEnabled()
        painter.setBrush(colour("surface" if enabled else "side"))
        painter.setPen(QPen(colour("line_strong" if enabled else "line"), 1))
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), Radius.M, Radius.M)
        ink = colour("ink" if enabled else "ink_faint")
        painter.setPen(ink)
        inner = box.adjusted(Space.M, 0, -32, 0)
        text = self.fontMetrics().elidedText(self.currentText(), Qt.TextElideMode.ElideRight, int(inner.width()))
        painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter, text)
        icons.draw(painter, "down", QRectF(box.right() - 26, box.center().y() - 8, 16, 16), colour("ink_soft" if enabled else "ink_faint"))
        if self.hasFocus():
            focus_ring(painter, box, Radius.M, self._theme)
        painter.end()


def line(parent: QWidget | None = None, *, upright: bool = False) -> QWidget:
    """A hairline that divides."""
    frame = QFrame(parent)
    frame.setObjectName("line")
    if upright:
        frame.setFixedWidth(1)
    else:
        frame.setFixedHeight(1)
    return frame
