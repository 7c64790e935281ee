"""One conversation at a time, and everything that can be done with it. The window and `parley talk` drive this class."""

import asyncio
import logging
import threading
import traceback
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import platformdirs

from parley.audio.events import AudioEvent
from parley.conversation.character import Character
from parley.conversation.child import Command, serve_command
from parley.conversation.control import ControlDoor
from parley.conversation.desk import MakeDesk
from parley.conversation.engine import Patience
from parley.conversation.events import Crashed, Event
from parley.conversation.offer import BuiltIn, EngineChoice
from parley.conversation.parlour import Parlour
from parley_models.style import Style

_log = logging.getLogger(__name__)


def _nobody(_name: str) -> Character | None:
    return None


@dataclass(frozen=True, slots=True)
class TalkOptions:
    """What a conversation starts with."""

    engine: EngineChoice = field(default_factory=BuiltIn)
    history: Path | None = None
    """The database; None = nothing outlives the program."""

    recordings: Path | None = None
    """The folder for sound; None = there is none."""

    record: bool = False
    """Whether the sound of turns is kept there. Off: what lies there can still be played and deleted."""

    state: Path = field(default_factory=lambda: platformdirs.user_state_path("parley"))
    """Where the engine's token lies while it runs."""

    control: Path | None = None
    """The folder of the door for `parley ctl`; None = there is no door."""

    style: Style | None = None
    """How is answered from the start; None = in the character's own style."""

    character: Character | None = None
    open_microphone: bool = False
    threshold: float = 0.5
    silence_ms: int = 700
    find_character: Callable[[str], Character | None] = _nobody
    """The character of a kept conversation, by its name."""

    newest: bool = True
    """Whether the conversation spoken in last is opened at the start, or an empty one."""

    command: Command = serve_command
    """How an engine of our own is started."""

    patience: Patience = field(default_factory=Patience)


