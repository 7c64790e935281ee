"""`parley talk`: a conversation in a terminal. Enter starts and ends what is said; `--text` is for typing."""

import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, TextIO

import platformdirs

from parley.audio.settings import AudioSettings
from parley.cli.program import complain
from parley.conversation.characters import Characters
from parley.conversation.client import check_url
from parley.conversation.control import control_folder
from parley.conversation.desk import Desk, MakeDesk
from parley.conversation.events import (
    Activity,
    Answering,
    Asked,
    Crashed,
    EngineChanged,
    EngineState,
    Event,
    Measured,
    Rang,
    SoundChanged,
    Spoke,
    StateChanged,
    Stumbled,
    Understood,
    Wrote,
)
from parley.conversation.offer import BuiltIn, Remote
from parley.conversation.talk import Talk, TalkOptions
from parley.settings import Settings, load_settings, settings_path
from parley_models.bundle import find_bundle
from parley_models.errors import EngineError, UsageError
from parley_models.style import Style

LATEST_S = 5.0
"""After an answer: so long what was heard in its question is waited for where nobody tells that it won't come. That is where an answer was
called off, or a server of others does not do what it was asked to."""


@dataclass(frozen=True, slots=True)
class TalkRequest:
    """What the command line asks for."""

    typing: bool = False
    bundle: str | None = None
    url: str | None = None
    key: str = ""
    character: str | None = None
    style: str = ""
    keep: bool = True


@dataclass(slots=True)
class Terminal:
    """What is told, as lines; and whether there is still somebody to talk to."""

    out: TextIO
    lines: Callable[[], Iterator[str]]
    """What the user enters, line by line, until the end of input."""

    idle: threading.Event = field(default_factory=threading.Event)
    """Nobody speaks, and no question waits for its answer. Set and cleared by what is told alone: what comes of a line may be nothing."""

    held: bool = False
    """The button is down, whoever pressed it."""

    ready: threading.Event = field(default_factory=threading.Event)
    settled: threading.Event = field(default_factory=threading.Event)
    """What the engine heard in the last question stands there, or won't come. It may be told long after the answer."""

    failure: str = ""
    _at_start: bool = True
    _recognizes: bool = False
    _unread: int | None = None
    """The last question, if it was spoken and nobody has told yet what was heard in it."""

    _answer: int | None = None
    """The turn that answers it."""

    def __post_init__(self) -> None:
        self.settled.set()

    def hear(self, event: Event) -> None:
        """Show an event."""
        self._note(event)
        self._note_question(event)
        match event:
            case Wrote(text=text):
                self._put(text)
            case Answering():
                self._put("› ")
            case Spoke(turn=turn, cut_short=cut):
                self._put(f" … [not heard: {turn.unheard.strip()}]\n" if cut else "" if self._at_start else "\n")
            case Understood(text=text):
                self._line(f"[heard: {text}]")
            case Rang(timer=timer):
                self._line(f"\a[{timer.label or 'The time is up'}]")
            case StateChanged(activity=Activity.LISTENING, held=True):
                self._line("[listening; Enter ends]")
            case Stumbled(message=message) | Crashed(message=message) | SoundChanged(message=message) if message:
                self._line(f"[{message}]")
            case EngineChanged(state=EngineState.DIED | EngineState.STUCK, message=message):
                self._line(f"[{message}]")
            case _:
                pass

    def _note(self, event: Event) -> None:
        """Whether one may go on."""
        match event:
            case EngineChanged(state=EngineState.READY):
                self.ready.set()
            case EngineChanged(state=EngineState.FAILED, message=message):
                self.failure = message
                self.ready.set()
                self.idle.set()
            case StateChanged(activity=activity, held=held):
                self.held = held
                if activity is Activity.IDLE or self.failure:  # where there is no engine, nothing is waited for
                    self.idle.set()
                else:
                    self.idle.clear()
            case _:
                pass

    def _note_question(self, event: Event) -> None:
        """Whether something about the last question is still to come."""
        match event:
            case EngineChanged(state=EngineState.READY, offer=offer):
                self._recognizes = offer is not None and offer.recognizes
            case EngineChanged(state=EngineState.DIED | EngineState.FAILED):  # a question without an answer is asked again
                self.settled.set()
            case Asked(turn=turn):
                self._unread = turn.number if turn.seconds else None
                self.settled.set()
            case Answering(turn=turn, to=question) if question is not None and question == self._unread and self._recognizes:
                self._answer = turn.number
                self.settled.clear()
            case Understood(turn=question) | Stumbled(turn=question) if question is not None and question == self._unread:
                self._unread = None
                self.settled.set()
            case Measured(turn=answer) if answer == self._answer:  # an engine of ours tells what it heard before
                self.settled.set()
            case _:
                pass

    def _line(self, text: str) -> None:
        """A line of its own, also in the middle of an answer."""
        self._put(f"{'' if self._at_start else chr(10)}{text}\n")

    def _put(self, text: str) -> None:
        self._at_start = text.endswith("\n") if text else self._at_start
        self.out.write(text)
        self.out.flush()


