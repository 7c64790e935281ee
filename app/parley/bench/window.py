"""The window in a process of its own, watched and told what to do (`parley --watched`)."""

import shutil
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType

from parley.bench.news import Fact, News
from parley.settings import SETTINGS_NAME, Settings, save_settings
from parley_models.errors import EngineError

READY_WITHIN_S = 120.0
LEAVES_WITHIN_S = 20.0

LEFT_OUT = ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "WAYLAND_DISPLAY")
"""Variables that would lead it to the user's own files."""


class WatchedWindow:
    """Use as a context: a window with settings and a history of its own, whose engine is ready.

    Raises:
        EngineError: it does not come, or its engine can't be started.
    """

    def __init__(self, variables: Mapping[str, str], settings: Settings, *, display: str | None = None) -> None:
        """`variables` are its whole environment, but for the folders of its user and the X server on which it is seen (None = nowhere)."""
        self.home = Path(tempfile.mkdtemp(prefix="parley-window-"))
        kept = {name: value for name, value in variables.items() if name not in LEFT_OUT}
        screen = {"QT_QPA_PLATFORM": "offscreen"} if display is None else {"QT_QPA_PLATFORM": "xcb", "DISPLAY": display}
        self._variables = {**kept, "HOME": str(self.home), **screen}
        save_settings(self.home / ".config" / "parley" / SETTINGS_NAME, settings)
        self.news: list[News] = []
        """What it told, in order."""

        self.counts: Counter[str] = Counter()
        """How often it told of each kind; of the engine's states as `engine died` and so on, too."""

        self.activity = "idle"
        """What goes on between the two sides, as told last."""

        self.engine_pid: int | None = None
        """Of the engine that is ready now."""

        self._changed = threading.Condition()
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None

    @property
    def history(self) -> Path:
        """Its conversations."""
        return self.home / ".local" / "share" / "parley" / "history.db"

    @property
    def state(self) -> Path:
        """Where its engine has its token and says where it listens."""
        return self.home / ".local" / "state" / "parley"

    @property
    def pid(self) -> int:
        """Of the window's process."""
        assert self._process is not None
        return self._process.pid

    def __enter__(self) -> "WatchedWindow":
        program = [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-m", "parley"]
        with (self.home / "err").open("wb") as trouble:
            self._process = subprocess.Popen(
                [*program, "--watched"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=trouble, env=self._variables, text=True
            )
        self._reader = threading.Thread(target=self._read, name="watched window")
        self._reader.start()
        try:
            self.wait_for(is_engine("ready", "failed"), patience_s=READY_WITHIN_S, what="its engine")
            last = next(news for news in reversed(self.news) if news.kind == "engine")
            if last.facts["state"] == "failed":
                raise EngineError(str(last.facts["message"]) or "The engine can't be started.")
        except EngineError:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        process, reader = self._process, self._reader
        if process is not None and process.stdin is not None and reader is not None:
            process.stdin.close()  # it leaves
            try:
                process.wait(timeout=LEAVES_WITHIN_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            reader.join()
        shutil.rmtree(self.home, ignore_errors=True)

    def tell(self, command: str) -> None:
        """One of the commands of `parley.watched`."""
        assert self._process is not None and self._process.stdin is not None
        try:
            self._process.stdin.write(f"{command}\n")
            self._process.stdin.flush()
        except OSError as error:
            raise EngineError(f"The window that is measured is gone: {self._last_words()}") from error

    @property
    def mark(self) -> int:
        """The number of the next news."""
        return len(self.news)

    def since(self, mark: int, kind: str) -> list[News]:
        """All news of a kind from a number on."""
        return [news for news in self.news[mark:] if news.kind == kind]

    def wait_for(self, wanted: Callable[[News], bool], *, after: int = 0, patience_s: float = 30.0, what: str = "an answer") -> News:
        """The first news that is wanted, of those from a number on.

        Raises:
            EngineError: it did not come in time, or the window ended.
        """
        found: list[News] = []

        def there() -> bool:
            found.extend(news for news in self.news[after:] if wanted(news))
            return bool(found) or self._ended

        with self._changed:
            self._changed.wait_for(there, timeout=patience_s)
        if not found:
            ended = self._ended
            raise EngineError(
                f"The window ended: {self._last_words()}" if ended else f"The window did not tell of {what} in {patience_s:.0f} s."
            )
        return found[0]

    def figures(self) -> Mapping[str, Fact]:
        """What it counted since it was asked last: beats of the main thread by lateness (`late_MS`), gaps of the drivers."""
        mark = self.mark
        self.tell("figures")
        return self.wait_for(lambda news: news.kind == "figures", after=mark, what="its figures").facts

    @property
    def _ended(self) -> bool:
        return self._reader is not None and not self._reader.is_alive()

    def _last_words(self) -> str:
        lines = (self.home / "err").read_text("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else "it says nothing."

    def _read(self) -> None:
        assert self._process is not None and self._process.stdout is not None
        with self._process.stdout as stream:
            for line in stream:
                with self._changed:
                    self._take(News.of_line(line))
                    self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()

    def _take(self, news: News) -> None:
        facts = news.facts
        self.news.append(news)
        self.counts[news.kind] += 1
        match news.kind:
            case "state":
                self.activity = str(facts["activity"])
            case "engine":
                self.counts[f"engine {facts['state']}"] += 1
            case "process":
                self.engine_pid = None if facts["engine"] is None else int(facts["engine"])


def is_engine(*states: str) -> Callable[[News], bool]:
    """The engine is in one of these states."""
    return lambda news: news.kind == "engine" and news.facts["state"] in states


def is_activity(*activities: str) -> Callable[[News], bool]:
    """One of these goes on between the two sides."""
    return lambda news: news.kind == "state" and news.facts["activity"] in activities
