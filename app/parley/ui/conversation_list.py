"""The conversations that are kept: open, go on, rename, delete, search."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QPoint, QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListView,
    QMenu,
    QMessageBox,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from parley.conversation.events import Found
from parley.conversation.turns import Heading, Hit
from parley.ui.buttons import Button
from parley.ui.theme import Radius, Space, Theme

Index = QModelIndex | QPersistentModelIndex
NUMBER, CAPTION, HIT, TITLE = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1, Qt.ItemDataRole.UserRole + 2, Qt.ItemDataRole.EditRole
TYPING_MS = 150
UNTITLED = "New conversation"
KEPT = "What you talk about is kept here, on this computer only."
NOT_KEPT = "What you talk about is not kept. Settings, Privacy changes that."


def when(iso: str, now: datetime) -> str:
    """A moment as one says it: today the time, this week the day, else the date."""
    try:
        moment = datetime.fromisoformat(iso).astimezone(now.tzinfo)
    except ValueError:
        return ""
    days = (now.date() - moment.date()).days
    if days == 0:
        return f"{moment:%H:%M}"
    if days == 1:
        return "yesterday"
    if 1 < days < 7:
        return f"{moment:%A}"
    return f"{moment.day} {moment:%B}" if moment.year == now.year else f"{moment.day} {moment:%B %Y}"


AROUND_MATCH = 0.4
"""Share of a line that the words before the found ones have, and those after them, where there is no room for all."""


def shown_before(hit: Hit, theme: Theme, width: float) -> str:
    """As much of what stands before the found words as leaves them in view."""
    plain, strong = QFontMetrics(theme.font("body")), QFontMetrics(theme.font("body", strong=True))
    share = width * AROUND_MATCH
    room = width - strong.horizontalAdvance(hit.match) - min(share, plain.horizontalAdvance(hit.after.rstrip()))
    return plain.elidedText(hit.before.lstrip(), Qt.TextElideMode.ElideLeft, int(max(share, room)))


@dataclass(frozen=True, slots=True)
class Row:
    """What one line of the list says: a conversation, or a turn that was found in it."""

    number: int
    title: str
    caption: str
    hit: Hit | None = None

    @property
    def words(self) -> str:
        """The title, or the found words with what stands around them."""
        return f"{self.hit.before}{self.hit.match}{self.hit.after}".strip() if self.hit is not None else self.title or UNTITLED


class Headings(QAbstractListModel):
    """The rows of the list, found or all."""

    renamed = Signal(int, str)

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[Row] = []

    def put(self, rows: list[Row]) -> None:
        """Show these instead."""
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        """How many there are."""
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Title, caption, number."""
        row = self.rows[index.row()]
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{row.words}, {row.caption}"
        told: dict[int, object] = {Qt.ItemDataRole.DisplayRole: row.words, TITLE: row.title or UNTITLED}
        return {**told, NUMBER: row.number, CAPTION: row.caption, HIT: row.hit}.get(role)

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Titles can be edited."""
        return super().flags(index) | Qt.ItemFlag.ItemIsEditable

    def setData(self, index: Index, value: object, role: int = TITLE) -> bool:
        """The user gave a title."""
        if role != TITLE:
            return False
        self.renamed.emit(self.rows[index.row()].number, str(value).strip())
        return True


class _RowPainter(QStyledItemDelegate):
    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:
        return QSize(120, 14 + self._theme.line_height("body", 20) + self._theme.line_height("caption", 18))

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, _index: Index) -> None:
        editor.setGeometry(self._box(option).adjusted(0, 4, 0, -4))

    def _box(self, option: QStyleOptionViewItem) -> QRect:
        box: QRect = option.rect
        return box.adjusted(Space.S, 1, -Space.S, -1)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        theme, box = self._theme, QRectF(self._box(option))
        state: QStyle.StateFlag = option.state
        chosen, over = bool(state & QStyle.StateFlag.State_Selected), bool(state & QStyle.StateFlag.State_MouseOver)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        if chosen or over:
            painter.setBrush(theme.colour("accent_soft" if chosen else "sunken"))
            painter.drawRoundedRect(box, Radius.M, Radius.M)
        if bool(state & QStyle.StateFlag.State_HasFocus):
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(theme.colour("accent"))
            painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), Radius.M, Radius.M)
        inner = box.adjusted(Space.M, 6, -Space.M, -6)
        height, ink = theme.line_height("body", 20), "accent_ink" if chosen else "ink"
        above = QRectF(inner.left(), inner.top(), inner.width(), height)
        hit = index.data(HIT)
        if isinstance(hit, Hit):
            self._found(painter, hit, above, ink)
        else:
            self._text(painter, str(index.data(Qt.ItemDataRole.DisplayRole)), above, "body", ink)
        below = QRectF(inner.left(), inner.top() + height, inner.width(), theme.line_height("caption", 18))
        self._text(painter, str(index.data(CAPTION)), below, "caption", "ink_soft")
        painter.restore()

    def _found(self, painter: QPainter, hit: Hit, box: QRectF, ink: str) -> None:
        """The found words stand out, and are seen however much stands before them."""
        before = shown_before(hit, self._theme, box.width())
        for words, colour, strong in ((before, ink, False), (hit.match, "accent_ink", True), (hit.after.rstrip(), ink, False)):
            box.setLeft(box.left() + self._text(painter, words, box, "body", colour, strong=strong))

    def _text(self, painter: QPainter, text: str, box: QRectF, role: str, colour: str, *, strong: bool = False) -> int:
        """Paint what fits; how wide that is."""
        painter.setFont(self._theme.font(role, strong=strong))
        painter.setPen(self._theme.colour(colour))
        shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(box.width()))
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, shown)
        return painter.fontMetrics().horizontalAdvance(shown)


class _List(QListView):
    """Delete and Enter mean what they say."""

    delete_wanted = Signal()
    open_wanted = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Delete deletes, Enter opens, F2 renames (Qt's own)."""
        if self.state() is not QAbstractItemView.State.EditingState and event.key() == Qt.Key.Key_Delete:
            self.delete_wanted.emit()
        elif self.state() is not QAbstractItemView.State.EditingState and event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.open_wanted.emit()
        else:
            super().keyPressEvent(event)


