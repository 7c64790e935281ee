"""Sound as bars: a turn that was spoken, and the sound of this moment."""

from collections import deque
from collections.abc import Callable, Sequence

from PySide6.QtCore import QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QPainter, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from parley.ui.theme import Theme

BAR, GAP = 3, 2
"""Logical pixels."""

FRAME_MS = 16
LIVELY = 2.2
"""Levels are on a scale of decibels, on which speech hardly moves; this makes it move."""

QUIET = 0.04
"""A peak that still counts as silence: the bars stop moving."""


class StillWaveform(QWidget):
    """The sound of one turn, whole; what was played of it stands out."""

    def __init__(self, theme: Theme, peaks: Sequence[float], name: str) -> None:
        super().__init__()
        self._theme, self._peaks, self.played = theme, tuple(peaks), 0.0
        self.setFixedHeight(32)
        self.setMinimumWidth(96)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(name)

    def sizeHint(self) -> QSize:
        """Longer sound, longer picture, within reason."""
        return QSize(min(300, max(96, len(self._peaks) * (BAR + GAP))), 32)

    def bars(self, count: int) -> list[float]:
        """The loudest of each stretch, `count` of them."""
        if not self._peaks:
            return [0.0] * count
        total = len(self._peaks)
        return [max(self._peaks[i * total // count : max(i * total // count + 1, (i + 1) * total // count)]) for i in range(count)]

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Rounded bars around the middle."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.colour("accent"))
        heights = self.bars(max(1, (self.width() + GAP) // (BAR + GAP)))
        loudest = max([*heights, 0.05])
        for index, height in enumerate(heights):
            tall = max(3.0, (self.height() - 4) * height / loudest)
            painter.drawRoundedRect(QRectF(index * (BAR + GAP), (self.height() - tall) / 2, BAR, tall), 1.5, 1.5)
        painter.end()


class LiveWaveform(QWidget):
    """The sound of now, running outwards from the middle, 60 pictures a second; at rest it costs nothing.

    `level()` is asked once a picture and gives the peak 0…1 since it was last asked; it must return at once.
    """

    moved = Signal(float)
    """A new peak; for what moves along."""

    def __init__(self, theme: Theme, hole: int) -> None:
        """`hole` pixels in the middle stay free, for a button."""
        super().__init__()
        self._theme, self._hole = theme, hole
        self._level: Callable[[], float] = lambda: 0.0
        self._peaks: deque[float] = deque([0.0] * 120, maxlen=120)
        self._smooth = 0.0
        self._half = 0
        self.colour_name = "accent"
        self._active = False
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(FRAME_MS)
        self._timer.timeout.connect(self._step)
        self.setMinimumHeight(56)
        self.setAccessibleName("Sound level")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def follow(self, level: Callable[[], float], colour_name: str) -> None:
        """Show this sound from now on, in this colour."""
        self._level, self.colour_name, self._active = level, colour_name, True
        if self.isVisible():
            self._timer.start()

    def rest(self) -> None:
        """Nothing sounds: let the bars sink and stop."""
        self._active = False

    @property
    def runs(self) -> bool:
        """Whether pictures are being made."""
        return self._timer.isActive()

    def showEvent(self, event: QShowEvent) -> None:
        """Pictures are made only while they are seen."""
        super().showEvent(event)
        if self._active:
            self._timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks."""
        super().hideEvent(event)
        self._timer.stop()

    def _step(self) -> None:
        peak = min(1.0, max(0.0, self._level())) if self._active else 0.0
        self._smooth = max(peak, self._smooth * 0.86)  # falls to a half in 75 ms, rises at once
        self._half ^= 1
        if self._half:
            self._peaks.appendleft(self._smooth)
        self.moved.emit(self._smooth)
        if not self._active and max(self._peaks) < QUIET:
            self._timer.stop()
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Bars to both sides of the hole, fading outwards."""
        painter = QPainter(self)
        painter.setPen(Qt.PenStyle.NoPen)
        middle_x, middle_y, tallest = self.width() / 2, self.height() / 2, self.height() - 8
        count = max(0, int((self.width() - self._hole) / 2 // (BAR + GAP)))
        colour = self._theme.colour(self.colour_name if self._active or self._timer.isActive() else "line_strong")
        for index, peak in zip(range(count), self._peaks, strict=False):
            colour.setAlphaF(max(0.08, 1.0 - index / max(1, count)) * (0.9 if peak > QUIET else 0.35))
            tall = max(3.0, tallest * peak**LIVELY)
            away = self._hole / 2 + index * (BAR + GAP)
            painter.fillRect(QRectF(middle_x + away, middle_y - tall / 2, BAR, tall), colour)
            painter.fillRect(QRectF(middle_x - away - BAR, middle_y - tall / 2, BAR, tall), colour)
        painter.end()
