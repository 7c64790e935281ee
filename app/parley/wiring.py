"""The window and everything behind it, put together."""

import logging
import logging.handlers
import signal
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import platformdirs
from PySide6.QtCore import QLoggingCategory, QMessageLogContext, QObject, QTimer, QtMsgType, qInstallMessageHandler
from PySide6.QtGui import QGuiApplication, Qt
from PySide6.QtWidgets import QApplication

from parley.audio.desk import AudioDesk
from parley.audio.events import AudioEvent
from parley.conversation.characters import Characters
from parley.conversation.control import control_folder
from parley.conversation.desk import Desk
from parley.conversation.events import CharacterChanged, Event, StyleChanged
from parley.conversation.probe import probe
from parley.conversation.talk import Talk, TalkOptions
from parley.settings import Settings, load_settings, settings_path
from parley.ui.bridge import Bridge
from parley.ui.chosen import Chosen
from parley.ui.desk_talk import DeskTalk
from parley.ui.engine_page import Machine
from parley.ui.hot_plug import HotPlug
from parley.ui.keeper import Keeper
from parley.ui.settings_dialog import SettingsDialog
from parley.ui.theme import Theme
from parley.ui.window import Window
from parley_models.bundle import bundle_folders

_log = logging.getLogger(__name__)
LOG_BYTES = 1_000_000


def run_window(watch: Callable[["Program"], object] | None = None) -> int:
    """Open the window and stay until it is closed; the exit code. `watch` makes somebody who looks on, and lives as long."""
    _log_to(platformdirs.user_log_path("parley"))
    app = make_app()
    program = Program(app, settings_path(), platformdirs.user_data_path("parley"))
    watcher = watch(program) if watch is not None else None
    program.open()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: app.quit())
    ticker = QTimer()  # Python looks for signals only when it runs
    ticker.start(500)
    code = app.exec()
    program.close()
    del watcher
    return code


def make_app() -> QApplication:
    """Qt, told who we are."""
    QLoggingCategory.setFilterRules("qt.multimedia.*=false\nqt.qpa.wayland.*=false")  # without a sound server they complain to the terminal
    QGuiApplication.setHighDpiScaleFactorRoundingPolicy(Qt.HighDpiScaleFactorRoundingPolicy.PassThrough)
    app = QApplication.instance()
    app = app if isinstance(app, QApplication) else QApplication(["parley"])
    app.setApplicationName("parley")
    app.setApplicationDisplayName("Parley")
    app.setDesktopFileName("parley")
    return app


def _deaf(_event: Event | AudioEvent) -> None:
    """Nobody looks on."""


class Relay:
    """The desk is made before the conversation that it tells."""

    def __init__(self, overheard: Callable[[AudioEvent], None]) -> None:
        self._overheard = overheard
        self._tell: Callable[[AudioEvent], None] | None = None

    def aim(self, tell: Callable[[AudioEvent], None]) -> None:
        """From now on to this one."""
        self._tell = tell

    def tell(self, event: AudioEvent) -> None:
        """Hand on. The audio thread."""
        self._overheard(event)
        if self._tell is not None:
            self._tell(event)