def converse(request: TalkRequest, terminal: Terminal, make_desk: MakeDesk, options: TalkOptions) -> int:
    """Talk until the input ends; the exit code.

    Raises:
        EngineError: there is no engine to talk to.
    """
    talk = Talk(make_desk, terminal.hear, options)
    talk.start()
    try:
        terminal.ready.wait()
        if not terminal.failure:
            _turns(request, terminal, talk)
    finally:
        talk.close()
    if terminal.failure:
        raise EngineError(terminal.failure)
    return 0


def _turns(request: TalkRequest, terminal: Terminal, talk: Talk) -> None:
    for line in terminal.lines():
        if terminal.failure:
            return
        if request.typing or line.strip():
            if line.strip():
                talk.send(line)
        elif terminal.held:
            talk.release()
        else:
            talk.press()
        _take_effect(talk)
        if request.typing and not sys.stdin.isatty():  # a script's next line waits until the answer was heard
            terminal.idle.wait()
    if terminal.held:
        talk.release()
        _take_effect(talk)
    terminal.idle.wait()
    terminal.settled.wait(LATEST_S)


def _take_effect(talk: Talk) -> None:
    """Until it is told what came of a line: before that, `idle` and `held` may still be of something that was said earlier."""
    done = threading.Event()
    talk.afterwards(done.set)
    done.wait()


def options_of(request: TalkRequest, settings: Settings, characters: Characters) -> TalkOptions:
    """What the conversation starts with: the settings, and over them the command line.

    Raises:
        UsageError: no such character, a style that is none, or no address of a server.
        BundleMissing: no such model.
    """
    engine = settings.engine.choice
    if request.bundle is not None:
        find_bundle(request.bundle)
        engine = replace(engine, bundle=request.bundle) if isinstance(engine, BuiltIn) else BuiltIn(request.bundle)
    if request.url is not None:
        check_url(request.url)
        engine = Remote(request.url, request.key)
    name = settings.character if request.character is None else request.character
    character = characters.find(name) if name else None
    if request.character and character is None:
        names = ", ".join(each.name for each in characters.characters())
        raise UsageError(f"There is no character “{request.character}”; there are: {names}.")
    data = platformdirs.user_data_path("parley")
    return TalkOptions(
        engine=engine,
        history=data / "history.db" if request.keep and settings.privacy.keep_history else None,
        recordings=data / "recordings",
        record=request.keep and settings.privacy.keep_recordings,
        control=control_folder(),
        style=style_from(request.style) if request.style else None if settings.style == Style() else settings.style,
        character=character,
        threshold=settings.turns.threshold,
        silence_ms=settings.turns.silence_ms,
        find_character=characters.find,
        newest=False,
    )


NUMBERS = (("rate", 0.5, 2.0), ("pitch", -6.0, 6.0), ("intensity", 0.0, 1.0))
"""The controls that take a number, and from where to where."""


def style_from(text: str) -> Style:
    """`rate=1.2,emotion=happy` without a bundle at hand; what the engine does not offer is left out later.

    Raises:
        UsageError: not control=value, or no such control.
    """
    from parley_models.style import Control, ControlTable

    rows = tuple(Control(name, "continuous", minimum=low, maximum=high) for name, low, high in NUMBERS)
    numbers: list[str] = []
    values: dict[str, Any] = {}
    for pair in filter(None, (part.strip() for part in text.split(","))):
        name, equals, value = (piece.strip() for piece in pair.partition("="))
        if equals and name in {"emotion", "dialect", "voice", "manner"} and value:
            values[name] = value
        else:
            numbers.append(pair)
    return replace(Style.parse(",".join(numbers), ControlTable("A style", rows)), **values)


def talk(request: TalkRequest) -> int:
    """Talk in this terminal, with this machine's microphone and speaker."""
    loaded = load_settings(settings_path())
    for sentence in loaded.trouble:
        complain(sentence)
    terminal = Terminal(sys.stdout, lambda: iter(sys.stdin))
    options = options_of(request, loaded.settings, Characters.of_user())
    sys.stdout.write("Parley: type and press Enter. " if request.typing else "Parley: Enter starts and ends what you say. ")
    sys.stdout.write("Ctrl+D leaves.\n")
    return converse(request, terminal, _desk(loaded.settings.audio), options)


def _desk(settings: AudioSettings) -> MakeDesk:
    def make(tell: Callable[..., None]) -> Desk:
        from parley.audio.desk import AudioDesk

        return AudioDesk(settings, tell)

    return make
