"""Pictures of the window in its states, on a real X server: `python screens.py FOLDER POINTS [all]`. Prints JSON, one line a picture."""

import json
import sys
from dataclasses import replace
from pathlib import Path

from PySide6.QtGui import QFont, QImage
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QWidget

from parley.conversation import events as news
from parley.conversation.characters import Characters
from parley.conversation.events import Activity, EngineChanged, EngineState
from parley.conversation.turns import Segment, Turn
from parley.settings import Settings
from parley.ui.bridge import Bridge
from parley.ui.chosen import Chosen
from parley.ui.desk_talk import DeskTalk
from parley.ui.theme import Appearance, Theme
from parley.ui.window import Window
from parley_models.style import Style
from tests.fakes.window_talk import MINI, RICH, WAVE, QuietDesk, ScriptedTalk

SIZES = ((420, 600), (900, 600), (1200, 800))
LOOKS: tuple[Appearance, ...] = ("light", "dark")
SCENES = tuple("empty talk listening thinking speaking muted starting died no-microphone no-speaker rich roles".split())


class Stage:
    """A window, and what is played in it."""

    def __init__(self, app: QApplication) -> None:
        self.app, self.theme, self.bridge = app, Theme(app, "light"), Bridge()
        self.talk, self.desk = ScriptedTalk(self.bridge.tell), QuietDesk(input_level=0.6, output_level=0.5)
        self.cast = Characters.of_user()
        self.window = Window(self.theme, self.talk, self.desk, self.cast, Chosen(Settings()))
        DeskTalk(self.window, self.talk, self.bridge)
        self.window.show()
        self.talk.start()

    def settle(self) -> None:
        """Let everything be told, laid out and painted."""
        for _ in range(6):
            self.app.processEvents()

    def conversation(self) -> None:
        """Two conversations, the second one with everything that a turn can show."""
        talk = self.talk
        talk.reply = (Segment("Seven.", Style()),)
        talk.spoken("what is three plus four")
        talk.new_conversation()
        talk.style = Style(rate=1.3)
        talk.reply = (Segment("The capital of France is Paris.", Style()),)
        talk.spoken("what is the capital of France")
        talk.tell(news.StyleChanged(talk.style))
        lovely = Style(emotion="happy", intensity=0.7)
        talk.reply = (Segment("It is lovely in spring! ", lovely), Segment("But mind your purse near the tower.", Style(manner="whisper")))
        talk.spoken("tell me more", text="In two sentences, please.")
        talk.reply = (Segment("The tower was built for a fair, and was meant to stand for only twenty years.", Style()),)
        question = Turn(talk.next_number(), "human", seconds=2.1, waveform=WAVE, heard_as="how old is the tower")
        talk._keep(question)
        talk.tell(news.Asked(question))
        talk.answer(question, heard=48)

    def play(self, scene: str) -> None:
        """Bring about one state."""
        talk = self.talk
        match scene:
            case "listening":
                talk.press()
            case "speaking":
                turn = talk.begin(None)
                talk.tell(news.Wrote(turn.number, "Gustave Eiffel's company built it, with ", 0))
                talk.tell(news.Progressed(turn.number, 1.0, 3.0, 16))
            case "thinking":
                talk.change(activity=Activity.THINKING)
            case "muted":
                talk.mute(True)
            case "starting":
                talk.tell(EngineChanged(EngineState.STARTING))
            case "died":
                talk.tell(EngineChanged(EngineState.DIED, "The engine died; another one is being started. Nothing is lost."))
            case "no-microphone":
                talk.tell(news.SoundChanged(None, "Speaker", "No microphone: none is plugged in. You can still type."))
            case "no-speaker":
                talk.tell(news.SoundChanged("Microphone", None))
            case "rich":
                talk.tell(EngineChanged(EngineState.READY, offer=RICH))
            case "roles":
                talk.set_character(self.cast.find("Pirate") or next(iter(self.cast.characters())))
                talk.tell(EngineChanged(EngineState.READY, offer=replace(MINI, roles=("pirate", "teacher"))))
                self.window.open_roles()
            case _:
                pass

    def rest(self) -> None:
        """Back to where every scene begins."""
        talk = self.talk
        talk.change(activity=Activity.IDLE, muted=False, held=False, open_microphone=False)
        talk.tell(news.SoundChanged("Microphone", "Speaker"))
        talk.tell(EngineChanged(EngineState.READY, offer=MINI))
        self.window.panel.open_tab(0)
        self.settle()


def cut_words(window: QWidget) -> list[str]:
    """Labels and buttons whose words do not fit into them; a line that ends in … on purpose is read aloud whole."""
    found = []
    for each in window.findChildren(QLabel):
        one_line = each.isVisible() and not each.wordWrap() and "<" not in each.text()
        if one_line and each.fontMetrics().horizontalAdvance(each.text()) > each.width() + 1:
            found.append(each.text())
    buttons = [button for button in window.findChildren(QAbstractButton) if button.isVisible() and button.text()]
    return [*found, *(button.text() for button in buttons if button.width() < button.sizeHint().width())]


def colours(picture: QImage) -> int:
    """How many different colours a sample of the picture holds: a blank or broken one holds few."""
    small = picture.scaled(120, 80)
    return len({small.pixel(x, y) for x in range(120) for y in range(80)})


def take(stage: Stage, folder: Path, scene: str, look: Appearance, size: tuple[int, int]) -> None:
    """One picture, and what is to be said about it."""
    stage.theme.use(look)
    stage.window.resize(*size)
    stage.settle()
    picture = stage.window.grab().toImage()
    name, ratio = f"{scene}-{size[0]}-{look}.png", picture.devicePixelRatio()
    picture.save(str(folder / name))
    record = {"name": name, "size": [round(picture.width() / ratio), round(picture.height() / ratio)], "wanted": size}
    sys.stdout.write(json.dumps(record | {"colours": colours(picture), "cut": cut_words(stage.window)}) + "\n")


def main(folder: Path, points: float, *, everything: bool) -> None:
    """Take the pictures, with the desktop's type as large as that: every state once, or in every look and size."""
    app = QApplication([])
    font = QFont(app.font())
    font.setPointSizeF(points)
    app.setFont(font)
    stage = Stage(app)
    stage.settle()
    for number, scene in enumerate(SCENES):
        if scene == "talk":
            stage.conversation()
        stage.play(scene)
        variants: list[tuple[Appearance, tuple[int, int]]] = [(look, size) for look in LOOKS for size in SIZES]
        for look, size in variants if everything else [variants[number % len(variants)]]:
            take(stage, folder, scene, look, size)
        stage.rest()
    stage.window.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]), everything="all" in sys.argv[3:])
