"""The real window with the real engine, on a screen, a keyboard, a microphone and a speaker that nobody sees or hears."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from parley.bench.news import News
from parley.bench.sitting import Sitting
from parley.bench.speech import Spoken, questions
from parley.bench.stalls import Stalls
from parley.bench.tape import PLAYED
from parley.settings import AppearanceSettings, Settings
from parley_models.errors import ParleyError
from parley_models.evaluation.judge import Judge
from parley_models.evaluation.questions import questions as examination
from parley_models.pcm import AudioChunk
from tests.fakes.pulse import PULSE_HZ, PulseServer
from tests.fakes.screen import Screen

ATTEMPTS = 3
TAIL_S = 0.1
EVERY_NTH = 8
"""Of the examination's answers, what else the judge might have heard."""


@dataclass(frozen=True)
class Written:
    """A turn as it stands in the window's transcript."""

    side: str
    text: str
    unheard: str
    seconds: float


class RealTalk:
    """A user, and everything that he has to do with."""

    def __init__(self, sitting: Sitting, screen: Screen, pictures: Path) -> None:
        self.sitting, self.screen = sitting, screen
        self.window, self.tape = sitting.window, sitting.tape
        self._pictures = pictures
        self._judge = Judge()
        self._gaps = 0
        self._decoys = list(dict.fromkeys(question.answer for question in examination()[::EVERY_NTH]))

    def in_real_time(self, measure: Callable[[], None]) -> None:
        """Measure, and again where the machine was too busy to keep up: that is nobody's mistake here."""
        strains = []
        for _ in range(ATTEMPTS):
            self.window.figures()
            late, mark = self.window.counts["underrun"], self.window.mark
            try:
                measure()
            except (AssertionError, ParleyError) as error:
                told = self.window.news[mark:]
                figures = self.window.figures()
                strain = {
                    "gaps": int(figures["driver_gaps"] or 0) - self._gaps,
                    "late chunks": self.window.counts["underrun"] - late,
                    "stalls over 100 ms": Stalls.of(figures).over_100_ms,
                }
                self._gaps += strain["gaps"]
                if not any(strain.values()):
                    error.add_note("The window told:\n" + "".join(news.line() for news in told if news.kind not in {"figures", "echo"}))
                    raise
                strains.append(strain)
                self.begin_anew()
            else:
                return
        pytest.skip(f"this machine is too busy for real time: {strains}")

    def begin_anew(self) -> None:
        """A new conversation, a closed microphone, the usual style, silence."""
        self.screen.key_up("space")
        self.window.tell("interrupt")
        self.window.tell("usual")
        self.open_microphone(False)
        self.sitting.begin_anew()
        self.sitting.settle()

    def picture(self, name: str) -> None:
        """Keep what can be seen now."""
        self.screen.save(self._pictures / f"{name}.png")

    def hold_space(self) -> None:
        mark = self.window.mark
        self.screen.key_down("space")
        self.window.wait_for(lambda news: news.kind == "microphone", after=mark, what="its microphone")

    def open_microphone(self, on: bool) -> None:
        """By the keyboard, if it is not so already."""
        states = [news for news in self.window.news if news.kind == "state"]
        if states[-1].facts["open"] != on:
            mark = self.window.mark
            self.screen.key("ctrl+m")
            self.window.wait_for(lambda news: news.kind == "state" and news.facts["open"] == on, after=mark, what="an open microphone")

    def answer(self, mark: int) -> tuple[News, News]:
        """The first answer since then, from its beginning to its end."""
        begun = self.window.wait_for(lambda news: news.kind == "answering", after=mark)
        turn = begun.facts["turn"]
        return begun, self.window.wait_for(lambda news: news.kind == "spoke" and news.facts["turn"] == turn, after=mark)

    def written(self, turn: object) -> Written:
        """What the transcript says of a turn."""
        with sqlite3.connect(f"file:{self.window.history}?mode=ro", uri=True) as history:
            row = history.execute("SELECT side, text, unheard, seconds FROM turn WHERE number = ?", (turn,)).fetchone()
        history.close()
        return Written(*row)

    def hears(self, text: str, start_s: float) -> str | None:
        """What the judge makes of the speaker's sound since then, if it might be this text or any of the examination's answers."""
        end_s = self.tape.last(PLAYED, start_s)
        assert end_s is not None
        sound = self.tape.sound(PLAYED, start_s, end_s + TAIL_S)
        return self._judge.hear(AudioChunk(sound, PULSE_HZ), [text, *self._decoys])


@pytest.fixture(scope="module")
def asked() -> dict[str, Spoken]:
    """Questions that even a small model understands."""
    return {question.name: question for question in questions()}


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealTalk]:
    named = os.environ.get("PARLEY_SCREENS")
    pictures = Path(named) / "real" if named else tmp_path_factory.mktemp("pictures")
    pictures.mkdir(parents=True, exist_ok=True)
    settings = Settings(appearance=AppearanceSettings(theme="light"))
    with Screen() as screen, PulseServer() as server, Sitting(settings, server=server, display=screen.display) as sitting:
        screen.focus("Parley")
        yield RealTalk(sitting, screen, pictures)


@pytest.fixture
def talk(opened: RealTalk) -> Iterator[RealTalk]:
    """Somebody who begins a conversation."""
    opened.begin_anew()
    yield opened
    opened.begin_anew()
