"""Settings: everything is in force at once, but for another engine, which a button puts into force, and what says otherwise."""

from dataclasses import replace

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QButtonGroup, QDialog, QGridLayout, QHBoxLayout, QLabel, QStackedWidget, QVBoxLayout, QWidget

from parley.ui.buttons import Button
from parley.ui.chosen import Chosen
from parley.ui.engine_page import EnginePage, Machine
from parley.ui.fields import line
from parley.ui.form import Page, caption
from parley.ui.sound_page import Desk, SoundPage
from parley.ui.theme import Space, Theme
from parley.ui.welcome import KeyCap

KEYS = (
    ("Space", "hold to talk, where no text is being typed"),
    ("F9", "hold to talk, anywhere in the window"),
    ("Enter", "press the marked button; send what is typed"),
    ("Esc", "interrupt; leave the input line"),
    ("Ctrl+M", "open microphone on and off"),
    ("Ctrl+Shift+M", "mute on and off"),
    ("Ctrl+L", "go to the input line"),
    ("Ctrl+N", "new conversation"),
    ("Ctrl+F", "search"),
    ("Ctrl+B", "conversations on and off"),
    ("Ctrl+J", "style and roles on and off"),
    ("F2, Delete", "rename or delete the marked conversation"),
    ("Ctrl+,", "settings"),
)


class SettingsDialog(QDialog):
    """Pages on the right, their names on the left."""

    def __init__(self, theme: Theme, desk: Desk, machine: Machine, chosen: Chosen, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Settings")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setModal(True)
        self.resize(QSize(theme.grown(760), theme.grown(560)).boundedTo(self.screen().availableSize()))
        self._theme, self._chosen = theme, chosen
        self.sound = SoundPage(theme, desk, chosen)
        self.engine = EnginePage(theme, machine, chosen)
        pages: tuple[tuple[str, str, Page], ...] = (
            ("Sound", "speaker", self.sound),
            ("Turns", "open-microphone", self._turns()),
            ("Engine", "engine", self.engine),
            ("Appearance", "appearance", self._appearance()),
            ("Privacy", "privacy", self._privacy()),
            ("Keys", "keyboard", self._keys()),
        )
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        side = QWidget()
        side.setObjectName("side")
        side.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        side.setFixedWidth(theme.grown(178))
        names = QVBoxLayout(side)
        names.setContentsMargins(Space.M, Space.L, Space.M, Space.M)
        names.setSpacing(Space.XS)
        self.pages = QStackedWidget()
        group = QButtonGroup(self)
        self.tabs: dict[str, Button] = {}
        for index, (word, icon, page) in enumerate(pages):
            tab = Button(theme, word, icon, weight="quiet", align_left=True)
            tab.setCheckable(True)
            group.addButton(tab, index)
            names.addWidget(tab)
            self.tabs[word] = tab
            self.pages.addWidget(page)
        group.idClicked.connect(self.pages.setCurrentIndex)
        names.addStretch(1)
        close = Button(theme, "Close")
        close.clicked.connect(self.close)
        names.addWidget(close)
        row.addWidget(side)
        row.addWidget(line(upright=True))
        row.addWidget(self.pages, 1)
        self.tabs["Sound"].setChecked(True)
        self.finished.connect(self._end)

    def open_page(self, word: str) -> None:
        """Show a page by its name."""
        self.tabs[word].click()

    def _end(self) -> None:
        self.sound.stop_test()
        self.engine.close_errands()

    def _turns(self) -> Page:
        page, turns = Page(self._theme, "Turns"), self._chosen.settings.turns
        page.switch(
            "Start with an open microphone",
            turns.open_microphone,
            lambda on: self._turn(open_microphone=on),
            "Otherwise you hold Space to talk. Counts when Parley starts.",
        )
        page.amount(
            "Voice threshold",
            (0.1, 0.9, 0.05),
            turns.threshold,
            lambda value: f"{value:.2f}",
            lambda value: self._turn(threshold=value),
            "Higher where it is noisy, lower if Parley misses you.",
        )
        page.amount(
            "Silence that ends a turn",
            (200, 3000, 50),
            turns.silence_ms,
            lambda ms: f"{ms:.0f} ms",
            lambda ms: self._turn(silence_ms=round(ms)),
            "Used where the model can't tell by itself that you have finished.",
        )
        page.end()
        return page

    def _appearance(self) -> Page:
        page, look = Page(self._theme, "Appearance"), self._chosen.settings.appearance
        page.choice("Colours", (("As the desktop", "system"), ("Light", "light"), ("Dark", "dark")), look.theme, self._wear)
        page.column.addWidget(caption("Size of type and typeface are your desktop's own."))
        page.end()
        return page

    def _privacy(self) -> Page:
        page, privacy = Page(self._theme, "Privacy"), self._chosen.settings.privacy
        page.column.addWidget(
            caption("With the built-in engine nothing that you say or type leaves this computer, and nothing of it is ever logged.")
        )
        page.switch(
            "Keep conversations",
            privacy.keep_history,
            lambda on: self._keep(keep_history=on),
            "Words and speech tokens, in your own data folder. Deleting one really removes it. Off: nothing more is written, from now on. "
            "If Parley was started with this off, it keeps conversations from the next start.",
        )
        page.switch(
            "Keep recordings of my voice",
            privacy.keep_recordings,
            lambda on: self._keep(keep_recordings=on),
            "Sound files beside the conversations that are kept, so that your own turns can be played again.",
        )
        page.end()
        return page

    def _keys(self) -> Page:
        page = Page(self._theme, "Keys")
        grid = QGridLayout()
        grid.setHorizontalSpacing(Space.L)
        grid.setVerticalSpacing(Space.S)
        for index, (key, meaning) in enumerate(KEYS):
            grid.addWidget(KeyCap(self._theme, key), index, 0, Qt.AlignmentFlag.AlignLeft)
            words = QLabel(meaning)
            words.setWordWrap(True)
            grid.addWidget(words, index, 1)
        grid.setColumnStretch(1, 1)
        page.column.addLayout(grid)
        page.column.addWidget(caption("For a key that works everywhere on your desktop, bind one to `parley ctl talk`."))
        page.end()
        return page

    def _turn(self, **changes: object) -> None:
        settings = self._chosen.settings
        self._chosen.choose(replace(settings, turns=replace(settings.turns, **changes)))  # type: ignore[arg-type]

    def _keep(self, **changes: object) -> None:
        settings = self._chosen.settings
        self._chosen.choose(replace(settings, privacy=replace(settings.privacy, **changes)))  # type: ignore[arg-type]

    def _wear(self, theme: object) -> None:
        settings = self._chosen.settings
        self._chosen.choose(replace(settings, appearance=replace(settings.appearance, theme=theme)))  # type: ignore[arg-type]
