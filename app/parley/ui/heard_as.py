"""What I heard: the model's own understanding of a spoken question, which the user may put right."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from parley.ui.buttons import Button
from parley.ui.theme import Space, Theme


class _Field(QLineEdit):
    """A line that Esc leaves unchanged."""

    left = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc belongs to the field while it is edited."""
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
            return
        super().keyPressEvent(event)


class HeardAs(QWidget):
    """Hidden until something is known."""

    corrected = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.text = ""
        column = QVBoxLayout(self)
        column.setContentsMargins(0, Space.XS, 0, 0)
        column.setSpacing(0)
        self._caption = QLabel("What I heard")
        self._caption.setProperty("role", "faint")
        column.addWidget(self._caption)
        row = QHBoxLayout()
        row.setSpacing(Space.XS)
        self._words = QLabel()
        self._words.setFont(theme.font("reading"))
        self._words.setWordWrap(True)
        self._words.setTextFormat(Qt.TextFormat.PlainText)
        self._words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.field = _Field()
        self.field.setAccessibleName("What you really said")
        self.field.setFont(theme.font("reading"))
        self.edit_button = Button(theme, icon="edit", weight="quiet", name="Correct what I heard", height=28)
        row.addWidget(self._words, 1)
        row.addWidget(self.field, 1)
        row.addWidget(self.edit_button, 0, Qt.AlignmentFlag.AlignTop)
        column.addLayout(row)
        self.edit_button.clicked.connect(self.edit)
        self.field.returnPressed.connect(self._done)
        self.field.left.connect(self._leave)
        self.field.hide()
        self.hide()

    def show_text(self, text: str, *, corrected: bool) -> None:
        """Show what was heard, or what the user says was said."""
        self.text = text
        self._caption.setText("What you said (corrected)" if corrected else "What I heard")
        self._words.setText(text or "Nothing that I understood.")
        self._words.setAccessibleName(f"{self._caption.text()}: {self._words.text()}")
        self._leave()
        self.show()

    def edit(self) -> None:
        """Let the user write what was said; Enter keeps it."""
        if self.field.isVisible():
            self._done()
            return
        self.field.setText(self.text)
        self._words.hide()
        self.field.show()
        self.edit_button.show_icon("check")
        self.edit_button.setAccessibleName("Keep the correction")
        self.field.setFocus(Qt.FocusReason.OtherFocusReason)
        self.field.selectAll()

    def _done(self) -> None:
        text = self.field.text().strip()
        self._leave()
        if text and text != self.text:
            self.corrected.emit(text)

    def _leave(self) -> None:
        self.field.hide()
        self._words.show()
        self.edit_button.show_icon("edit")
        self.edit_button.setAccessibleName("Correct what I heard")