class ConversationList(QWidget):
    """The sidebar."""

    new_wanted = Signal()
    opened = Signal(int)
    sought = Signal(int)
    """The turn to be shown in the conversation that is opened next."""

    renamed = Signal(int, str)
    deleted = Signal(int)
    searched = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._headings: tuple[Heading, ...] = ()
        self._current: int | None = None
        self._keeps = True
        column = QVBoxLayout(self)
        column.setContentsMargins(0, Space.S, 0, Space.S)
        column.setSpacing(Space.S)
        column.addLayout(self._head(theme))
        self.search_field = QLineEdit()
        self.search_field.setPlaceholderText("Search everything said")
        self.search_field.setAccessibleName("Search conversations")
        self.search_field.setClearButtonEnabled(True)
        holder = QHBoxLayout()
        holder.setContentsMargins(Space.M, 0, Space.M, 0)
        holder.addWidget(self.search_field)
        column.addLayout(holder)
        self.model = Headings()
        self.list = _List()
        self.list.setAccessibleName("Conversations")
        self.list.setModel(self.model)
        self.list.setMouseTracking(True)
        self.list.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self.list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._painter = _RowPainter(theme)
        self.list.setItemDelegate(self._painter)
        column.addWidget(self.list, 1)
        self.list.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        self.empty = QLabel()
        self.empty.setProperty("role", "caption")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.empty.setWordWrap(True)
        column.addWidget(self.empty)
        column.addStretch(0)  # has all the room while the list is empty and hidden
        self._typing = QTimer(self)
        self._typing.setSingleShot(True)
        self._typing.setInterval(TYPING_MS)
        self._typing.timeout.connect(self._search)
        self.search_field.textChanged.connect(self._typed)
        self.model.renamed.connect(self.renamed)
        self.list.clicked.connect(self._open)
        self.list.open_wanted.connect(self._open_current)
        self.list.delete_wanted.connect(self.delete)
        self.list.customContextMenuRequested.connect(self._menu)
        self._fill()

    def _head(self, theme: Theme) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(Space.L, 0, Space.M, 0)
        title = QLabel("Conversations")
        title.setProperty("role", "label")
        self.new_button = Button(theme, icon="plus", weight="quiet", name="New conversation (Ctrl+N)", height=32)
        self.new_button.clicked.connect(self.new_wanted)
        row.addWidget(title)
        row.addStretch(1)
        row.addWidget(self.new_button)
        return row

    def show_headings(self, headings: Sequence[Heading]) -> None:
        """What is kept."""
        self._headings = tuple(headings)
        if not self.search_field.text().strip():
            self._fill()

    def show_keeping(self, on: bool) -> None:
        """Whether what is said comes into the list."""
        self._keeps = on
        if not self.search_field.text().strip():
            self._fill()

    def show_current(self, number: int) -> None:
        """Which one is open."""
        self._current = number
        self._mark()

    def show_found(self, found: Found) -> None:
        """What the search found; late news of an older search is ignored."""
        if found.query.strip() != self.search_field.text().strip():
            return
        today = datetime.now().astimezone()
        rows = []
        for hit in found.hits:
            heading = hit.conversation
            rows.append(Row(heading.number, heading.title, f"{when(heading.changed, today)} · {heading.title or UNTITLED}", hit))
        self._put(rows, "Nothing found.")

    def delete(self) -> None:
        """Ask, then delete the marked one."""
        number = self._marked
        if number is None:
            return
        self.question = QMessageBox(QMessageBox.Icon.Question, "Delete", "Delete this conversation for good?", parent=self)
        self.question.setInformativeText("Its words and recordings are really removed from this computer.")
        self.question.addButton(QMessageBox.StandardButton.Cancel)
        yes = self.question.addButton("Delete", QMessageBox.ButtonRole.DestructiveRole)
        yes.clicked.connect(self._really_delete)
        self._doomed = number
        self.question.open()

    def rename(self) -> None:
        """Edit the title of the marked one in place."""
        self.list.edit(self.list.currentIndex())

    def _really_delete(self) -> None:
        self.deleted.emit(self._doomed)

    def _caption(self, heading: Heading) -> str:
        turns = "" if not heading.turns else "1 turn" if heading.turns == 1 else f"{heading.turns} turns"
        parts = (when(heading.changed, datetime.now().astimezone()), heading.character, turns)
        return " · ".join(part for part in parts if part)

    def _fill(self) -> None:
        rows = [Row(each.number, each.title, self._caption(each)) for each in self._headings]
        self._put(rows, KEPT if self._keeps else NOT_KEPT)

    def _put(self, rows: list[Row], otherwise: str) -> None:
        """Show these, or a sentence where there are none."""
        self.model.put(rows)
        self.empty.setText("" if rows else otherwise)
        self.empty.setVisible(not rows)
        self.list.setVisible(bool(rows))
        self._mark()

    def _mark(self) -> None:
        rows = [row.number for row in self.model.rows]
        if self._current == self._marked and self.list.selectionModel().isSelected(self.list.currentIndex()):
            return  # of several hits in one conversation the one that was picked stays marked
        if self._current in rows:
            self.list.setCurrentIndex(self.model.index(rows.index(self._current)))
        else:
            self.list.clearSelection()

    @property
    def _marked(self) -> int | None:
        index = self.list.currentIndex()
        return int(index.data(NUMBER)) if index.isValid() else None

    def _typed(self) -> None:
        self._typing.start()

    def _search(self) -> None:
        query = self.search_field.text().strip()
        if query:
            self.searched.emit(query)
        else:
            self._fill()

    def _open(self, index: QModelIndex) -> None:
        hit = index.data(HIT)
        if isinstance(hit, Hit):
            self.sought.emit(hit.turn)
        self.opened.emit(int(index.data(NUMBER)))

    def _open_current(self) -> None:
        if self.list.currentIndex().isValid():
            self._open(self.list.currentIndex())

    def _menu(self, point: QPoint) -> None:
        index = self.list.indexAt(point)
        if not index.isValid():
            return
        self.list.setCurrentIndex(index)
        menu = QMenu(self)
        menu.addAction("Open", self._open_current)
        menu.addAction("Rename", self.rename)
        menu.addSeparator()
        menu.addAction("Delete…", self.delete)
        menu.popup(self.list.viewport().mapToGlobal(point))
