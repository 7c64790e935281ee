"""Settings: who answers. The built-in engine with a bundle or a folder, or any Realtime server."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QLineEdit, QWidget

from parley.conversation.offer import Remote
from parley.conversation.probe import Probe
from parley.settings import EngineSettings
from parley.ui.buttons import Button
from parley.ui.chosen import Chosen
from parley.ui.errand import Errand
from parley.ui.form import Page, caption
from parley.ui.theme import Theme

SLEEPS: tuple[tuple[str, object], ...] = (("Never", None), ("After 5 minutes", 5.0), ("After 15 minutes", 15.0), ("After an hour", 60.0))
FOLDER = "\0folder"
REMOTE = "\0remote"


@dataclass(frozen=True, slots=True)
class Machine:
    """What the page asks of the machine and of the network. The functions may take seconds and are called beside the window."""

    bundles: Callable[[], Sequence[str]]
    """Names of the bundles that are here; quick."""

    gpus: Callable[[], Sequence[tuple[str, str]]]
    """(words, device) of each GPU; raises nothing."""

    probe: Callable[[Remote], Probe]
    """Connect once: who is there."""


class EnginePage(Page):
    """A change is put into force by the button, as it ends what the engine is doing."""

    def __init__(self, theme: Theme, machine: Machine, chosen: Chosen) -> None:
        super().__init__(theme, "Engine")
        self._machine, self._chosen = machine, chosen
        self.draft = chosen.settings.engine
        options: list[tuple[str, object]] = [(f"{name.capitalize()} (built in)", name) for name in machine.bundles()]
        options += [("A bundle in a folder…", FOLDER), ("A Realtime server…", REMOTE)]
        self.who = self.choice("Who answers", options, self._kind(options), self._choose)
        self._own = self._own_rows()
        self._remote = self._remote_rows()
        self.outcome = caption("")
        self.column.addWidget(self.outcome)
        self.use_button = Button(theme, "Use this engine", weight="primary")
        self.use_button.clicked.connect(self._use)
        self.column.addWidget(self.use_button, 0, Qt.AlignmentFlag.AlignRight)
        self.end()
        self._testing = Errand(self, "engine test")
        self._testing.done.connect(self._tested)
        self._testing.failed.connect(self._untested)
        self._looking = Errand(self, "GPU search")
        self._looking.done.connect(self._found)
        self._looking.run(lambda: list(machine.gpus()))
        self._show()

    def _kind(self, options: Sequence[tuple[str, object]]) -> object:
        if self.draft.kind == "remote":
            return REMOTE
        return self.draft.bundle if self.draft.bundle in [value for _, value in options] else FOLDER

    def _own_rows(self) -> list[QWidget]:
        self.folder = QLineEdit("" if self.who.currentData() != FOLDER else self.draft.bundle)
        self.folder.setAccessibleName("Folder of the bundle")
        self.folder.setPlaceholderText("Folder with a bundle.toml")
        self.folder.setFixedWidth(250)
        self.folder.textChanged.connect(self._folder_typed)
        self._folder_row = self.row("Folder", self.folder)
        browse = Button(self.theme, "Browse", "folder", name="Browse for the bundle's folder")
        browse.clicked.connect(self._browse)
        self._browse_row = self.row("", browse)
        before = self.column.count()
        self.device = self.choice(
            "Ears and voice run on",
            (("Whatever is best", "auto"), ("The processor", "cpu")),
            self.draft.device,
            self._use_device,
            "The model that thinks runs on the processor.",
        )
        self.sleep = self.choice(
            "Free the memory",
            SLEEPS,
            self.draft.idle_unload_min,
            self._use_sleep,
            "When nobody has spoken for so long; the next word wakes it.",
        )
        return self._widgets(before)

    def _remote_rows(self) -> list[QWidget]:
        before = self.column.count()
        self.url = self.line_edit(
            "Address", self.draft.url, self._use_url, "Anything that speaks the OpenAI Realtime protocol.", "wss://host/v1/realtime?model=…"
        )
        self.key = self.line_edit(
            "Key", self.draft.key, self._use_key, "Kept in the settings file, readable by you only. What you say goes to that server."
        )
        self.url.textChanged.connect(self._use_url)
        self.url.setCursorPosition(0)
        self.key.setEchoMode(QLineEdit.EchoMode.PasswordEchoOnEdit)
        self.test_button = self.act("Try it", "Test", self._test, "Connects once and says who is there.")
        return self._widgets(before)

    def _widgets(self, first: int) -> list[QWidget]:
        items = (self.column.itemAt(index) for index in range(first, self.column.count()))
        return [widget for item in items if item is not None and (widget := item.widget()) is not None]

    def _show(self) -> None:
        remote = self.draft.kind == "remote"
        for widget in self._own:
            widget.setVisible(not remote)
        for widget in self._remote:
            widget.setVisible(remote)
        for widget in (self._folder_row, self._browse_row):
            widget.setVisible(self.who.currentData() == FOLDER)
        complete = bool(self.draft.url) if remote else bool(self.draft.bundle)
        self.use_button.setEnabled(complete and self.draft != self._chosen.settings.engine)
        self.test_button.setEnabled(bool(self.draft.url) and not self._testing_now)

    @property
    def _testing_now(self) -> bool:
        return hasattr(self, "_testing") and self._testing.busy

    def _change(self, **changes: object) -> None:
        self.draft = replace(self.draft, **changes)  # type: ignore[arg-type]
        self._show()

    def _choose(self, value: object) -> None:
        if value == REMOTE:
            self._change(kind="remote")
        elif value == FOLDER:
            self._change(kind="built-in", bundle=self.folder.text().strip())
        else:
            self._change(kind="built-in", bundle=value)

    def _folder_typed(self, text: str) -> None:
        if self.who.currentData() == FOLDER:
            self._change(bundle=text.strip())

    def _browse(self) -> None:
        path = QFileDialog.getExistingDirectory(self, "The bundle's folder", self.folder.text())
        if path:
            self.folder.setText(path)

    def _use_device(self, value: object) -> None:
        self._change(device=value)

    def _use_sleep(self, value: object) -> None:
        self._change(idle_unload_min=value)

    def _use_url(self, text: str) -> None:
        self._change(url=text)

    def _use_key(self, text: str) -> None:
        self._change(key=text)

    def _test(self) -> None:
        self.draft = replace(self.draft, url=self.url.text().strip(), key=self.key.text().strip())
        remote = Remote(self.draft.url, self.draft.key)
        self._say("Connecting…", "caption")
        self._testing.run(lambda: self._machine.probe(remote))
        self._show()

    def _tested(self, found: object) -> None:
        assert isinstance(found, Probe)
        self._say(found.sentence, "good" if found.good else "bad")
        self._show()

    def _untested(self, sentence: str) -> None:
        self._say(sentence, "bad")
        self._show()

    def _say(self, words: str, role: str) -> None:
        self.outcome.setText(words)
        self.outcome.setProperty("role", role)
        self.outcome.style().unpolish(self.outcome)
        self.outcome.style().polish(self.outcome)

    def _found(self, gpus: object) -> None:
        assert isinstance(gpus, list)
        for words, device in gpus:
            self.device.addItem(words, device)
        index = self.device.findData(self.draft.device)
        self.device.setCurrentIndex(max(0, index))

    def _use(self) -> None:
        self._chosen.choose(replace(self._chosen.settings, engine=self.draft))
        self._say("In force now.", "good")
        self._show()

    def close_errands(self) -> None:
        """Wait for what is under way."""
        self._testing.close()
        self._looking.close()

    @property
    def kept(self) -> EngineSettings:
        """What is in force."""
        return self._chosen.settings.engine
