"""What a scroll area shows."""

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QWidget


class Scrolled(QWidget):
    """A page that is as tall as its content is at the width that there is."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("plain")

    def minimumSizeHint(self) -> QSize:
        """Qt's own is the height of the narrowest page, where every button and every word has a line to itself: scroll areas ask for
        the height at their width besides, and would scroll through the difference, which is empty.
        """
        hint = super().minimumSizeHint()
        return QSize(hint.width(), 0) if self.hasHeightForWidth() else hint
