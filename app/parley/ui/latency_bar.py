"""Where the wait before an answer went, as one bar and one line."""

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from parley.conversation.turns import Stage
from parley.ui.labels import stage_label
from parley.ui.theme import Space, Theme

GOOD_MS, FAIR_MS = 300, 600
BAR_WIDTH, LEAST_WIDTH, BAR_HEIGHT = 132, 32, 6
COLOURS = ("accent", "speaking", "thinking", "good", "ink_faint", "line_strong")


def spans(stages: Sequence[Stage]) -> list[Stage]:
    """What each stage took by itself: stages are points in time after the turn's end, but for `endpoint`, which comes before them."""
    parts, reached = [], 0.0
    for stage in stages:
        if stage.name == "endpoint":
            parts.append(stage)
        elif stage.ms > reached:
            parts.append(Stage(stage.name, stage.ms - reached))
            reached = stage.ms
    return [part for part in parts if part.ms >= 0.5]


class LatencyBar(QWidget):
    """The stages of one turn's wait side by side; the hint names each of them."""

    def __init__(self, theme: Theme, stages: Sequence[Stage]) -> None:
        super().__init__()
        self._theme = theme
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.show_stages(stages)

    def show_stages(self, stages: Sequence[Stage]) -> None:
        """Show these instead."""
        self.parts = spans(stages)
        self.total_ms = sum(part.ms for part in self.parts)
        listed = ", ".join(f"{stage_label(part.name)} {part.ms:.0f} ms" for part in self.parts)
        self.setAccessibleName(f"First sound after {self.total_ms:.0f} milliseconds")
        self.setAccessibleDescription(listed)
        rows = "".join(f"<tr><td>{stage_label(each.name)}&nbsp; </td><td align=right>{each.ms:.0f} ms</td></tr>" for each in self.parts)
        self.setToolTip(f"<table>{rows}</table>")
        self.updateGeometry()
        self.update()

    @property
    def verdict(self) -> str:
        """The colour name of how long it was."""
        return "good" if self.total_ms <= GOOD_MS else "warning" if self.total_ms <= FAIR_MS else "danger"

    @property
    def caption(self) -> str:
        """The whole in words."""
        return f"{self.total_ms:.0f} ms to first sound"

    def sizeHint(self) -> QSize:
        """One line of small type."""
        metrics = QFontMetrics(self._theme.font("caption"))
        return QSize(BAR_WIDTH + self._words_width, metrics.height() + 4)

    def minimumSizeHint(self) -> QSize:
        """The words are never cut; the bar may be short."""
        return QSize(LEAST_WIDTH + self._words_width, self.sizeHint().height())

    @property
    def _words_width(self) -> int:
        return QFontMetrics(self._theme.font("caption")).horizontalAdvance(self.caption) + Space.L

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The bar, then the line."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        top, left = (self.height() - BAR_HEIGHT) / 2, 0.0
        total = sum(stage.ms for stage in self.parts) or 1.0
        room = min(BAR_WIDTH, self.width() - self._words_width) - 2 * max(0, len(self.parts) - 1)
        for index, stage in enumerate(self.parts):
            width = max(2.0, room * stage.ms / total)
            painter.setBrush(self._theme.colour(COLOURS[index % len(COLOURS)]))
            painter.drawRoundedRect(QRectF(left, top, width, BAR_HEIGHT), 2, 2)
            left += width + 2
        painter.setFont(self._theme.font("caption"))
        painter.setPen(self._theme.colour(self.verdict))
        painter.drawText(QRectF(max(left, 0) + Space.S, 0, self.width(), self.height()), Qt.AlignmentFlag.AlignVCenter, self.caption)
        painter.end()
