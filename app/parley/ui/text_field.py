"""A field for a few lines of text."""

from math import ceil

from PySide6.QtGui import QFontMetricsF, QResizeEvent
from PySide6.QtWidgets import QPlainTextEdit

MOST_LINES = 10
AROUND_PX = 26
"""Above and below the lines: the document's margin, and the theme's padding and edge."""


class TextField(QPlainTextEdit):
    """As tall as its lines, of which it always has room for a few; only what is very long is scrolled."""

    def __init__(self, text: str, *, least_lines: int) -> None:
        super().__init__(text)
        self._least_lines = least_lines
        self.setTabChangesFocus(True)
        self.textChanged.connect(self._fit)
        self._fit()

    def _fit(self) -> None:
        lines = max(self._least_lines, min(MOST_LINES, round(self.document().size().height())))
        self.setFixedHeight(lines * ceil(QFontMetricsF(self.font()).lineSpacing()) + AROUND_PX)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A new width breaks lines anew."""
        super().resizeEvent(event)
        self._fit()
