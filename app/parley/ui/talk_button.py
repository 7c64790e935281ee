"""The big button: held down, Parley listens."""

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton

from parley.ui import icons
from parley.ui.theme import Size, Theme

HALO = 8
"""Logical pixels around the button in which the level is shown."""


class TalkButton(QAbstractButton):
    """Down while the mouse holds it; a click that comes from the keyboard (Enter) presses it, the next one lets go."""

    held = Signal()
    let_go = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._down_by_mouse = False
        self._shown_held = False
        self._level = 0.0
        self.icon_name, self.colour_name = "microphone", "accent"
        self.setFixedSize(Size.TALK + 2 * HALO, Size.TALK + 2 * HALO)
        self.setAccessibleName("Hold to talk")
        self.setAccessibleDescription("Hold Space, F9 or the mouse button while you speak; Enter begins and ends.")
        self.setToolTip("Hold while you speak (Space or F9)")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.clicked.connect(self._toggle)

    def sizeHint(self) -> QSize:
        """Fixed."""
        return self.size()

    def show_held(self, on: bool) -> None:
        """Whether the turn is being taken, however it was begun."""
        self._shown_held = on
        self.update()

    def show_level(self, level: float) -> None:
        """Loudness of this moment, 0…1."""
        if abs(level - self._level) > 0.01:
            self._level = level
            self.update()

    def show_state(self, icon: str, colour_name: str) -> None:
        """What it looks like."""
        self.icon_name, self.colour_name = icon, colour_name
        self.update()

    def _toggle(self) -> None:
        if self._shown_held:
            self.let_go.emit()
        else:
            self.held.emit()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """The user begins to speak."""
        if event.button() is Qt.MouseButton.LeftButton and self.isEnabled():
            self._down_by_mouse = True
            self.held.emit()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """The user is done, wherever the mouse is by now."""
        if event.button() is Qt.MouseButton.LeftButton and self._down_by_mouse:
            self._down_by_mouse = False
            self.let_go.emit()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """A halo as wide as the sound is loud, the disc, the icon."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        box = QRectF(self.rect()).adjusted(HALO, HALO, -HALO, -HALO)
        colour = self._theme.colour(self.colour_name if self.isEnabled() else "sunken")
        if self._level > 0.02:
            halo = self._theme.colour(self.colour_name)
            halo.setAlphaF(0.28)
            painter.setBrush(halo)
            wide = HALO * min(1.0, 0.25 + self._level)
            painter.drawEllipse(box.adjusted(-wide, -wide, wide, wide))
        if self._shown_held:
            box = box.adjusted(2, 2, -2, -2)
        elif self.underMouse() and self.isEnabled():
            colour = colour.lighter(108)
        painter.setBrush(colour)
        painter.drawEllipse(box)
        side = 32.0
        middle = box.center()
        ink = self._theme.colour("on_accent" if self.isEnabled() else "ink_faint")
        icons.draw(painter, self.icon_name, QRectF(middle.x() - side / 2, middle.y() - side / 2, side, side), ink)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(self._theme.colour("accent"), 2))
            painter.drawEllipse(box.adjusted(-4, -4, 4, 4))
        painter.end()
