"""Parley's window: conversations on the left, the conversation in the middle, style and roles on the right."""

from PySide6.QtCore import QByteArray, QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from parley.conversation.talk import Talk
from parley.settings import Settings
from parley.ui.banner import Banner
from parley.ui.cast import Cast
from parley.ui.chosen import Chosen
from parley.ui.conversation_list import ConversationList
from parley.ui.conversation_view import ConversationView
from parley.ui.fields import line
from parley.ui.header import Header
from parley.ui.icons import app_icon
from parley.ui.keys import HoldToTalk
from parley.ui.roles_panel import RolesPanel
from parley.ui.side_panel import SidePanel
from parley.ui.sides import Side, Sides
from parley.ui.style_panel import StylePanel
from parley.ui.talk_bar import Levels, TalkBar
from parley.ui.theme import Size, Theme
from parley.ui.timers import TimerRow

SMALLEST = QSize(420, 480)


class Window(QWidget):
    """The parts and how they lie; `desk_talk.py` connects them with the conversation."""

    settings_wanted = Signal()
    closing = Signal()

    def __init__(self, theme: Theme, talk: Talk, levels: Levels, cast: Cast, chosen: Chosen) -> None:
        super().__init__()
        self.theme, self.talk, self.chosen = theme, talk, chosen
        self.setObjectName("window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setWindowTitle("Parley")
        self.setWindowIcon(app_icon())
        self.setMinimumSize(SMALLEST)
        self.header = Header(theme)
        self.banner = Banner(theme)
        self.view = ConversationView(theme)
        self.timers = TimerRow(theme)
        self.talk_bar = TalkBar(theme, levels)
        self.conversations = ConversationList(theme)
        self.style_panel = StylePanel(theme)
        self.roles_panel = RolesPanel(theme, cast)
        self.panel = SidePanel(theme, self.style_panel, self.roles_panel)
        self.keys = HoldToTalk(self)
        self._lay_out()
        self._shortcuts()
        self.resize(1200, 800)
        self._restore(chosen.settings.window)
        self._show_choice(chosen.settings, chosen.settings)
        chosen.changed.connect(self._show_choice)

    def _lay_out(self) -> None:
        middle, body = QWidget(), QWidget()
        centre, below = QVBoxLayout(middle), QVBoxLayout(body)
        for column in (centre, below):
            column.setContentsMargins(0, 0, 0, 0)
            column.setSpacing(0)
        centre.addWidget(self.header)
        centre.addWidget(line())
        centre.addWidget(body, 1)
        below.addWidget(self.banner)
        below.addWidget(self.view, 1)
        below.addWidget(self.timers)
        below.addWidget(line())
        below.addWidget(self.talk_bar)
        self.sidebar = Side(self.conversations, on_the_left=True, width=self.theme.grown(Size.SIDEBAR))
        self.panel_side = Side(self.panel, on_the_left=False, width=self.theme.grown(Size.PANEL))
        self.sides = Sides(self.theme, self.sidebar, middle, self.panel_side, body)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.sides)

    def _shortcuts(self) -> None:
        for keys, act in (
            ("Ctrl+M", self._toggle_microphone),
            ("Ctrl+Shift+M", self._toggle_mute),
            ("Ctrl+N", self.conversations.new_wanted.emit),
            ("Ctrl+F", self._search),
            ("Ctrl+L", self._type),
            ("Ctrl+B", self.header.sidebar_button.click),
            ("Ctrl+J", self.header.panel_button.click),
            ("Ctrl+,", self.settings_wanted.emit),
            ("Ctrl+Q", self.close),
            ("Esc", self._escape),
        ):
            QShortcut(QKeySequence(keys), self, act)
        self.header.sidebar_toggled.connect(self._show_sidebar)
        self.header.panel_toggled.connect(self._show_panel)
        self.header.settings_wanted.connect(self.settings_wanted)
        self.sides.changed.connect(self._mark_sides)
        self.conversations.opened.connect(self.sides.put_away)
        self.conversations.new_wanted.connect(self.sides.put_away)

    def _toggle_microphone(self) -> None:
        self.talk.open_microphone(not self.talk_bar.situation.state.open_microphone)

    def _toggle_mute(self) -> None:
        self.talk.mute(not self.talk_bar.situation.state.muted)

    def _search(self) -> None:
        self._show_sidebar(True)
        self.conversations.search_field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.conversations.search_field.selectAll()

    def _type(self) -> None:
        self.sides.put_away()
        self.talk_bar.composer.field.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _escape(self) -> None:
        """Silence first; what lies over the conversation goes, and if nothing does, Space is for talking again."""
        self.talk.interrupt()
        focus = self.focusWidget()
        if not self.sides.put_away() and focus is not None:
            focus.clearFocus()

    def open_roles(self) -> None:
        """Show who can answer."""
        self._show_panel(True)
        self.panel.open_tab(1)

    def _show_sidebar(self, on: bool) -> None:
        self.sides.ask_for(self.sidebar, on)

    def _show_panel(self, on: bool) -> None:
        self.sides.ask_for(self.panel_side, on)

    def _mark_sides(self) -> None:
        self.header.sidebar_button.setChecked(self.sidebar.isVisibleTo(self))
        self.header.panel_button.setChecked(self.panel_side.isVisibleTo(self))

    def _restore(self, kept: str) -> None:
        if kept:
            self.restoreGeometry(QByteArray.fromBase64(kept.encode()))

    def _show_choice(self, _before: Settings, now: Settings) -> None:
        self.view.welcome.show_engine(now.engine.choice)
        self.conversations.show_keeping(now.privacy.keep_history)

    @property
    def place(self) -> str:
        """Where it is and how large, to be kept."""
        return bytes(self.saveGeometry().toBase64().data()).decode()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Whoever has to end something is told."""
        self.closing.emit()
        super().closeEvent(event)
