"""Role-play presets: choose, edit, bring in, hand on; those that the engine can't play are marked with the reason."""

from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAction, QColor, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QFileDialog, QHBoxLayout, QMenu, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from parley.conversation.character import Character
from parley.conversation.offer import Offer
from parley.ui import icons
from parley.ui.buttons import Button, focus_ring
from parley.ui.cast import Cast
from parley.ui.role_editor import RoleEditor
from parley.ui.scrolled import Scrolled
from parley.ui.theme import Radius, Size, Space, Theme
from parley_models.errors import ParleyError

Kept = TypeVar("Kept")
FILES = "Character cards (*.png *.json);;All files (*)"
LEFT = 60
"""Logical pixels from a card's edge to its words."""

PARLEY = Character("Parley", "Itself: plain answers in its own voice.")


class RoleCard(QAbstractButton):
    """One character: a letter, its name, what it is, and why it can't be played."""

    def __init__(self, theme: Theme, character: Character, offer: Offer | None) -> None:
        super().__init__()
        self._theme, self.character = theme, character
        self.unplayable = character.unplayable(offer) if offer is not None and character is not PARLEY else ""
        missing = character.missing(offer) if offer is not None else ()
        self.lack = self.unplayable or ("Not in its full style here" if missing else "")
        self._why = self.unplayable or " ".join(missing)
        self.setCheckable(True)
        self.setAccessibleName(character.name)
        self.setAccessibleDescription(". ".join(part for part in (self._blurb, self._why) if part))
        self.setToolTip("".join(f"<p>{escape(part)}</p>" for part in (self._blurb, self._why) if part))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def _blurb(self) -> str:
        """The first sentence of the description."""
        text = " ".join((self.character.description or self.character.personality).replace("{{char}}", self.character.name).split())
        return text.split(". ")[0].rstrip(".")

    def sizeHint(self) -> QSize:
        """Two or three lines."""
        words = 20 + self._name_height + self._blurb_height
        if not self.lack:
            return QSize(200, words)
        metrics = QFontMetrics(self._theme.font("caption"))
        room = self._theme.grown(Size.PANEL) - 2 * Space.M - LEFT - 19 - Space.L
        return QSize(200, words - 2 + metrics.boundingRect(0, 0, room, 1000, int(Qt.TextFlag.TextWordWrap.value), self.lack).height())

    @property
    def _name_height(self) -> int:
        return self._theme.line_height("body", 20)

    @property
    def _blurb_height(self) -> int:
        return self._theme.line_height("caption", 20)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """A card; the chosen one stands out."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box, colour = QRectF(self.rect()), self._theme.colour
        chosen = self.isChecked()
        painter.setPen(QPen(colour("accent" if chosen else "line"), 1.5 if chosen else 1))
        painter.setBrush(colour("accent_soft" if chosen else "sunken" if self.underMouse() else "surface"))
        painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), Radius.M, Radius.M)
        self._paint_letter(painter)
        left, name, blurb = float(LEFT), self._name_height, self._blurb_height
        width = box.width() - left - Space.S
        ink = colour("ink_faint" if self.unplayable else "accent_ink" if chosen else "ink")
        self._line(painter, self.character.name, QRectF(left, 10, width, name), "body", ink, strong=True)
        self._line(
            painter, self._blurb, QRectF(left, 10 + name, width, blurb), "caption", colour("ink_faint" if self.unplayable else "ink_soft")
        )
        if self.lack:
            top = 10.0 + name + blurb
            icons.draw(painter, "warning", QRectF(left, top + blurb / 2 - 8, 14, 14), colour("warning"))
            painter.setFont(self._theme.font("caption"))
            painter.setPen(colour("warning"))
            painter.drawText(QRectF(left + 19, top, width - 19, box.height() - top - 4), Qt.TextFlag.TextWordWrap, self.lack)
        if self.hasFocus():
            focus_ring(painter, box, Radius.M, self._theme)
        painter.end()

    def _paint_letter(self, painter: QPainter) -> None:
        tints = self._theme.palette.tints
        painter.setPen(Qt.PenStyle.NoPen)
        disc = QRectF(12, 12, 36, 36)
        if self.character is PARLEY:
            icons.draw_as_is(painter, "parley", disc.adjusted(-1, -1, 1, 1))
            return
        painter.setBrush(QColor(tints[sum(self.character.name.encode()) % len(tints)]))
        painter.drawEllipse(disc)
        painter.setPen(self._theme.colour("ink_faint" if self.unplayable else "ink"))
        painter.setFont(self._theme.font("heading", strong=True))
        painter.drawText(disc, Qt.AlignmentFlag.AlignCenter, self.character.name[:1].upper())

    def _line(self, painter: QPainter, text: str, box: QRectF, role: str, ink: QColor, *, strong: bool = False) -> None:
        painter.setFont(self._theme.font(role, strong=strong))
        painter.setPen(ink)
        shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(box.width()))
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, shown)


class RolesPanel(QWidget):
    """Who answers."""

    chosen = Signal(object)
    """A Character, or None for Parley itself."""

    troubled = Signal(str)

    def __init__(self, theme: Theme, cast: Cast) -> None:
        super().__init__()
        self._theme, self._cast = theme, cast
        self._offer: Offer | None = None
        self._name = ""
        self.cards: list[RoleCard] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        page = Scrolled()
        self._list = QVBoxLayout(page)
        self._list.setContentsMargins(Space.M, Space.S, Space.M, Space.M)
        self._list.setSpacing(6)
        scroll.setWidget(page)
        column.addWidget(scroll, 1)
        column.addLayout(self._foot(theme))
        self.reload()

    def _foot(self, theme: Theme) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(Space.M, Space.S, Space.M, Space.M)
        row.setSpacing(Space.S)
        self.new_button = Button(theme, "New", "plus", height=32, role="caption", name="New character")
        self.import_button = Button(theme, "Import", "import", height=32, role="caption", name="Import a character card")
        self.edit_button = Button(theme, icon="edit", name="Edit this character", height=32)
        self.more_button = Button(theme, icon="more", name="More for this character", height=32)
        self.new_button.clicked.connect(self._new)
        self.import_button.clicked.connect(self._import)
        self.edit_button.clicked.connect(self.edit)
        self.more_button.clicked.connect(self._more)
        for button in (self.new_button, self.import_button):
            row.addWidget(button)
        row.addStretch(1)
        row.addWidget(self.edit_button)
        row.addWidget(self.more_button)
        return row

    def show_offer(self, offer: Offer | None) -> None:
        """What the engine can play."""
        self._offer = offer
        self.reload()

    def show_character(self, character: Character | None) -> None:
        """Who answers now."""
        self._name = character.name if character is not None else ""
        self._mark()

    def reload(self) -> None:
        """Read the cast again."""
        while (item := self._list.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.cards = []
        characters = self._try(lambda: list(self._cast.characters())) or []
        for character in (PARLEY, *characters):
            card = RoleCard(self._theme, character, self._offer)
            card.clicked.connect(self._choose)
            self.cards.append(card)
            self._list.addWidget(card)
        self._list.addStretch(1)
        self._mark()

    @property
    def current(self) -> Character | None:
        """Who is marked; None = Parley itself."""
        return next((card.character for card in self.cards[1:] if card.character.name == self._name), None)

    def _mark(self) -> None:
        marked = self.current
        for card in self.cards:
            card.setChecked(card.character is (marked or PARLEY))
        self.edit_button.setEnabled(marked is not None)
        self.more_button.setEnabled(marked is not None)

    def _choose(self) -> None:
        card = self.sender()
        assert isinstance(card, RoleCard)
        self._name = "" if card.character is PARLEY else card.character.name
        self._mark()
        self.chosen.emit(None if card.character is PARLEY else card.character)

    def _new(self) -> None:
        self._edit(Character("New character"), replaces="", title="New character")

    def edit(self) -> None:
        """Open the editor for the marked one; a shipped one becomes a copy of the user's own."""
        character = self.current
        if character is not None:
            own = self._cast.is_own(character.name)
            self._edit(character, replaces=character.name if own else "", title=f"Edit {character.name}")

    def _edit(self, character: Character, *, replaces: str, title: str) -> None:
        self.editor = RoleEditor(self._theme, character, self._offer, title, self)
        self._replaces = replaces
        self.editor.kept.connect(self._keep)
        self.editor.open()

    def _keep(self, character: Character) -> None:
        def save() -> bool:
            self._cast.save(character, self._replaces)
            return True

        if self._try(save):
            self._name = character.name
            self.reload()
            self.chosen.emit(character)

    def _import(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Import a character card", "", FILES)
        if path:
            self.take(Path(path))

    def take(self, path: Path) -> None:
        """Bring a card in from a file."""
        character = self._try(lambda: self._cast.take(path))
        if character is not None:
            self._name = character.name
            self.reload()
            self.chosen.emit(character)

    def _more(self) -> None:
        character = self.current
        if character is None:
            return
        menu = QMenu(self)
        export = QAction("Export as a file…", menu)
        export.triggered.connect(self._export)
        delete = QAction("Delete", menu)
        delete.setEnabled(self._cast.is_own(character.name))
        delete.triggered.connect(self.delete)
        menu.addAction(export)
        menu.addAction(delete)
        menu.popup(self.more_button.mapToGlobal(self.more_button.rect().bottomLeft()))

    def _export(self) -> None:
        character = self.current
        if character is not None:
            path, _ = QFileDialog.getSaveFileName(self, "Export the character", f"{character.name}.json", FILES)
            if path:
                self.give(Path(path))

    def give(self, path: Path) -> None:
        """Write the marked one into a file."""
        character = self.current
        if character is not None:
            self._try(lambda: self._cast.give(character, path))

    def delete(self) -> None:
        """Forget the marked one, if it is the user's own."""
        character = self.current
        if character is not None and self._cast.is_own(character.name):
            self._try(lambda: self._cast.delete(character.name))
            self._name = ""
            self.reload()
            self.chosen.emit(None)

    def _try(self, deed: Callable[[], Kept]) -> Kept | None:
        try:
            return deed()
        except ParleyError as error:
            self.troubled.emit(str(error))
            return None
