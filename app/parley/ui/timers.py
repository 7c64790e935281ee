"""Timers that are still to ring, as chips with the time that is left."""

from collections.abc import Sequence
from datetime import UTC, datetime

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from parley.conversation.events import Timer
from parley.ui.buttons import Button
from parley.ui.theme import Space, Theme


def remaining(due: str, now: datetime) -> str:
    """`4:05`, or with hours `1:04:05`; never negative."""
    left = max(0, round((datetime.fromisoformat(due) - now).total_seconds()))
    hours, minutes, seconds = left // 3600, left // 60 % 60, left % 60
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


class TimerRow(QWidget):
    """Click one to cancel it."""

    cancelled = Signal(int)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._timers: tuple[Timer, ...] = ()
        self.buttons: list[Button] = []
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(Space.L, 0, Space.L, Space.XS)
        self._row.setSpacing(Space.S)
        self._row.addStretch(1)
        self._clock = QTimer(self)
        self._clock.setInterval(500)
        self._clock.timeout.connect(self._tick)
        self.hide()

    def show_timers(self, timers: Sequence[Timer]) -> None:
        """These are to ring."""
        for button in self.buttons:
            button.hide()
            button.deleteLater()
        self._timers = tuple(timers)
        self.buttons = []
        for timer in self._timers:
            button = Button(self._theme, icon="bell", text="0:00", height=28, role="caption")
            button.setProperty("timer", timer.number)
            button.clicked.connect(self._cancel)
            self.buttons.append(button)
            self._row.insertWidget(self._row.count() - 1, button)
        self._tick()
        self.setVisible(bool(timers))
        if timers:
            self._clock.start()
        else:
            self._clock.stop()

    def _cancel(self) -> None:
        self.cancelled.emit(self.sender().property("timer"))

    def _tick(self) -> None:
        for timer, button in zip(self._timers, self.buttons, strict=True):
            text = " ".join(part for part in (timer.label, remaining(timer.due, datetime.now(UTC))) if part)
            if text != button.text():
                button.setText(text)
                button.setAccessibleName(f"Cancel the timer {text}")
                button.setToolTip("Click to cancel this timer")
                button.updateGeometry()
