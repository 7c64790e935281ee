"""All conversations, and the one that is open."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from parley.conversation.events import ConversationOpened, ConversationsListed, Event, Found, Stumbled
from parley.conversation.history import History, Kept, now
from parley.conversation.sounds import Sounds, joined
from parley.conversation.turns import Heading, Turn
from parley_models.errors import ParleyError, StoreError
from parley_models.pcm import AudioChunk
from parley_models.realtime.events import ItemMemory
from parley_models.sound_file import write_sound


class Archive:
    """What was said. What can't be written is told once and stays in memory. On the conversation's thread."""

    def __init__(self, history: History, sounds: Sounds, tell: Callable[[Event], None]) -> None:
        self._history = history
        self.sounds = sounds
        self._tell = tell
        self._told_trouble = False
        self.number = 0
        """Of the open conversation."""

        self.character = ""
        self._writing = True
        self._kept: dict[int, Kept] = {}

    @property
    def kept(self) -> tuple[Kept, ...]:
        """Everything said in the open conversation, in order."""
        return tuple(self._kept[number] for number in sorted(self._kept))

    def turn(self, number: int) -> Turn | None:
        """A turn of the open conversation."""
        kept = self._kept.get(number)
        return kept.turn if kept else None

    def memory(self, number: int) -> ItemMemory | None:
        """What a turn of the open conversation is remembered by."""
        kept = self._kept.get(number)
        return kept.memory if kept else None

    def save_sound(self, number: int, path: Path) -> None:
        """A turn's sound as a file; it is told where that was not kept or can't be written."""
        turn = self.turn(number)
        sound = None if turn is None else self.sounds.of(number, turn.sound)
        if sound is None:
            self._tell(Stumbled("The sound of this turn was not kept; play it once, then it can be saved."))
            return
        try:
            write_sound(path, joined(sound))
        except ParleyError as error:
            self._tell(Stumbled(str(error)))

    def write(self, on: bool) -> None:
        """Whether what is said outlives the program, from now on; what was kept stays. Switched on, the open conversation is kept whole.

        Where there is no file, because the program was started without one, nothing changes.
        """
        if on == self._writing or self._history.path is None:
            return
        self._writing = on
        if on:
            self._safely(self._write_all)
            self.list()

    def next_turn(self) -> int:
        """A number for a new turn."""
        return self._history.next_number("turn")

    def keep(self, turn: Turn, memory: ItemMemory | None = None) -> None:
        """Keep a turn of the open conversation, or what it has become."""
        old = self._kept.get(turn.number)
        self._kept[turn.number] = Kept(turn, memory if memory is not None or old is None else old.memory)
        if not self._writing:
            return
        self._safely(lambda: self._history.save(self.number, turn, memory, character=self.character))
        if old is None or (turn.said and not old.turn.said):  # the list shows what was first said
            self.list()

    def keep_sound(self, turn: Turn, chunks: list[AudioChunk]) -> Turn:
        """Remember how a turn sounded; the turn, with the name of its recording if there is one."""
        if not self._writing or self._history.path is None:  # a recording that no history knows could never be deleted
            self.sounds.remember(turn.number, chunks)
            return turn
        try:
            name = self.sounds.keep(turn.number, chunks)
        except ParleyError as error:
            self._tell(Stumbled(str(error), turn.number))
            return turn
        return turn if name is None else replace(turn, sound=name)

    def keep_answer(self, turn: Turn, chunks: list[AudioChunk], *, more: bool) -> None:
        """Keep how an answer sounded; `more` = behind what was kept of it before."""
        before = (self.sounds.of(turn.number, turn.sound) or []) if more else []
        recorded = self.keep_sound(turn, [*before, *chunks])
        if recorded is not turn:
            self.keep(recorded)

    def open_newest(self) -> None:
        """The conversation that was spoken in last; an empty one if there is none, or it can't be read."""
        try:
            headings = self._history.headings()
        except StoreError:
            headings = ()  # `list` said so
        if not headings or not self.open(headings[0].number):
            self.new()

    def new(self) -> None:
        """An empty one; it is listed once something was said."""
        self.number = self._history.next_number("conversation")
        self._kept = {}
        self._tell(ConversationOpened(Heading(self.number, "", 0, now(), self.character), ()))

    def open(self, conversation: int) -> bool:
        """A kept one; whether it is there and can be read."""
        try:
            heading, turns = self._history.heading(conversation), self._history.turns(conversation)
        except StoreError as error:
            self._tell(Stumbled(str(error)))
            return False
        if heading is None:
            self._tell(Stumbled("This conversation is not there any more."))
            return False
        self.number, self.character = heading.number, heading.character
        self._kept = {kept.turn.number: kept for kept in turns}
        self._tell(ConversationOpened(heading, tuple(kept.turn for kept in self.kept)))
        return True

    def rename(self, conversation: int, title: str) -> None:
        """A title of the user's own."""
        self._safely(lambda: self._history.rename(conversation, title))
        self.list()

    def delete(self, conversation: int) -> None:
        """Really gone, with its recordings."""
        self._safely(lambda: self._delete(conversation))
        if conversation == self.number:
            self.sounds.forget(list(self._kept), [])
        self.list()

    def _delete(self, conversation: int) -> None:
        turns = [kept.turn for kept in self._history.turns(conversation)]
        try:
            self._history.delete(conversation)
        finally:  # also where only traces of it could not be wiped out
            self.sounds.forget([turn.number for turn in turns], [turn.sound for turn in turns if turn.sound])

    def list(self) -> None:
        """Tell every conversation there is."""
        self._safely(lambda: self._tell(ConversationsListed(self._history.headings())), writes=False)

    def search(self, query: str) -> None:
        """Tell what is found."""
        self._safely(lambda: self._tell(Found(query, self._history.search(query))), writes=False)

    def _write_all(self) -> None:
        for kept in self.kept:
            self._history.save(self.number, kept.turn, kept.memory, character=self.character)

    def _safely(self, act: Callable[[], object], *, writes: bool = True) -> None:
        try:
            act()
        except ParleyError as error:
            if not self._told_trouble:
                self._tell(Stumbled(str(error)))
            self._told_trouble = True
        else:
            self._told_trouble = self._told_trouble and not writes