class Program(QObject):
    """Owns what runs behind the window, and ends it."""

    def __init__(self, app: QApplication, settings: Path, data: Path) -> None:
        super().__init__()
        loaded = load_settings(settings)
        self._trouble = loaded.trouble
        self.chosen = Chosen(loaded.settings)
        self.theme = Theme(app, loaded.settings.appearance.theme)
        self.characters = Characters.of_user()
        self.bridge = Bridge()
        self.overhear: Callable[[Event | AudioEvent], None] = _deaf
        """Told of everything besides the window, on the threads where it happens."""

        relay = Relay(self._overheard)
        self.desk = AudioDesk(loaded.settings.audio, relay.tell)

        def make_desk(tell: Callable[[AudioEvent], None]) -> Desk:
            relay.aim(tell)
            return self.desk

        self.talk = Talk(make_desk, self._told, options_of(loaded.settings, data, self.characters))
        self.window = Window(self.theme, self.talk, self.desk, self.characters, self.chosen)
        DeskTalk(self.window, self.talk, self.bridge)
        self._keeper = Keeper(settings, self.chosen)
        self._keeper.troubled.connect(self._complain)
        self._hot_plug = HotPlug(self.desk.refresh_devices, self)
        self._dialog: SettingsDialog | None = None
        self.bridge.arrived.connect(self._remember)
        self.chosen.changed.connect(self._apply)
        self.window.settings_wanted.connect(self.open_settings)
        self.window.closing.connect(self._closing)

    def open(self) -> None:
        """Show the window; what takes longer begins once it stands."""
        self.window.show()
        for sentence in self._trouble:
            self._complain(sentence)
        QTimer.singleShot(0, self, self.talk.start)

    def close(self) -> None:
        """End the engine and every thread."""
        self._keeper.write()
        if self._dialog is not None:
            self._dialog.engine.close_errands()
        self.talk.close()

    def open_settings(self) -> None:
        """The settings dialog; one at a time."""
        if self._dialog is not None:
            self._dialog.raise_()
            return
        machine = Machine(lambda: sorted(bundle_folders()), gpus, probe)
        self._dialog = SettingsDialog(self.theme, self.desk, machine, self.chosen, self.window)
        self._dialog.finished.connect(self._dialog_closed)
        self._dialog.open()

    def _dialog_closed(self) -> None:
        self._dialog = None

    def _overheard(self, event: Event | AudioEvent) -> None:
        self.overhear(event)

    def _told(self, event: Event) -> None:
        self.overhear(event)
        self.bridge.tell(event)

    def _closing(self) -> None:
        self.chosen.choose(replace(self.chosen.settings, window=self.window.place))

    def _complain(self, sentence: str) -> None:
        self.window.banner.say("settings", "warning", sentence, passing=True)

    def _remember(self, event: Event) -> None:
        """Style and character are taken up again at the next start."""
        settings = self.chosen.settings
        match event:
            case StyleChanged(style=style):
                self.chosen.choose(replace(settings, style=style))
            case CharacterChanged(character=character):
                self.chosen.choose(replace(settings, character=character.name if character is not None else ""))
            case _:
                pass

    def _apply(self, before: Settings, now: Settings) -> None:
        if before.audio != now.audio:
            self.desk.apply(now.audio)
        if before.appearance != now.appearance:
            self.theme.use(now.appearance.theme)
        if before.engine != now.engine:
            self.talk.change_engine(now.engine.choice)
        if (before.turns.threshold, before.turns.silence_ms) != (now.turns.threshold, now.turns.silence_ms):
            self.talk.judge_turns(now.turns.threshold, now.turns.silence_ms)
        if before.privacy.keep_history != now.privacy.keep_history:
            self.talk.keep_conversations(now.privacy.keep_history)
        if before.privacy.keep_recordings != now.privacy.keep_recordings:
            self.talk.keep_recordings(now.privacy.keep_recordings)


def options_of(settings: Settings, data: Path, characters: Characters) -> TalkOptions:
    """What the conversation starts with."""
    return TalkOptions(
        engine=settings.engine.choice,
        history=data / "history.db" if settings.privacy.keep_history else None,
        recordings=data / "recordings",
        record=settings.privacy.keep_recordings,
        control=control_folder(),
        style=settings.style,
        character=characters.find(settings.character) if settings.character else None,
        open_microphone=settings.turns.open_microphone,
        threshold=settings.turns.threshold,
        silence_ms=settings.turns.silence_ms,
        find_character=characters.find,
    )


def gpus() -> Sequence[tuple[str, str]]:
    """NVIDIA's cards as (words, device); asks the driver, which may take a second."""
    command = ["nvidia-smi", "--query-gpu=index,name", "--format=csv,noheader"]
    try:
        told = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return []
    rows = [line.split(",", 1) for line in told.splitlines() if "," in line]
    return [(name.strip(), f"cuda:{index.strip()}") for index, name in rows]


def _log_to(folder: Path) -> None:
    """A log of a megabyte and the one before it; and Qt's own complaints with it. What is said is never logged."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handler = logging.handlers.RotatingFileHandler(folder / "window.log", maxBytes=LOG_BYTES, backupCount=1, encoding="utf-8")
    except OSError:
        return
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    qInstallMessageHandler(_qt_says)


def _qt_says(kind: QtMsgType, _context: QMessageLogContext, message: str) -> None:
    level = logging.INFO if kind in {QtMsgType.QtDebugMsg, QtMsgType.QtInfoMsg} else logging.WARNING
    _log.log(level, "Qt: %s", message)
