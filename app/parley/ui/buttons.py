"""Buttons: painted from the theme, usable by keyboard, with a visible focus."""

from typing import Literal

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QEnterEvent, QFocusEvent, QFont, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton

from parley.ui import icons
from parley.ui.theme import Radius, Size, Space, Theme

Weight = Literal["primary", "plain", "quiet", "danger", "alarm"]
"""How much it wants to be pressed; `alarm` is plain until it is on."""
KEYBOARD_REASONS = (
    Qt.FocusReason.TabFocusReason,
    Qt.FocusReason.BacktabFocusReason,
    Qt.FocusReason.ShortcutFocusReason,
    Qt.FocusReason.OtherFocusReason,
)


def focus_ring(painter: QPainter, box: QRectF, radius: float, theme: Theme) -> None:
    """Draw the mark of what the keyboard would operate, just inside a box."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(theme.colour("accent"), 2))
    painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), radius, radius)


class Button(QAbstractButton):
    """A button with an icon, a text, or both. Checkable where a state stays on."""

    def __init__(
        self,
        theme: Theme,
        text: str = "",
        icon: str = "",
        *,
        weight: Weight = "plain",
        name: str = "",
        height: int = Size.CONTROL,
        role: str = "body",
        align_left: bool = False,
    ) -> None:
        """`name` is what is read aloud and shown as a hint; a button without text needs one."""
        super().__init__()
        self._theme, self.icon_name, self.weight, self._height, self._role = theme, icon, weight, height, role
        self.by_keyboard, self._align_left = False, align_left
        self.setText(text)
        self.setAccessibleName(name or text)
        if name and name != text:
            self.setToolTip(name)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def show_icon(self, icon: str) -> None:
        """Change the icon."""
        if icon != self.icon_name:
            self.icon_name = icon
            self.update()

    def sizeHint(self) -> QSize:
        """As wide as icon and text need."""
        width = 0
        if self.icon_name:
            width += self._icon_side
        if self.text():
            width += self._text_width() + (Space.S if self.icon_name else 0) + 2 * Space.M
        return QSize(max(width, self._height), self._height)

    def minimumSizeHint(self) -> QSize:
        """Never smaller than its text."""
        return self.sizeHint()

    def _text_width(self) -> int:
        return QFontMetrics(self._font).horizontalAdvance(self.text())

    @property
    def _font(self) -> QFont:
        return self._theme.font(self._role, strong=self._role == "body")

    @property
    def _icon_side(self) -> int:
        return Size.ICON if self._height >= 32 else 16

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the ring only to who came by keyboard."""
        self.by_keyboard = event.reason() in KEYBOARD_REASONS
        super().focusInEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Ground, edge, icon, text, focus."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box, radius = QRectF(self.rect()), float(Radius.M)
        ground, edge, ink = self._colours()
        painter.setPen(QPen(edge, 1) if edge is not None else Qt.PenStyle.NoPen)
        painter.setBrush(ground if ground is not None else Qt.BrushStyle.NoBrush)
        if ground is not None or edge is not None:
            painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)
        self._paint_content(painter, box, ink)
        if self.hasFocus() and self.by_keyboard:
            focus_ring(painter, box, radius, self._theme)
        painter.end()

    def _paint_content(self, painter: QPainter, box: QRectF, ink: QColor) -> None:
        side = self._icon_side
        text_width = self._text_width() if self.text() else 0
        total = (side if self.icon_name else 0) + text_width + (Space.S if self.icon_name and self.text() else 0)
        left = float(Space.M) if self._align_left else box.center().x() - total / 2
        if self.icon_name:
            icons.draw(painter, self.icon_name, QRectF(left, box.center().y() - side / 2, side, side), ink)
            left += side + Space.S
        if self.text():
            painter.setFont(self._font)
            painter.setPen(ink)
            painter.drawText(QRectF(left, box.top(), text_width + 2, box.height()), Qt.AlignmentFlag.AlignVCenter, self.text())

    def _colours(self) -> tuple[QColor | None, QColor | None, QColor]:
        """Ground, edge and ink for the state it is in."""
        look, colour = self._theme.palette, self._theme.colour
        over, down = self.underMouse() and self.isEnabled(), self.isDown()
        if not self.isEnabled():
            edge = colour("line") if self.weight in {"plain", "alarm"} else None
            return colour("sunken") if self.weight == "primary" else None, edge, colour("ink_faint")
        if self.isChecked() and self.weight == "alarm":
            return colour("danger_soft"), colour("danger"), colour("danger")
        if self.isChecked() and self.weight == "quiet":
            return colour("accent_soft"), None, colour("accent_ink")
        if self.isChecked():
            return colour("accent_soft"), colour("accent"), colour("accent_ink")
        if self.weight == "primary":
            ground = colour("accent")
            return (ground.lighter(112) if look.dark else ground.darker(112)) if over or down else ground, None, colour("on_accent")
        if self.weight == "danger":
            return (colour("danger_soft") if over or down else None), colour("danger"), colour("danger")
        if self.weight == "quiet":
            return (colour("sunken") if over or down else None), None, colour("ink") if over else colour("ink_soft")
        return colour("sunken") if over or down else colour("surface"), colour("line_strong"), colour("ink")

    def event(self, event: QEvent) -> bool:
        """Repaint when the mouse comes and goes."""
        if isinstance(event, QEnterEvent) or event.type() in {QEvent.Type.Leave, QEvent.Type.HoverEnter, QEvent.Type.HoverLeave}:
            self.update()
        return super().event(event)
