"""Proof of style: what was asked beside what the sound really has."""

from collections.abc import Sequence

from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from parley.ui.labels import control_label, value_text

CLOSE = {"rate": 0.15, "pitch": 1.5}
"""How far off still counts as met: rate as a share of what was asked, pitch in semitones (README's figures)."""

ALONE = {"rate": 1.0, "pitch": 0.0}
"""Sliders that nobody moved."""

NO_BREAK = "\u00a0"
"""A space that keeps what was asked, what came and the mark on one line."""

GAP = 4 * NO_BREAK + " "
"""Between two comparisons: a sign there would be left over where a line ends."""

UNPROVED = frozenset({"voice"})
"""Nobody measures who speaks."""


def is_met(control: str, asked: str | float | None, achieved: float | str | None) -> bool | None:
    """Whether the sound has what was asked; None where nobody can say."""
    if isinstance(asked, str) and isinstance(achieved, str):
        return asked == achieved
    if not isinstance(achieved, (int, float)) or not isinstance(asked, (int, float)) or control not in CLOSE:
        return None
    allowed = CLOSE[control] * (asked if control == "rate" else 1.0)
    return abs(achieved - asked) <= allowed


def comparison(control: str, asked: str | float | None, achieved: float | str | None) -> str:
    """One control's proof in words."""
    mark = {True: " ✓", False: " ✗", None: ""}[is_met(control, asked, achieved)]
    if asked is None:
        return f"{control_label(control)}: came out as {value_text(control, achieved)}"
    if achieved is None:
        return f"{control_label(control)}: asked {value_text(control, asked)}, not measurable"
    return f"{control_label(control)}: asked {value_text(control, asked)}, got {value_text(control, achieved)}{mark}"


def comparisons(asked: Sequence[tuple[str, str | float]], achieved: Sequence[tuple[str, float | str | None]]) -> list[tuple[str, str]]:
    """Every control that was asked for or measured, as (control, words); nothing of a slider that was left alone and can't be measured."""
    wanted, got = dict(asked), dict(achieved)
    names = [*wanted, *(name for name in got if name not in wanted)]
    moved = (name for name in wanted if name not in UNPROVED and wanted[name] != ALONE.get(name))
    proved = {*moved, *(name for name, value in got.items() if value is not None)}
    told = (name for name in names if name in proved)
    return [(name, comparison(name, wanted.get(name), got.get(name))) for name in told]


class Proof(QWidget):
    """The comparisons of one answer in one line of small type."""

    def __init__(self) -> None:
        super().__init__()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3, 0, 0, 0)  # as far in as the words are
        self._line = QLabel()
        self._line.setProperty("role", "caption")
        self._line.setWordWrap(True)
        layout.addWidget(self._line)

    def show_measured(self, asked: Sequence[tuple[str, str | float]], achieved: Sequence[tuple[str, float | str | None]]) -> None:
        """Show these; nothing measured, nothing shown."""
        lines = [words for _, words in comparisons(asked, achieved)]
        self._line.setText(GAP.join(words.replace(" ", NO_BREAK) for words in lines))
        self._line.setAccessibleName("Style asked and achieved: " + "; ".join(lines))
        self.setVisible(bool(lines))
