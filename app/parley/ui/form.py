"""Rows of a settings page: a label, what changes it, and one line that says what it does."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from parley.ui.buttons import Button
from parley.ui.fields import Choice, Slider, Switch
from parley.ui.scrolled import Scrolled
from parley.ui.theme import Space, Theme

FIELD_WIDTH, NUMBER_WIDTH = 250, 62
"""Logical pixels at the usual size of type: of a field, and of the value behind a slider."""


class Page(QScrollArea):
    """One page. Fields tell their values by the functions they are given."""

    def __init__(self, theme: Theme, title: str) -> None:
        super().__init__()
        self.theme = theme
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        page = Scrolled()
        self.column = QVBoxLayout(page)
        self.column.setContentsMargins(Space.XL, Space.L, Space.XL, Space.XL)
        self.column.setSpacing(Space.L)
        heading = QLabel(title)
        heading.setProperty("role", "heading")
        self.column.addWidget(heading)
        self.setWidget(page)

    def end(self) -> None:
        """No more rows."""
        self.column.addStretch(1)

    def row(self, label: str, field: QWidget, hint: str = "") -> QWidget:
        """Label and hint on the left, the field on the right."""
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(Space.L)
        words = QVBoxLayout()
        words.setSpacing(1)
        name = QLabel(label)
        name.setWordWrap(True)
        name.setBuddy(field)
        words.addWidget(name)
        if hint:
            small = caption(hint)
            words.addWidget(small)
            field.setAccessibleDescription(hint)
        row.addLayout(words, 1)
        row.addWidget(field, 0, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight)
        self.column.addWidget(holder)
        return holder

    def switch(self, label: str, on: bool, tell: Callable[[bool], None], hint: str = "") -> Switch:
        """On or off."""
        field = Switch(self.theme, label)
        field.setChecked(on)
        field.toggled.connect(tell)
        self.row(label, field, hint)
        return field

    def choice(
        self, label: str, options: Sequence[tuple[str, object]], value: object, tell: Callable[[object], None], hint: str = ""
    ) -> Choice:
        """One of (words, value)."""
        field = Choice(self.theme, label)
        field.setFixedWidth(self.theme.grown(FIELD_WIDTH))
        for words, each in options:
            field.addItem(words, each)
        values = [each for _, each in options]
        field.setCurrentIndex(values.index(value) if value in values else -1)
        field.activated.connect(lambda index: tell(field.itemData(index)))
        self.row(label, field, hint)
        return field

    def amount(
        self,
        label: str,
        bounds: tuple[float, float, float],
        value: float,
        show: Callable[[float], str],
        tell: Callable[[float], None],
        hint: str = "",
    ) -> Slider:
        """A number from `bounds` (least, most, step)."""
        least, most, step = bounds
        field = Slider(self.theme, label)
        field.setFixedWidth(FIELD_WIDTH - NUMBER_WIDTH - Space.S)
        field.setRange(0, round((most - least) / step))
        field.setValue(round((value - least) / step))
        words = QLabel(show(value))
        words.setProperty("role", "value")
        metrics = QFontMetrics(self.theme.font("body", strong=True))
        words.setFixedWidth(max(NUMBER_WIDTH, *(metrics.horizontalAdvance(show(end)) + Space.XS for end in (least, most))))
        words.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)

        def moved(position: int) -> None:
            number = round(least + position * step, 4)
            words.setText(show(number))
            tell(number)

        field.valueChanged.connect(moved)
        both = QWidget()
        pair = QHBoxLayout(both)
        pair.setContentsMargins(0, 0, 0, 0)
        pair.setSpacing(Space.S)
        pair.addWidget(field)
        pair.addWidget(words)
        self.row(label, both, hint)
        field.setAccessibleDescription(hint)
        return field

    def line_edit(self, label: str, value: str, tell: Callable[[str], None], hint: str = "", placeholder: str = "") -> QLineEdit:
        """A line of text, told when it is left or Enter is pressed."""
        field = QLineEdit(value)
        field.setAccessibleName(label)
        field.setPlaceholderText(placeholder)
        field.setFixedWidth(self.theme.grown(FIELD_WIDTH))
        field.editingFinished.connect(lambda: tell(field.text().strip()))
        self.row(label, field, hint)
        return field

    def section(self, text: str) -> QLabel:
        """A title between rows."""
        label = QLabel(text)
        label.setProperty("role", "label")
        self.column.addSpacing(Space.XS)
        self.column.addWidget(label)
        return label

    def act(self, label: str, button: str, deed: Callable[[], None], hint: str = "", icon: str = "") -> Button:
        """A button with an outcome line below its label."""
        field = Button(self.theme, button, icon, name=f"{label}: {button}")
        field.setToolTip("")
        field.clicked.connect(deed)
        self.row(label, field, hint)
        return field


def caption(text: str) -> QLabel:
    """A line of small type that may break."""
    label = QLabel(text)
    label.setProperty("role", "caption")
    label.setWordWrap(True)
    return label
