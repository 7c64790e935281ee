"""Writing a character: who it is, what it says first, how it speaks."""

from dataclasses import replace
from typing import Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from parley.conversation.character import Character
from parley.conversation.offer import Offer
from parley.ui.buttons import Button
from parley.ui.scrolled import Scrolled
from parley.ui.style_panel import StylePanel
from parley.ui.text_field import TextField
from parley.ui.theme import Space, Theme

TEXTS = (
    ("description", "Who it is", 4),
    ("personality", "Personality", 2),
    ("scenario", "Where and when", 2),
    ("greeting", "What it says first", 2),
    ("instructions", "Instructions to the model", 2),
    ("example", "An example of how it talks", 3),
)
"""(field of Character, label, lines that there is always room for)."""


class RoleEditor(QDialog):
    """Two columns: words on the left, voice on the right."""

    kept = Signal(object)

    def __init__(self, theme: Theme, character: Character, offer: Offer | None, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._character = character
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(QSize(theme.grown(720), theme.grown(560)).boundedTo(self.screen().availableSize()))
        outer = QVBoxLayout(self)
        outer.setContentsMargins(Space.L, Space.L, Space.L, Space.L)
        outer.setSpacing(Space.M)
        columns = QHBoxLayout()
        columns.setSpacing(Space.L)
        columns.addWidget(self._words(character), 3)
        columns.addLayout(self._voice(theme, character, offer), 2)
        outer.addLayout(columns, 1)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        cancel = Button(theme, "Cancel")
        self.keep_button = Button(theme, "Save", weight="primary", name="Save this character")
        cancel.clicked.connect(self.reject)
        self.keep_button.clicked.connect(self._keep)
        buttons.addWidget(cancel)
        buttons.addWidget(self.keep_button)
        outer.addLayout(buttons)
        self._check()

    def _words(self, character: Character) -> QWidget:
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        page = Scrolled()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, Space.S, 0)
        column.setSpacing(Space.XS)
        self.name_field = QLineEdit(character.name)
        self.name_field.setAccessibleName("Name")
        self.name_field.setMaxLength(80)
        self.name_field.textChanged.connect(self._check)
        column.addWidget(_label("Name"))
        column.addWidget(self.name_field)
        self.fields: dict[str, TextField] = {}
        for name, label, lines in TEXTS:
            field = TextField(getattr(character, name), least_lines=lines)
            field.setAccessibleName(label)
            column.addSpacing(Space.S)
            column.addWidget(_label(label))
            column.addWidget(field)
            self.fields[name] = field
        column.addStretch(1)
        scroll.setWidget(page)
        return scroll

    def _voice(self, theme: Theme, character: Character, offer: Offer | None) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(Space.XS)
        column.addWidget(_label("How it speaks"))
        self.style_panel = StylePanel(theme)
        self.style_panel.show_offer(offer)
        self.style_panel.show_style(character.style)
        column.addWidget(self.style_panel, 1)
        return column

    def _check(self) -> None:
        self.keep_button.setEnabled(bool(self.name_field.text().strip()))

    def _keep(self) -> None:
        texts: dict[str, Any] = {name: field.toPlainText().strip() for name, field in self.fields.items()}
        character = replace(self._character, name=self.name_field.text().strip(), style=self.style_panel.style_now, **texts)
        self.accept()
        self.kept.emit(character)


def _label(text: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", "label")
    return label
