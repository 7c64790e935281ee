"""Where a conversation takes place: everything it is made of, put together and taken apart again on the conversation's thread."""

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from parley.audio.events import AudioEvent
from parley.conversation.archive import Archive
from parley.conversation.desk import MakeDesk
from parley.conversation.dialogue import Dialogue
from parley.conversation.engine import Engine
from parley.conversation.engine_news import EngineNews
from parley.conversation.events import EngineChanged, Event, Stumbled, Timer, TimersChanged
from parley.conversation.history import History, open_history
from parley.conversation.offer import EngineChoice, Offer
from parley.conversation.sound_news import SoundNews
from parley.conversation.sounds import Sounds
from parley.conversation.timers import Timers
from parley.conversation.tools import Toolbox
from parley_models.realtime.events import FromClient, ServerEvent
from parley_models.style import Style

if TYPE_CHECKING:
    from parley.conversation.talk import TalkOptions


class Parlour:
    """Desk, history, engine, and the dialogue between them."""

    def __init__(
        self, make_desk: MakeDesk, heard: Callable[[AudioEvent], None], tell: Callable[[Event], None], options: "TalkOptions"
    ) -> None:
        self._options = options
        self._tell = tell
        self._history, self._trouble = (History(None), "") if options.history is None else open_history(options.history)
        self._desk = make_desk(heard)
        archive = Archive(self._history, Sounds(options.recordings, record=options.record), tell)
        self.dialogue = Dialogue(self._desk, self._send, tell, archive, options.style or Style(), options.threshold, options.silence_ms)
        self.timers = Timers(self._history, self._ring, lambda timers: tell(TimersChanged(timers)))
        self.sound_news = SoundNews(self.dialogue)
        self._engine_news = EngineNews(self.dialogue, Toolbox(self.timers))
        self.engine = self._engine(options.engine)
        self._changing: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Begin."""
        if self._trouble:
            self._tell(Stumbled(self._trouble))
        archive = self.dialogue.archive
        archive.list()
        if self._options.newest:
            archive.open_newest()
        else:
            archive.new()
        character = self._options.character or self._options.find_character(archive.character)
        self.dialogue.set_character(character)
        if self._options.style is not None:
            self.dialogue.set_style(self._options.style)
        self.dialogue.changed()
        self._desk.start()
        self.dialogue.listening.open_microphone(self._options.open_microphone)
        self.timers.start()
        self.engine.start()

    async def close(self) -> None:
        """Silence, keep, stop, and wait until everything has ended."""
        self.dialogue.close()
        self.timers.close()
        if self._changing is not None:
            await asyncio.gather(self._changing, return_exceptions=True)
        await self.engine.close()
        self._desk.close()
        self._history.close()

    def new_conversation(self) -> None:
        """An empty one, with whom one speaks now."""
        self.dialogue.interrupt()
        self.dialogue.archive.new()
        self.dialogue.show()
        if self.dialogue.character is not None:
            self.dialogue.set_character(self.dialogue.character)

    def open_conversation(self, conversation: int) -> None:
        """A kept one, with whom one spoke then."""
        self.dialogue.interrupt()
        if self.dialogue.archive.open(conversation):
            name = self.dialogue.archive.character
            self.dialogue.set_character(self._options.find_character(name) if name else None)
            self.dialogue.show()

    def delete_conversation(self, conversation: int) -> None:
        """Gone; if it was open, so is what the engine knows of it."""
        open_now = conversation == self.dialogue.archive.number
        if open_now:
            self.dialogue.interrupt()
        self.dialogue.archive.delete(conversation)
        if open_now:
            self.new_conversation()

    def change_engine(self, choice: EngineChoice) -> None:
        """Another engine; the old one is stopped first, because two models may not fit into memory."""
        old, before = self.engine, self._changing
        self.engine = self._engine(choice)

        async def change(new: Engine) -> None:
            if before is not None:
                await before
            await old.close()
            if new is self.engine:
                new.start()

        self._changing = asyncio.create_task(change(self.engine), name="another engine")

    def commands(self) -> Mapping[str, Callable[[], str]]:
        """What `parley ctl` can do, and what it answers."""
        return {"talk": self._talk, "stop": self._stop, "mute": self._mute}

    # EngineOwner

    def engine_changed(self, news: EngineChanged) -> None:
        """Tell the window."""
        self._tell(news)
        self.dialogue.engine = news.state
        self._guard(self.dialogue.changed)

    def engine_there(self, offer: Offer) -> None:
        """Set the session up."""
        self._guard(lambda: self.dialogue.engine_there(offer))

    def engine_said(self, event: ServerEvent) -> None:
        """Act on it."""
        self._guard(lambda: self._engine_news.take(event))

    def engine_gone(self) -> None:
        """Until the next one."""
        self._guard(self.dialogue.engine_gone)

    @staticmethod
    def _guard(act: Callable[[], object]) -> None:
        """A bug of ours in what the engine's news set off is told and logged (`Talk`), but no reason to lose the engine."""
        try:
            act()
        except Exception as error:  # noqa: BLE001 - it is logged there
            asyncio.get_running_loop().call_exception_handler({"message": "the engine's news", "exception": error})

    def _engine(self, choice: EngineChoice) -> Engine:
        return Engine(choice, self, self._options.state, self._options.command, self._options.patience)

    def _send(self, event: FromClient) -> None:
        self.engine.send(event)

    def _ring(self, timer: Timer) -> None:
        self.dialogue.recital.ring(timer)

    def _talk(self) -> str:
        listening = self.dialogue.listening
        if listening.held:
            listening.release("")
            return "Parley answers."
        if listening.muted:
            return "Parley is muted: `parley ctl mute` unmutes it."
        listening.press()
        return "Parley listens: the same command again ends the turn."

    def _stop(self) -> str:
        self.dialogue.interrupt()
        return "Parley is silent."

    def _mute(self) -> str:
        listening = self.dialogue.listening
        listening.mute(not listening.muted)
        return "Parley is muted." if listening.muted else "Parley hears again."
