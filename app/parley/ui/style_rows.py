"""One control of the style panel: its name, its value, and proof that it works."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from parley.ui.buttons import Button
from parley.ui.fields import Choice, Slider
from parley.ui.flow_layout import FlowLayout
from parley.ui.labels import LEFT_TO_THE_VOICE, control_label, level_label, value_text
from parley.ui.theme import Space, Theme
from parley_models.style import Control

AS_BUTTONS = 9
"""Up to so many levels are buttons; more of them become a menu."""

STEPS = {"rate": 0.05, "pitch": 0.5, "intensity": 0.05}
Value = str | float | None


class StyleRow(QWidget):
    """Name on the left, value on the right, then what changes it, then small type."""

    changed = Signal()
    is_usable = True

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self.value: Value = None
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(Space.XS)
        head = QHBoxLayout()
        self.label = QLabel(control_label(name))
        self.label.setProperty("role", "label")
        self.shown = QLabel()
        self.shown.setProperty("role", "value")
        head.addWidget(self.label)
        head.addStretch(1)
        head.addWidget(self.shown)
        self.column.addLayout(head)
        self.small = QLabel()
        self.small.setProperty("role", "caption")
        self.small.setWordWrap(True)
        self.small.hide()

    def _end(self) -> None:
        self.column.addWidget(self.small)

    def show_value(self, value: Value) -> None:
        """The value in force."""
        self.value = value

    def show_proof(self, words: str) -> None:
        """What came out of it in the last answer."""
        _, _, rest = words.partition(": ")
        self.small.setText(rest[:1].upper() + rest[1:])
        self.small.setAccessibleName(words)
        self.small.setVisible(bool(words))


class UnavailableRow(StyleRow):
    """Greyed, and why."""

    is_usable = False

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(name)
        self.column.setSpacing(0)
        self.label.setEnabled(False)
        self.label.setAccessibleDescription(reason)
        self.small.setProperty("role", "faint")
        self.small.setText(reason)
        self._end()
        self.small.show()

    def show_proof(self, words: str) -> None:
        """The reason stays."""


class SliderRow(StyleRow):
    """A continuous control."""

    def __init__(self, theme: Theme, control: Control) -> None:
        super().__init__(control.name)
        self._low = 0.0 if control.minimum is None else control.minimum
        high = 1.0 if control.maximum is None else control.maximum
        self._step = STEPS.get(control.name, (high - self._low) / 100)
        self._default = float(control.default) if isinstance(control.default, int | float) else None
        self.slider = Slider(theme, control_label(control.name))
        self.slider.setRange(0, round((high - self._low) / self._step))
        self.slider.setPageStep(max(1, self.slider.maximum() // 10))
        if self._default is not None:
            self.slider.origin = self._position(self._default)
        self.slider.valueChanged.connect(self._moved)
        self.column.addWidget(self.slider)
        self._end()
        self.show_value(self._default)

    def _position(self, value: float) -> int:
        return round((value - self._low) / self._step)

    def show_value(self, value: Value) -> None:
        """Move there without telling."""
        number = float(value) if isinstance(value, int | float) else self._default
        self.value = value if isinstance(value, int | float) else None
        self.slider.blockSignals(True)
        self.slider.setValue(self._position(number) if number is not None else self.slider.minimum())
        self.slider.blockSignals(False)
        self.slider.update()
        self._write(number)

    def _moved(self, position: int) -> None:
        self.value = round(self._low + position * self._step, 3)
        self._write(self.value)
        self.changed.emit()

    def _write(self, number: float | None) -> None:
        self.shown.setText("" if number is None else value_text(self.name, number))
        self.slider.setAccessibleDescription(self.shown.text())


class DiscreteRow(StyleRow):
    """One of a few words; the first leaves it to the voice, or is what the bundle does unless it is told otherwise."""

    def __init__(self, theme: Theme, control: Control) -> None:
        super().__init__(control.name)
        others = [level.name for level in control.levels if level.name != control.default]
        self._values: list[str | None] = [None, *others]
        neutral = level_label(control.default) if isinstance(control.default, str) else LEFT_TO_THE_VOICE.get(control.name, "Natural")
        words = [neutral, *map(level_label, others)]
        self.menu: Choice | None = None
        self.buttons: list[Button] = []
        if len(words) > AS_BUTTONS:
            self.menu = Choice(theme, control_label(control.name))
            self.menu.addItems(words)
            self.menu.activated.connect(self._choose)
            self.column.addWidget(self.menu)
        else:
            self.column.addWidget(self._group(theme, control, words))
        if control.languages:
            self.label.setToolTip(f"Works in {', '.join(control.languages)}")
        self._end()

    def _group(self, theme: Theme, control: Control, words: list[str]) -> QWidget:
        holder = QWidget()
        holder.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        flow = FlowLayout(holder, 6)
        group = QButtonGroup(self)
        group.setExclusive(True)
        for index, word in enumerate(words):
            button = Button(theme, word, height=30, role="caption", name=f"{control_label(control.name)}: {word}")
            button.setToolTip("")
            button.setCheckable(True)
            group.addButton(button, index)
            flow.addWidget(button)
            self.buttons.append(button)
        group.idClicked.connect(self._choose)
        return holder

    def show_value(self, value: Value) -> None:
        """Mark it without telling."""
        self.value = value if value in self._values else None
        index = self._values.index(self.value if isinstance(self.value, str) else None)
        if self.menu is not None:
            self.menu.setCurrentIndex(index)
        else:
            self.buttons[index].setChecked(True)

    def _choose(self, index: int) -> None:
        self.value = self._values[index]
        self.changed.emit()
