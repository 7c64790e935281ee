"""What is said without being thought: a turn once more, the rest of one, and words of our own, as a greeting or a timer that rings."""

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from parley.conversation.archive import Archive
from parley.conversation.character import Character
from parley.conversation.events import Event, Rang, Timer
from parley.conversation.history import now
from parley.conversation.items import Items
from parley.conversation.offer import Offer
from parley.conversation.session import item_name, message, say
from parley.conversation.speaking import QUIET, Purpose, Speaking
from parley.conversation.timers import chime
from parley.conversation.tools import spoken
from parley.conversation.turns import Turn
from parley_models.realtime.events import FromClient, ItemCreate, ItemDelete, ItemMemory
from parley_models.style import Style


class RecitalOwner(Protocol):
    """In whose conversation it is said."""

    offer: Offer | None
    style: Style
    character: Character | None

    @property
    def speaker(self) -> str:
        """Who answers now, by name; empty = Parley itself."""

    @property
    def ready(self) -> bool:
        """Whether the engine can be asked now."""

    def floor_taken(self) -> None:
        """Silence what is being said: something else is to be heard."""

    def stumbled(self, message: str) -> None:
        """Something the user should know."""

    def changed(self) -> None:
        """The state line may have to say something else."""


class Recital:
    """Words that are there already. All methods on the conversation's thread."""

    def __init__(
        self,
        speaking: Speaking,
        archive: Archive,
        items: Items,
        send: Callable[[FromClient], None],
        tell: Callable[[Event], None],
        owner: RecitalOwner,
    ) -> None:
        self._speaking = speaking
        self._archive = archive
        self._items = items
        self._send = send
        self._tell = tell
        self._owner = owner
        self._asked: dict[int, tuple[Turn, Purpose, str]] = {}
        """What the engine was asked to say: (turn, purpose, its item; empty where it has none of its own)."""

        self._later: list[Callable[[], None]] = []
        """What is said when nobody speaks any more."""

    # From the user

    def replay(self, number: int) -> None:
        """Play a turn again, or stop."""
        playing = self._speaking.current
        if playing is not None and playing.purpose == "replay" and playing.base.number == number:
            self._speaking.cut()
            return
        turn = self._archive.turn(number)
        if turn is None:
            return
        sound = self._archive.sounds.of(number, turn.sound)
        if sound is None and turn.side == "human":
            self._owner.stumbled("The sound of this turn was not kept.")
            return
        self._owner.floor_taken()
        if sound is not None:
            self._speaking.begin(turn, None, "replay")
            self._owner.changed()
            for chunk in sound:
                self._speaking.play(chunk)
            self._speaking.complete()
        else:
            self._ask_kept(turn, turn, "replay", turn.text, None)

    def say_again(self, number: int, style: Style) -> None:
        """The same words in another style, as a new answer."""
        if (turn := self._archive.turn(number)) is not None and turn.side == "assistant":
            self._owner.floor_taken()
            again = Turn(self._archive.next_turn(), "assistant", style=style, at=now(), speaker=turn.speaker)
            self._ask_kept(turn, again, "answer", turn.text + turn.unheard, style)

    def continue_answer(self, number: int) -> None:
        """The rest of an interrupted answer."""
        if (turn := self._archive.turn(number)) is None or not turn.unheard:
            return
        self._owner.floor_taken()
        name = self._items.name(number)
        if number in self._items.fresh and name is not None:
            self._ask(turn, "rest", name, turn.unheard, None, from_ms=int(turn.seconds * 1000))
        else:  # this engine knows only what was heard
            self._ask_words(turn, "rest", turn.unheard, turn.style)

    # Of our own

    def speak(self, text: str) -> None:
        """Say something of our own: a greeting, a timer that rings. It belongs to the conversation. Who can't read it out, writes it."""
        offer = self._owner.offer
        if offer is None or not self._owner.ready:
            self._later.append(lambda: self.speak(text))
            return
        turn = Turn(number := self._archive.next_turn(), "assistant", style=self._owner.style, at=now(), speaker=self._owner.speaker)
        self._send(ItemCreate(item=message(item_name(number), "assistant", text)))
        self._items.add(item_name(number), number, fresh=True)
        if offer.can_recite(text):
            self._ask(turn, "answer", item_name(number), text, None, own=True)
        else:
            self._speaking.write(replace(turn, text=text))

    def introduce(self, character: Character, *, greets: bool) -> None:
        """A character that was chosen says its greeting, or the user is told why nobody plays it."""
        offer = self._owner.offer
        if offer is None or not self._owner.ready:
            self._later.append(lambda: self.introduce(character, greets=greets and not self._archive.kept))
        elif character is not self._owner.character:
            return  # another one was chosen before the engine was there
        elif why := character.unplayable(offer):
            self._owner.stumbled(f"{character.name} can't be played: {why}")
        elif greets and character.greeting:
            self.speak(character.fill(character.greeting))

    def ring(self, timer: Timer) -> None:
        """A timer: its bell at once, its words when nobody speaks."""
        self._tell(Rang(timer))
        if self._speaking.has_speaker:
            self._speaking.play_alone(chime())
        self._later.append(lambda: self.speak(spoken(timer)))
        self._owner.changed()

    # From the conversation

    def catch_up(self) -> None:
        """Nobody speaks: say what had to wait, as far as somebody is there who can."""
        while self._later and self._owner.ready and not self._asked:
            self._later.pop(0)()

    def begins(self, number: int, response_id: str) -> bool:
        """A response for this turn was created; whether it was asked for here."""
        if number not in self._asked:
            return False
        turn, purpose, name = self._asked.pop(number)
        self._speaking.begin(turn, None, purpose, response_id=response_id).item_id = name
        self._owner.changed()
        return True

    @property
    def is_awaited(self) -> bool:
        """Whether the engine was asked to say something that it has not begun."""
        return bool(self._asked)

    def take_back(self) -> None:
        """What the engine was asked to say, and has not begun, is not wanted any more."""
        self._asked.clear()

    def forget(self) -> None:
        """What waits for silence is not said any more."""
        self._later.clear()

    def _ask_kept(self, kept: Turn, turn: Turn, purpose: Purpose, text: str, style: Style | None) -> None:
        """Have an answer that is kept said again, as `turn`."""
        name, memory = self._items.name(kept.number), self._archive.memory(kept.number)
        if name is not None:
            self._ask(turn, purpose, name, text, style)
        elif memory is not None and memory.text.strip() == text.strip():  # said too long ago for this engine to have been told
            self._ask_words(turn, purpose, text, style, memory)
        else:
            self._ask_words(turn, purpose, text, style or kept.style)

    def _ask_words(self, turn: Turn, purpose: Purpose, text: str, style: Style | None, memory: ItemMemory | None = None) -> None:
        """Have words said that the engine does not know; it has them for no longer than that takes."""
        name = f"{purpose}-{turn.number}"
        offer = self._owner.offer
        known = memory if offer is not None and offer.is_parley else None
        self._send(ItemCreate(item=message(name, "assistant", text, known)))
        self._ask(turn, purpose, name, text, style)
        self._send(ItemDelete(item_id=name, event_id=f"{QUIET}-{purpose}"))

    def _ask(self, turn: Turn, purpose: Purpose, name: str, text: str, style: Style | None, *, from_ms: int = 0, own: bool = False) -> None:
        """Have an item said. `own`: it stands for this turn, and is cut where it is interrupted."""
        if self._owner.offer is None or not self._owner.ready:
            self._owner.stumbled("This has to wait until the engine is there.")
            return
        self._asked[turn.number] = (turn, purpose, name if own else "")
        self._send(say(self._owner.offer, name, text, style, turn.number, from_ms))
