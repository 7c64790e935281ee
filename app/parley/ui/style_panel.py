"""The style panel: the rows of the bundle's control table, and what it lacks, greyed, with the reason."""

from dataclasses import replace
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from parley.conversation.events import Measured
from parley.conversation.offer import Offer
from parley.ui.buttons import Button
from parley.ui.fields import line
from parley.ui.labels import CONTROLS
from parley.ui.proof import comparisons
from parley.ui.scrolled import Scrolled
from parley.ui.style_rows import DiscreteRow, SliderRow, StyleRow, UnavailableRow
from parley.ui.theme import Space, Theme
from parley_models.style import STYLE_FIELDS, Control, Level, Style

SETTLE_MS = 60
"""A moving slider tells its value at most so often."""


class StylePanel(QWidget):
    """How the next answers are spoken."""

    style_chosen = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._style = Style()
        self._told: list[Style] = []
        """What was told and has not come back as news yet."""

        self.rows: dict[str, StyleRow] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(self._head(theme))
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        page = Scrolled()
        self._list = QVBoxLayout(page)
        self._list.setContentsMargins(Space.L, Space.XS, Space.L, Space.L)
        self._list.setSpacing(Space.L)
        scroll.setWidget(page)
        column.addWidget(scroll, 1)
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(SETTLE_MS)
        self._settle.timeout.connect(self._tell)
        self.show_offer(None)

    def _head(self, theme: Theme) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(Space.L, Space.S, Space.M, Space.XS)
        self._caption = QLabel()
        self._caption.setProperty("role", "caption")
        self._caption.setWordWrap(True)
        self.reset_button = Button(theme, "Reset", "again", weight="quiet", name="Back to the voice's own style", height=30, role="caption")
        self.reset_button.clicked.connect(self.reset)
        row.addWidget(self._caption, 1)
        row.addWidget(self.reset_button)
        return row

    def show_offer(self, offer: Offer | None) -> None:
        """Build the rows of what an engine can do; None = there is no engine yet."""
        while (item := self._list.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.rows.clear()
        self._caption.setText(f"How {offer.title} answers" if offer is not None else "Waiting for the engine")
        offered = controls_of(offer) if offer is not None else {}
        names = [*CONTROLS, *(name for name in offered if name not in CONTROLS)]
        for name in (name for name in names if name in offered):
            self._add(_usable(self._theme, offered[name]))
        if offered and len(offered) < len(names):
            self._list.addWidget(line())
        for name in (name for name in names if name not in offered):
            self._add(UnavailableRow(name, reason(name, offer)))
        self._list.addStretch(1)
        self.show_style(self._style)

    def _add(self, row: StyleRow) -> None:
        row.changed.connect(self._changed)
        self.rows[row.name] = row
        self._list.addWidget(row)

    def hear_style(self, style: Style) -> None:
        """The style in force, whoever set it. News of what was told from here does not undo what the user has moved since."""
        if style in self._told:
            del self._told[: self._told.index(style) + 1]
        else:
            self._told.clear()
        if not self._told and not self._settle.isActive():
            self.show_style(style)

    def show_style(self, style: Style) -> None:
        """Move everything to a style without telling."""
        self._style = style
        for name, row in self.rows.items():
            row.show_value(getattr(style, name, None))
        self._tie()
        self.reset_button.setEnabled(style != Style())

    def show_measured(self, news: Measured) -> None:
        """Asked and achieved of the last answer, below each control."""
        lines = dict(comparisons(news.asked, news.achieved))
        for name, row in self.rows.items():
            row.show_proof(lines.get(name, ""))

    @property
    def style_now(self) -> Style:
        """What the rows say."""
        return self._style

    def reset(self) -> None:
        """Leave everything to the voice."""
        self.show_style(Style())
        self._settle.start()

    def _changed(self) -> None:
        chosen: dict[str, Any] = {name: row.value for name, row in self.rows.items() if row.is_usable and name in STYLE_FIELDS}
        if chosen.get("emotion", "") is None:
            chosen["intensity"] = None
        neutral = Style().asked()
        values: dict[str, Any] = {name: neutral.get(name) if value is None else value for name, value in chosen.items()}
        self._style = replace(self._style, **values)  # what this engine can't do stays as it was
        self._tie()
        self.reset_button.setEnabled(self._style != Style())
        if not self._settle.isActive():
            self._settle.start()

    def _tie(self) -> None:
        """Intensity means something only beside an emotion."""
        row = self.rows.get("intensity")
        if row is not None and row.is_usable:
            row.setEnabled(self._style.emotion is not None)

    def _tell(self) -> None:
        self._told.append(self._style)
        self.style_chosen.emit(self._style)


def _usable(theme: Theme, control: Control) -> StyleRow:
    return SliderRow(theme, control) if control.kind == "continuous" else DiscreteRow(theme, control)


def controls_of(offer: Offer) -> dict[str, Control]:
    """The rows that an engine offers, its voices among them."""
    offered = {row.name: row for row in offer.controls.rows}
    if "voice" not in offered and len(offer.voices) > 1:
        offered["voice"] = Control("voice", "discrete", tuple(Level(name) for name in offer.voices), default=offer.voices[0])
    return offered


def reason(name: str, offer: Offer | None) -> str:
    """Why a control can't be used."""
    if offer is None:
        return "Known when the engine is up."
    if not offer.is_parley and not offer.controls.rows:
        return f"{offer.title} is no Parley engine: it takes no style."
    if name == "voice" and len(offer.voices) == 1:
        return f"{offer.title} has one voice, {offer.voices[0]}."
    if name == "intensity" and "emotion" not in {row.name for row in offer.controls.rows}:
        return f"{offer.title} speaks without emotions to make stronger."
    lacks = {"emotion": "was not trained to show emotions", "dialect": "speaks one dialect", "manner": "can't whisper, sing or rap"}
    return f"{offer.title} {lacks.get(name, 'does not offer this')}."
