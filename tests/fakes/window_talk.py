"""A conversation without microphone and engine: it keeps turns, answers what it is told to, and tells all of it as the real one does."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from parley.audio.card import Device
from parley.audio.settings import AudioSettings
from parley.conversation import events as news
from parley.conversation.character import Character
from parley.conversation.events import Activity, EngineChanged, EngineState, Event
from parley.conversation.offer import EngineChoice, Offer
from parley.conversation.talk import Talk
from parley.conversation.turns import Heading, Hit, Segment, Stage, Turn
from parley_models.errors import InputError
from parley_models.style import Control, ControlTable, Level, Style

RATE = Control("rate", "continuous", minimum=0.5, maximum=2.0, default=1.0)
PITCH = Control("pitch", "continuous", minimum=-6.0, maximum=6.0, default=0.0)
MINI = Offer("Mini", ControlTable("Mini", (RATE, PITCH)), ("slt",), ("en",), is_parley=True)
EMOTION = Control("emotion", "discrete", tuple(Level(name, f"Be {name}.") for name in ("happy", "sad", "angry", "calm")))
MANNER = Control("manner", "discrete", (Level("whisper"), Level("sing")))
INTENSITY = Control("intensity", "continuous", minimum=0.0, maximum=1.0, default=0.5)
DIALECT = Control("dialect", "discrete", tuple(Level(f"dialect_{n}") for n in range(12)), languages=("zh",))
RICH = Offer(
    "AQAA", ControlTable("AQAA", (RATE, PITCH, EMOTION, INTENSITY, MANNER, DIALECT)), ("tingting", "momo"), ("zh", "en"), is_parley=True
)
FOREIGN = Offer("some-realtime", ControlTable("some-realtime", ()), is_parley=False)
WAVE = tuple(0.1 + 0.8 * abs(((n * 7) % 23) / 23 - 0.5) for n in range(60))


class ScriptedTalk(Talk):
    """Tells on the caller's thread. What it answers is set by `reply`; `calls` is what was asked of it, in order."""

    def __init__(self, tell: Callable[[Event], None]) -> None:
        self.tell = tell
        self.calls: list[tuple[object, ...]] = []
        self.reply: tuple[Segment, ...] = (Segment("The capital of France is Paris.", Style()),)
        self.state = news.StateChanged(Activity.IDLE, open_microphone=False, muted=False, held=False)
        self.conversations: dict[int, tuple[Heading, list[Turn]]] = {}
        self.open = 0
        self.style = Style()
        self.character: Character | None = None
        self._number = 0

    # What the tests do

    def change(self, **changes: object) -> None:
        """Another state."""
        self.state = replace(self.state, **changes)  # type: ignore[arg-type]
        self.tell(self.state)

    def next_number(self) -> int:
        self._number += 1
        return self._number

    @property
    def turns(self) -> list[Turn]:
        return self.conversations[self.open][1]

    def spoken(self, heard_as: str, text: str = "", seconds: float = 1.8) -> Turn:
        """The user said something aloud."""
        turn = Turn(self.next_number(), "human", text, seconds=seconds, waveform=WAVE)
        self._keep(turn)
        self.tell(news.Asked(turn))
        self.answer(turn)
        turn = replace(turn, heard_as=heard_as)
        self._keep(turn)
        self.tell(news.Understood(turn.number, heard_as))
        return turn

    def answer(self, question: Turn | None, *, heard: int | None = None) -> Turn:
        """Answer with `reply`, word by word; only `heard` characters of it are heard, if given."""
        turn = self.begin(question)
        for index, segment in enumerate(self.reply):
            for word in re.findall(r"\s*\S+\s*$|\s*\S+", segment.text):
                self.tell(news.Wrote(turn.number, word, index))
            self.tell(news.Styled(turn.number, index, segment))
        whole = "".join(segment.text for segment in self.reply)
        self.tell(news.Progressed(turn.number, 1.0, 2.0, len(whole) if heard is None else heard))
        return self.end(turn, heard=heard)

    def begin(self, question: Turn | None) -> Turn:
        """An answer begins."""
        turn = Turn(self.next_number(), "assistant", style=self.style, speaker=self.character.name if self.character is not None else "")
        self.change(activity=Activity.SPEAKING)
        self.tell(news.Answering(turn, question.number if question is not None else None))
        return turn

    def end(self, turn: Turn, *, heard: int | None = None) -> Turn:
        """It is over."""
        whole = "".join(segment.text for segment in self.reply)
        cut = len(whole) if heard is None else heard
        stages = (
            Stage("endpoint", 30.0),
            Stage("heard", 21.0),
            Stage("thought", 98.0),
            Stage("first_audio", 149.0),
            Stage("speaker", 184.0),
        )
        achieved = (("rate", self.style.rate * 0.97), ("pitch", self.style.pitch + 0.2))
        kept = replace(
            turn, text=whole[:cut], unheard=whole[cut:], seconds=2.0, segments=self.reply, latency=stages, achieved=achieved, waveform=WAVE
        )
        self._keep(kept)
        self.tell(news.Measured(kept.number, tuple(self.style.asked().items()), achieved))
        self.tell(news.Timed(kept.number, stages))
        self.tell(news.Spoke(kept, cut_short=heard is not None))
        self.change(activity=Activity.IDLE)
        return kept

    def _keep(self, turn: Turn) -> None:
        turns = self.turns
        places = [index for index, each in enumerate(turns) if each.number == turn.number]
        if places:
            turns[places[0]] = turn
        else:
            turns.append(turn)
        heading = self.conversations[self.open][0]
        title = heading.title or next((each.said for each in turns if each.side == "human" and each.said), "")
        self.conversations[self.open] = (replace(heading, title=title[:60], turns=len(turns)), turns)
        self._list()

    def _list(self) -> None:
        self.tell(
            news.ConversationsListed(tuple(heading for heading, turns in reversed(self.conversations.values()) if turns or heading.title))
        )

    def _tell_open(self) -> None:
        heading, turns = self.conversations[self.open]
        self.tell(news.ConversationOpened(heading, tuple(turns)))

    # What the window does

    def start(self) -> None:
        self.calls.append(("start",))
        self.new_conversation()
        self.tell(news.SoundChanged("Built-in microphone", "Built-in speaker"))
        self.tell(self.state)
        self.tell(EngineChanged(EngineState.STARTING))
        self.tell(EngineChanged(EngineState.READY, offer=MINI))

    def close(self) -> None:
        self.calls.append(("close",))

    def press(self) -> None:
        self.calls.append(("press",))
        self.change(activity=Activity.LISTENING, held=True)

    def release(self, text: str = "") -> None:
        self.calls.append(("release", text))
        self.change(activity=Activity.IDLE, held=False)

    def open_microphone(self, on: bool) -> None:
        self.calls.append(("open_microphone", on))
        self.change(open_microphone=on)

    def mute(self, on: bool) -> None:
        self.calls.append(("mute", on))
        self.change(muted=on)

    def interrupt(self) -> None:
        self.calls.append(("interrupt",))
        self.change(activity=Activity.IDLE, held=False)

    def send(self, text: str) -> None:
        self.calls.append(("send", text))
        turn = Turn(self.next_number(), "human", text)
        self._keep(turn)
        self.tell(news.Asked(turn))
        self.answer(turn)

    def set_style(self, style: Style) -> None:
        self.calls.append(("set_style", style))
        self.style = style
        self.tell(news.StyleChanged(style))

    def set_character(self, character: Character | None) -> None:
        self.calls.append(("set_character", character))
        self.character = character
        self.tell(news.CharacterChanged(character))

    def replay(self, turn: int) -> None:
        self.calls.append(("replay", turn))
        self.tell(news.Replaying(turn, on=True))

    def say_again(self, turn: int, style: Style) -> None:
        self.calls.append(("say_again", turn, style))

    def continue_answer(self, turn: int) -> None:
        self.calls.append(("continue_answer", turn))

    def correct(self, turn: int, text: str) -> None:
        self.calls.append(("correct", turn, text))
        self.tell(news.Understood(turn, text, corrected=True))

    def save_sound(self, turn: int, path: Path) -> None:
        self.calls.append(("save_sound", turn, path))

    def new_conversation(self) -> None:
        self.calls.append(("new_conversation",))
        self.open = len(self.conversations) + 1
        name = self.character.name if self.character is not None else ""
        self.conversations[self.open] = (Heading(self.open, "", 0, "2026-11-21T05:00:00+00:00", name), [])
        self._tell_open()
        self._list()

    def open_conversation(self, conversation: int) -> None:
        self.calls.append(("open_conversation", conversation))
        self.open = conversation
        self._tell_open()

    def rename_conversation(self, conversation: int, title: str) -> None:
        self.calls.append(("rename_conversation", conversation, title))
        heading, turns = self.conversations[conversation]
        self.conversations[conversation] = (replace(heading, title=title), turns)
        self._list()

    def delete_conversation(self, conversation: int) -> None:
        self.calls.append(("delete_conversation", conversation))
        del self.conversations[conversation]
        self._list()
        if conversation == self.open:
            self.new_conversation()

    def search(self, query: str) -> None:
        self.calls.append(("search", query))
        hits = []
        for heading, turns in self.conversations.values():
            for turn in turns:
                at = turn.said.lower().find(query.lower())
                if at >= 0:
                    end = at + len(query)
                    hits.append(Hit(heading, turn.number, turn.said[:at], turn.said[at:end], turn.said[end:]))
        self.tell(news.Found(query, tuple(hits)))

    def cancel_timer(self, timer: int) -> None:
        self.calls.append(("cancel_timer", timer))
        self.tell(news.TimersChanged(()))

    def change_engine(self, choice: EngineChoice) -> None:
        self.calls.append(("change_engine", choice))

    def retry(self) -> None:
        self.calls.append(("retry",))


