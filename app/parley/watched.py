"""The window, watched from outside: `parley --watched` is what `parley bench` and the tests of a real conversation start.

It is the window as it always is. What happens is told on standard output (`parley.bench.news`), one line each; on standard input it
takes `down` and `up` (the key F9), `open` and `shut` (the microphone), `slow` and `usual` (the style), `interrupt`, `new`, `figures` and
`quit`. It leaves when standard input ends.
"""

import contextlib
import os
import sys
import time
from collections import Counter

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QSocketNotifier, Qt, QTimer
from PySide6.QtGui import QKeyEvent

from parley.audio.events import AudioEvent
from parley.bench.news import Fact, News, facts_of
from parley.conversation.events import EngineChanged, EngineState, Event
from parley.ui.keys import ANYWHERE
from parley.wiring import Program, run_window
from parley_models.style import Style

SLOW = Style(rate=0.6)
"""Answers that are to be interrupted must last."""

BEAT_MS = 5
"""Between two beats of the heart; what comes later than that has been kept waiting by something else on the main thread."""

TOLD_MS = 50
"""A beat so late is told at once, and how long the thread worked meanwhile: less than that, and it was the machine that kept it waiting."""


def run_watched() -> int:
    """Open the window and tell of it; the exit code."""
    return run_window(Watcher)


class Watcher(QObject):
    """Beside the window, on its thread; hears on the threads that tell."""

    def __init__(self, program: Program) -> None:
        super().__init__()
        self._program = program
        self._rest = b""
        self._late: Counter[int] = Counter()
        """Beats by how many milliseconds they came late."""

        self._last_beat, self._worked_s = time.monotonic(), time.thread_time()
        self._heart = QTimer(self)
        self._heart.setTimerType(Qt.TimerType.PreciseTimer)
        self._heart.timeout.connect(self._beat)
        self._heart.start(BEAT_MS)
        self._commands = QSocketNotifier(sys.stdin.fileno(), QSocketNotifier.Type.Read, self)
        self._commands.activated.connect(self._read)
        program.overhear = self.hear

    def hear(self, event: Event | AudioEvent) -> None:
        """Tell of it. Any thread: a line is shorter than what the system writes in one piece."""
        told = facts_of(event)
        if told is not None:
            self._tell(*told)
        if isinstance(event, EngineChanged) and event.state is EngineState.READY:
            self._tell("process", {"engine": self._program.talk.engine_pid})

    def _tell(self, kind: str, facts: dict[str, Fact]) -> None:
        with contextlib.suppress(BrokenPipeError):  # nobody listens any more: the window is about to be told by its standard input
            os.write(sys.stdout.fileno(), News(time.monotonic(), kind, facts).line().encode())

    def _beat(self) -> None:
        now, worked_s = time.monotonic(), time.thread_time()
        late_ms = max(0, int((now - self._last_beat) * 1000) - BEAT_MS)
        self._late[late_ms] += 1
        if late_ms >= TOLD_MS:
            self._tell("stall", {"late_ms": late_ms, "worked_ms": round((worked_s - self._worked_s) * 1000)})
        self._last_beat, self._worked_s = now, worked_s

    def _read(self) -> None:
        raw = os.read(sys.stdin.fileno(), 4096)
        if not raw:
            self._program.window.close()
            return
        *lines, self._rest = (self._rest + raw).split(b"\n")
        for line in lines:
            self._obey(line.decode())

    def _obey(self, command: str) -> None:
        talk = self._program.talk
        match command:
            case "down" | "up":
                self._tell(command, {})
                kind = QEvent.Type.KeyPress if command == "down" else QEvent.Type.KeyRelease
                QCoreApplication.sendEvent(self._program.window, QKeyEvent(kind, ANYWHERE, Qt.KeyboardModifier.NoModifier))
            case "open" | "shut":
                talk.open_microphone(command == "open")
            case "slow" | "usual":
                talk.set_style(SLOW if command == "slow" else Style())
            case "interrupt":
                talk.interrupt()
            case "new":
                talk.new_conversation()
            case "figures":
                late: dict[str, Fact] = {f"late_{ms}": count for ms, count in sorted(self._late.items())}
                self._tell("figures", {"driver_gaps": self._program.desk.driver_gaps, **late})
                self._late.clear()
            case "quit":
                self._program.window.close()
            case _:
                self._tell("trouble", {"message": f"There is no command “{command}”."})
