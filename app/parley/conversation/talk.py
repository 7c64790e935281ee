"""One conversation at a time, and everything that can be done with it. The window and `parley talk` drive this class."""

from collections.abc import Callable
from pathlib import Path

from parley.conversation.character import Character
from parley.conversation.events import Event
from parley.conversation.offer import EngineChoice
from parley_models.style import Style


class Talk:
    """The conversation between the user, the sound card and an engine.

    Every method returns at once and may be called from any thread: what it does happens on the conversation's own thread, and what comes
    of it is told as events, on that thread too. No method raises; trouble is told as `Stumbled`. Made with `Talk(desk, engine, history,
    tell)`; nothing runs before `start`.
    """

    def __init__(self, tell: Callable[[Event], None]) -> None:
        self._tell = tell

    def start(self) -> None:
        """Open the sound card, start the engine, open the newest conversation or an empty one.

        Tells ConversationsListed, ConversationOpened, SoundChanged, StateChanged, EngineChanged …
        """
        raise NotImplementedError

    def close(self) -> None:
        """Stop the engine, close the sound card, keep everything, join every thread. Takes up to 3 s; may be called twice."""

    # Speaking

    def press(self) -> None:
        """Push-to-talk goes down: the user has the floor, an answer that sounds is interrupted. Nothing happens if it is down already."""

    def release(self, text: str = "") -> None:
        """Push-to-talk goes up: the turn is over. `text` is what stands in the input line and goes along with the speech."""

    def open_microphone(self, on: bool) -> None:
        """Listen all the time, and find out when the user speaks (on) or only while the button is held (off)."""

    def mute(self, on: bool) -> None:
        """Hear nothing, whatever else is set. An answer that sounds goes on."""

    def interrupt(self) -> None:
        """Esc: silence the answer, keep what was heard; take back a turn that is being spoken; stop a replay or a ringing timer."""

    def send(self, text: str) -> None:
        """A typed turn; while the user speaks, it belongs to what is being said."""

    # The answers

    def set_style(self, style: Style) -> None:
        """How the next answers are spoken; one that sounds goes on as it is."""

    def set_character(self, character: Character | None) -> None:
        """Who answers from now on, with the character's own style; None = Parley itself. In an empty conversation it greets."""

    def replay(self, turn: int) -> None:
        """Play a turn again; the same turn while it is played: stop."""

    def say_again(self, turn: int, style: Style) -> None:
        """Say an answer again with the same words in another style, as a new answer."""

    def continue_answer(self, turn: int) -> None:
        """Say the rest of an interrupted answer."""

    def correct(self, turn: int, text: str) -> None:
        """What the user really said in a spoken turn; the history and what the engine remembers follow."""

    def save_sound(self, turn: int, path: Path) -> None:
        """Write a turn's sound to a WAV or FLAC file."""

    # Conversations

    def new_conversation(self) -> None:
        """Begin an empty one with the character and the style of now; it is listed once something was said."""

    def open_conversation(self, conversation: int) -> None:
        """Show a kept conversation and go on with it: the engine is told what was said."""

    def rename_conversation(self, conversation: int, title: str) -> None:
        """Give it a title of the user's own; an empty one = again the beginning of what was said."""

    def delete_conversation(self, conversation: int) -> None:
        """Really gone: rows, search index and recordings. If it was open, an empty one is opened."""

    def search(self, query: str) -> None:
        """Find turns by their words; tells Found. An empty query finds nothing."""

    def cancel_timer(self, timer: int) -> None:
        """A timer or reminder that shall not ring."""

    # The engine

    def change_engine(self, choice: EngineChoice) -> None:
        """Talk to another engine from now on; the conversation goes on with it."""

    def retry(self) -> None:
        """Try again at once after EngineState.FAILED, or cut a wait between two attempts short."""