@dataclass
class QuietDesk:
    """The audio desk as far as the window sees it; levels are whatever the test sets."""

    input_level: float = 0.0
    output_level: float = 0.0
    microphone_open: bool = False
    calls: list[tuple[object, ...]] = field(default_factory=list)
    devices: Sequence[Device] = (
        Device("Built-in microphone", 1, 0, default_input=True),
        Device("USB headset", 1, 2),
        Device("Built-in speaker", 0, 2, default_output=True),
    )

    echo_loss_db: float | None = 25.0

    def open_microphone(self) -> None:
        self.microphone_open = True

    def close_microphone(self) -> None:
        self.microphone_open = False

    def test_tone(self) -> int:
        self.calls.append(("test_tone",))
        return -1

    def refresh_devices(self) -> None:
        self.calls.append(("refresh_devices",))

    def apply(self, settings: AudioSettings) -> None:
        self.calls.append(("apply", settings))


PIRATE = Character("Pirate", "A cheerful old pirate. Loves the sea.", greeting="Ahoy!", style=Style(rate=0.9, pitch=-3))
GHOST = Character("Ghost", "A ghost that only whispers.", style=Style(manner="whisper"))


class MemoryCast:
    """Characters that live as long as the test."""

    def __init__(self) -> None:
        self.shipped = [PIRATE, GHOST]
        self.own: list[Character] = []

    def characters(self) -> Sequence[Character]:
        names = {character.name for character in self.own}
        return [*self.own, *(character for character in self.shipped if character.name not in names)]

    def is_own(self, name: str) -> bool:
        return any(character.name == name for character in self.own)

    def save(self, character: Character, replaces: str = "") -> None:
        self.own = [each for each in self.own if each.name not in {character.name, replaces}] + [character]

    def delete(self, name: str) -> None:
        self.own = [each for each in self.own if each.name != name]

    def take(self, path: Path) -> Character:
        if path.suffix != ".json":
            raise InputError(f"{path.name} is no character card.")
        character = Character(path.stem, path.read_text("utf-8"))
        self.save(character)
        return character

    def give(self, character: Character, path: Path) -> None:
        path.write_text(character.name, "utf-8")
