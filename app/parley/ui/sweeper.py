"""Widgets that nobody sees any more, taken apart a few at a time: sixty turns at once would stall the window."""

from collections import deque
from collections.abc import Iterable

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QWidget

AT_ONCE = 2
EVERY_MS = 10


class Sweeper(QObject):
    """Takes apart what it is given."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._gone = deque[QWidget]()
        self._timer = QTimer(self)
        self._timer.setInterval(EVERY_MS)
        self._timer.timeout.connect(self._take)

    def sweep(self, whole: QWidget, parts: Iterable[QWidget]) -> None:
        """Hide a widget at once, and delete first some parts of it, one after the other, and then what is left."""
        whole.hide()
        self._gone += [*parts, whole]
        self._timer.start()

    def _take(self) -> None:
        for _ in range(min(AT_ONCE, len(self._gone))):
            self._gone.popleft().deleteLater()
        if not self._gone:
            self._timer.stop()
