"""A user at a desk: Talk with a simulated sound card, and everything it told."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import pytest

from parley.conversation.events import Activity, EngineChanged, EngineState, Event, StateChanged
from parley.conversation.offer import EngineChoice, Remote
from parley.conversation.talk import Talk, TalkOptions
from tests.fakes.desk import SimulatedDesk
from tests.fakes.realtime_script import Script
from tests.fakes.realtime_server import RealtimeServer

PATIENCE_S = 20.0

_Told = TypeVar("_Told")


@dataclass
class User:
    """Does something, and waits for what is told."""

    options: TalkOptions
    told: list[Event] = field(default_factory=list)
    desk: SimulatedDesk = field(init=False)
    talk: Talk = field(init=False)
    _news: threading.Condition = field(default_factory=threading.Condition)

    def __post_init__(self) -> None:
        def make(tell: Callable[..., None]) -> SimulatedDesk:
            self.desk = SimulatedDesk(tell)
            return self.desk

        self.talk = Talk(make, self._hear, self.options)

    def _hear(self, event: Event) -> None:
        with self._news:
            self.told.append(event)
            self._news.notify_all()

    def until(self, kind: type[_Told], true: Callable[[_Told], bool] = lambda _event: True, *, after: int = 0) -> _Told:
        """Wait for an event; the first one that fits, of those told since `after`."""
        deadline = time.monotonic() + PATIENCE_S
        with self._news:
            while True:
                for event in self.told[after:]:
                    if isinstance(event, kind) and true(event):
                        return event
                if not self._news.wait(max(0.0, deadline - time.monotonic())):
                    pytest.fail(f"no {kind.__name__} that fits, but {[str(event)[:150] for event in self.told[after:]]}")

    @property
    def now(self) -> int:
        """For `after`."""
        return len(self.told)

    def all(self, kind: type[_Told]) -> list[_Told]:
        return [event for event in self.told if isinstance(event, kind)]

    def is_at(self, activity: Activity, after: int = 0) -> StateChanged:
        return self.until(StateChanged, lambda state: state.activity is activity, after=after)

    def ready(self, after: int = 0) -> EngineChanged:
        return self.until(EngineChanged, lambda news: news.state is EngineState.READY, after=after)

    def speak(self, seconds: float = 1.0, text: str = "") -> None:
        """Hold the button and speak."""
        opened = self.now
        self.talk.press()
        self.is_at(Activity.LISTENING, opened)
        wait_for(lambda: self.desk.listens)
        self.desk.hear(seconds)
        self.talk.release(text)

    def listen(self) -> None:
        """Let the answer that comes sound to its end."""
        wait_for(lambda: self.desk.sounding_s > 0)
        while self.activity is not Activity.IDLE:
            self.desk.advance(1)
            time.sleep(0.005)

    @property
    def activity(self) -> Activity:
        """As told last."""
        return self.all(StateChanged)[-1].activity


def wait_for(true: Callable[[], object]) -> None:
    """Until something holds."""
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.fixture
def server() -> Iterator[RealtimeServer]:
    with RealtimeServer(Script()) as running:
        yield running


@pytest.fixture
def sit_down(tmp_path: Path) -> Iterator[Callable[..., User]]:
    """Makes users; they all leave at the end."""
    users: list[User] = []

    def sit(engine: EngineChoice | RealtimeServer, **options: object) -> User:
        choice = Remote(engine.url, "secret") if isinstance(engine, RealtimeServer) else engine
        given = replace(TalkOptions(engine=choice, history=tmp_path / "history.db", state=tmp_path / "state"), **options)  # type: ignore[arg-type]
        user = User(given)
        users.append(user)
        user.talk.start()
        return user

    yield sit
    for user in users:
        user.talk.close()


@pytest.fixture
def user(sit_down: Callable[..., User], server: RealtimeServer) -> User:
    """A user whose engine is there."""
    seated = sit_down(server)
    seated.ready()
    return seated