class Talk:
    """The conversation between the user, the sound card and an engine.

    Every method returns at once and may be called from any thread: what it does happens on the conversation's own thread, and what comes
    of it is told as events, on that thread too. No method raises; trouble is told as `Stumbled`. Nothing runs before `start`, and
    nothing happens after `close`.

        talk = Talk(lambda tell: AudioDesk(AudioSettings(), tell), bridge.tell, TalkOptions())
    """

    def __init__(self, make_desk: MakeDesk, tell: Callable[[Event], None], options: TalkOptions) -> None:
        self._make_desk = make_desk
        self._tell = tell
        self._options = options
        self._loop: asyncio.AbstractEventLoop | None = None
        self._parlour: Parlour | None = None
        self._stop: asyncio.Event | None = None
        self._ready = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Open the sound card, start the engine, open the newest conversation or an empty one.

        Tells ConversationsListed, ConversationOpened, SoundChanged, StateChanged, EngineChanged …
        """
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="conversation")
            self._thread.start()
            self._ready.wait()

    def close(self) -> None:
        """Stop the engine, close the sound card, keep everything, join every thread. Takes up to 3 s; may be called twice."""
        thread, loop, stop = self._thread, self._loop, self._stop
        if thread is not None:
            if loop is not None and stop is not None:
                self._post(stop.set)
            thread.join()
            self._thread = None

    # Speaking

    def press(self) -> None:
        """Push-to-talk goes down: the user has the floor, an answer that sounds is interrupted. Nothing happens if it is down already."""
        self._do(lambda parlour: parlour.dialogue.listening.press())

    def release(self, text: str = "") -> None:
        """Push-to-talk goes up: the turn is over. `text` is what stands in the input line and goes along with the speech."""
        self._do(lambda parlour: parlour.dialogue.listening.release(text))

    def open_microphone(self, on: bool) -> None:
        """Listen all the time, and find out when the user speaks (on) or only while the button is held (off)."""
        self._do(lambda parlour: parlour.dialogue.listening.open_microphone(on))

    def judge_turns(self, threshold: float, silence_ms: int) -> None:
        """With an open microphone: how sure it must be that someone speaks, 0…1, and how much silence ends a turn. In force at once."""
        self._do(lambda parlour: parlour.dialogue.listening.judge(threshold, silence_ms))

    def mute(self, on: bool) -> None:
        """Hear nothing, whatever else is set. An answer that sounds goes on."""
        self._do(lambda parlour: parlour.dialogue.listening.mute(on))

    def interrupt(self) -> None:
        """Esc: silence the answer, keep what was heard; take back a turn that is being spoken; stop a replay or a ringing timer."""
        self._do(lambda parlour: parlour.dialogue.interrupt())

    def send(self, text: str) -> None:
        """A typed turn; while the user speaks, it belongs to what is being said."""
        self._do(lambda parlour: parlour.dialogue.listening.type(text))

    # The answers

    def set_style(self, style: Style) -> None:
        """How the next answers are spoken; one that sounds goes on as it is."""
        self._do(lambda parlour: parlour.dialogue.set_style(style))

    def set_character(self, character: Character | None) -> None:
        """Who answers from now on, with the character's own style; None = Parley itself. In an empty conversation it greets."""
        self._do(lambda parlour: parlour.dialogue.set_character(character))

    def replay(self, turn: int) -> None:
        """Play a turn again; the same turn while it is played: stop."""
        self._do(lambda parlour: parlour.dialogue.recital.replay(turn))

    def say_again(self, turn: int, style: Style) -> None:
        """Say an answer again with the same words in another style, as a new answer."""
        self._do(lambda parlour: parlour.dialogue.recital.say_again(turn, style))

    def continue_answer(self, turn: int) -> None:
        """Say the rest of an interrupted answer."""
        self._do(lambda parlour: parlour.dialogue.recital.continue_answer(turn))

    def correct(self, turn: int, text: str) -> None:
        """What the user really said in a spoken turn; the history and what the engine remembers follow."""
        self._do(lambda parlour: parlour.dialogue.correct(turn, text))

    def save_sound(self, turn: int, path: Path) -> None:
        """Write a turn's sound to a WAV or FLAC file."""
        self._do(lambda parlour: parlour.dialogue.archive.save_sound(turn, path))

    # Conversations

    def new_conversation(self) -> None:
        """Begin an empty one with the character and the style of now; it is listed once something was said."""
        self._do(lambda parlour: parlour.new_conversation())

    def open_conversation(self, conversation: int) -> None:
        """Show a kept conversation and go on with it: the engine is told what was said."""
        self._do(lambda parlour: parlour.open_conversation(conversation))

    def rename_conversation(self, conversation: int, title: str) -> None:
        """Give it a title of the user's own; an empty one = again the beginning of what was said."""
        self._do(lambda parlour: parlour.dialogue.archive.rename(conversation, title))

    def delete_conversation(self, conversation: int) -> None:
        """Really gone: rows, search index and recordings. If it was open, an empty one is opened."""
        self._do(lambda parlour: parlour.delete_conversation(conversation))

    def keep_conversations(self, on: bool) -> None:
        """Whether what is said from now on outlives the program. Off: nothing more is written. On: the open conversation is kept whole;
        where the program was started without a history, it has none until the next start.
        """
        self._do(lambda parlour: parlour.dialogue.archive.write(on))

    def keep_recordings(self, on: bool) -> None:
        """Whether the sound of what is said from now on is kept on the disk, beside conversations that are kept."""
        self._do(lambda parlour: parlour.dialogue.archive.sounds.record(on))

    def search(self, query: str) -> None:
        """Find turns by their words; tells Found. An empty query finds nothing."""
        self._do(lambda parlour: parlour.dialogue.archive.search(query))

    def cancel_timer(self, timer: int) -> None:
        """A timer or reminder that shall not ring."""
        self._do(lambda parlour: parlour.timers.remove(timer))

    # The engine

    def change_engine(self, choice: EngineChoice) -> None:
        """Talk to another engine from now on; the conversation goes on with it."""
        self._do(lambda parlour: parlour.change_engine(choice))

    def retry(self) -> None:
        """Try again at once after EngineState.FAILED, or cut a wait between two attempts short."""
        self._do(lambda parlour: parlour.engine.retry())

    @property
    def engine_pid(self) -> int | None:
        """Of the engine process, while one of our own runs."""
        return None if self._parlour is None else self._parlour.engine.child_pid

    # Order

    def afterwards(self, act: Callable[[], object]) -> None:
        """Call `act` when all that was asked for before has been done and told: on the conversation's thread, or here if none runs."""
        if not self._post(act):
            act()

    # The thread

    def _do(self, act: Callable[[Parlour], object]) -> None:
        """Do something on the conversation's thread."""
        parlour = self._parlour
        if parlour is not None:
            self._post(lambda: self._guard(act, parlour))

    def _heard(self, event: AudioEvent) -> None:
        self._do(lambda parlour: parlour.sound_news.take(event))

    def _post(self, act: Callable[[], object]) -> bool:
        """Have it done on the conversation's thread; whether there is one."""
        loop = self._loop
        if loop is None:
            return False
        try:
            loop.call_soon_threadsafe(act)
        except RuntimeError:  # it has just ended
            self._loop = None
            return False
        return True

    def _guard(self, act: Callable[[Parlour], object], parlour: Parlour) -> None:
        try:
            act(parlour)
        except Exception as error:  # noqa: BLE001 - it is logged, and the conversation goes on
            self._crash(error)

    def _crash(self, error: BaseException) -> None:
        """A bug of ours. Its message is left out of the log: it may hold what was said."""
        where = "".join(traceback.format_tb(error.__traceback__))
        _log.error("a bug in the conversation: %s\n%s", type(error).__name__, where)
        self._tell(Crashed("Something went wrong inside Parley; the conversation is kept, and the log says where it was."))

    def _run(self) -> None:
        try:
            asyncio.run(self._main())
        except Exception as error:  # noqa: BLE001 - logged there
            self._crash(error)
        finally:
            self._parlour = self._loop = None
            self._ready.set()

    async def _main(self) -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _loop, context: self._crash(context.get("exception") or RuntimeError(context["message"])))
        options = self._options
        stop = asyncio.Event()
        parlour = Parlour(self._make_desk, self._heard, self._tell, options)
        door = None if options.control is None else ControlDoor(options.control, parlour.commands())
        self._parlour, self._stop, self._loop = parlour, stop, loop
        self._ready.set()
        try:
            self._guard(Parlour.open, parlour)
            if door is not None:
                await door.open()
            await stop.wait()
        finally:
            self._parlour = None
            await _each(*([door.close] if door is not None else []), parlour.close)


async def _each(*closes: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Close everything, even if closing one of them fails; the first failure is raised at the end."""
    failures = [failure for close in closes for failure in await asyncio.gather(close(), return_exceptions=True) if failure is not None]
    if failures:
        raise failures[0]
