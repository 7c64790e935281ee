"""Somebody who sits before the window and talks with it, over the cable."""

import subprocess
import time
from contextlib import ExitStack
from types import TracebackType

from parley.bench.sound_server import PULSE_HZ, SoundServer
from parley.bench.speech import Spoken
from parley.bench.tape import PLAYED, SAID, Tape
from parley.bench.window import WatchedWindow
from parley.settings import Settings
from parley_models.errors import DeviceError
from parley_models.pcm import Samples

QUIET_S = 0.4
"""So long nothing is heard before the next one begins to speak."""

PATIENCE_S = 30.0
LOOK_S = 0.01
HELD_ON_S = 0.1
"""How long after the last sound the key goes up: nobody lets go within the last word."""

KEPT_S = 60.0
"""Of the tape."""


class Sitting:
    """Use as a context. A server, a tape and a window, for as many turns as one likes."""

    def __init__(self, settings: Settings, *, server: SoundServer | None = None, display: str | None = None) -> None:
        """`server` is one that runs already; `display` an X server to be seen on, None = nowhere."""
        self._settings, self._server, self._display = settings, server, display
        self._stack = ExitStack()

    def __enter__(self) -> "Sitting":
        with ExitStack() as stack:
            self.server = self._server if self._server is not None else stack.enter_context(SoundServer())
            self.tape = stack.enter_context(Tape(self.server))
            self.window = stack.enter_context(WatchedWindow(self.server.all_variables(), self._settings, display=self._display))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stack.close()

    def say(self, sound: Samples) -> "Saying":
        """Begin to speak; returns once the first sound is on the tape."""
        return Saying(self, sound)

    def hold(self) -> None:
        """Press the key, and wait until the window listens."""
        mark = self.window.mark
        self.window.tell("down")
        self.window.wait_for(lambda news: news.kind == "microphone", after=mark, what="its microphone")

    def let_go(self) -> float:
        """Release the key; when, on the tape."""
        mark = self.window.mark
        self.window.tell("up")
        return self.tape.place(self.window.wait_for(lambda news: news.kind == "up", after=mark, what="the key").at_s)

    def ask_by_key(self, question: Spoken) -> tuple[float, float]:
        """Hold the key, ask, let go; when the last word ended and when the key went up, on the tape."""
        self.hold()
        end_s = self.say(question.sound).wait()
        self.tape.wait_until(end_s + HELD_ON_S)
        return end_s, self.let_go()

    def begin_anew(self) -> None:
        """Another conversation; returns when the window shows it."""
        mark = self.window.mark
        self.window.tell("new")
        self.window.wait_for(lambda news: news.kind == "conversation", after=mark, what="another conversation")

    def heard_after(self, start_s: float, patience_s: float = 10.0) -> float | None:
        """When the speaker is heard for the first time after a time; None if it stays silent."""
        try:
            self.tape.wait_for(lambda: self.tape.first(PLAYED, start_s) is not None, patience_s, "nothing is heard")
        except DeviceError:
            return None
        return self.tape.first(PLAYED, start_s)

    def settle(self, quiet_s: float = QUIET_S) -> None:
        """Until nobody speaks and nothing is thought about; what is long past is forgotten."""
        give_up = time.monotonic() + PATIENCE_S
        while not (self.window.activity == "idle" and self.tape.is_quiet(PLAYED, quiet_s) and self.tape.is_quiet(SAID, quiet_s)):
            if time.monotonic() > give_up:
                self.window.tell("interrupt")
                give_up = time.monotonic() + PATIENCE_S
            time.sleep(LOOK_S)
        self.tape.forget(self.tape.now_s - KEPT_S)


class Saying:
    """Something that is being said into the microphone."""

    def __init__(self, sitting: Sitting, sound: Samples) -> None:
        self._tape = sitting.tape
        before = self._tape.now_s
        self._seconds = len(sound) / PULSE_HZ
        self._player = subprocess.Popen(sitting.server.player(), stdin=subprocess.PIPE, env=sitting.server.all_variables())
        assert self._player.stdin is not None
        with self._player.stdin as stream:
            stream.write(sound.tobytes())
        self._tape.wait_for(lambda: self._tape.first(SAID, before) is not None, PATIENCE_S, "Nothing can be said into the microphone")
        first = self._tape.first(SAID, before)
        assert first is not None
        self.start_s = first
        """When it began, on the tape."""

    @property
    def end_s(self) -> float:
        """When it will have ended, on the tape, if the machine keeps up."""
        return self.start_s + self._seconds

    def wait(self) -> float:
        """Until it was said; when its last sound was, on the tape (later than `end_s` if the machine did not keep up)."""
        self._tape.wait_until(self.end_s)
        self._player.wait(timeout=PATIENCE_S)
        last = self._tape.last(SAID, self.start_s)
        return self.end_s if last is None else last
