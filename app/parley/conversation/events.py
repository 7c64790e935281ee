"""The news of a conversation, told to whoever shows it. Match them with `assert_never`.

They are told on the conversation's thread, in order, and never wait: the receiver hands them on (`Bridge.tell`) and returns.
A spoken exchange is told as

    Listening → Asked(turn) → Answering(turn) → Wrote … Progressed … Styled … → Spoke(turn)

What has to be found out comes when it is found, also after `Spoke`: Timed, Measured, and Understood(question), which an engine that
writes along may tell before Answering. An engine of ours tells Understood, if at all, before Measured(turn).

The microphone's level is not told here: it is read from the audio desk.
"""

from dataclasses import dataclass
from enum import Enum

from parley.conversation.character import Character
from parley.conversation.offer import Offer
from parley.conversation.turns import Heading, Hit, Segment, Stage, Turn
from parley_models.style import Style


class Activity(Enum):
    """What is going on between the two sides."""

    IDLE = "idle"
    LISTENING = "listening"
    """The user holds the button, or speaks into the open microphone."""

    THINKING = "thinking"
    """The user has finished; no sound of the answer yet."""

    SPEAKING = "speaking"


class EngineState(Enum):
    """How the engine is."""

    STARTING = "starting"
    """The process starts, or the connection is made."""

    LOADING = "loading"
    """It is there and loads its model."""

    READY = "ready"
    ASLEEP = "asleep"
    """The model left memory because nobody spoke; the next word wakes it."""

    STUCK = "stuck"
    """It has not answered for a second; READY follows if it comes back, DIED if it does not."""

    DIED = "died"
    """It died, hung or is out of reach; a new one is being started by itself."""

    FAILED = "failed"
    """It can't be started; `Talk.change_engine` or `Talk.retry` try again."""

    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class EngineChanged:
    """The engine's state. Typing and speaking while it is not READY is kept and answered once it is."""

    state: EngineState
    message: str = ""
    """One sentence for STUCK, DIED and FAILED."""

    offer: Offer | None = None
    """Set with READY: what the style panel may offer."""


@dataclass(frozen=True, slots=True)
class StateChanged:
    """What the state line and the buttons show, whole."""

    activity: Activity
    open_microphone: bool
    muted: bool
    held: bool
    """Whether push-to-talk is pressed."""

    ducked: bool = False
    """The answer is quieter while the engine decides whether the user interrupts."""


@dataclass(frozen=True, slots=True)
class SoundChanged:
    """The sound card: which devices are in use now. None = there is none; typing still works."""

    microphone: str | None
    speaker: str | None
    message: str = ""
    """One sentence where the user should know why: unplugged, busy, not allowed."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A new turn of the user: typed, spoken (with its waveform), or both."""

    turn: Turn


@dataclass(frozen=True, slots=True)
class Understood:
    """What the model heard in a spoken question, if it can write that down (`Offer.recognizes`); or the user's own correction of it."""

    turn: int
    text: str
    corrected: bool = False


@dataclass(frozen=True, slots=True)
class Dropped:
    """A turn that turned out to be none (a button tapped, nobody spoke) or was taken back; nothing is kept of it."""

    turn: int
    reason: str
    """One sentence; empty if there is nothing to say."""


@dataclass(frozen=True, slots=True)
class Answering:
    """An answer begins."""

    turn: Turn
    """Still without text."""

    to: int | None
    """The question it answers; None if nobody asked (a greeting, a timer that rings)."""


@dataclass(frozen=True, slots=True)
class Wrote:
    """More words of an answer. They run ahead of the sound."""

    turn: int
    text: str
    segment: int
    """Which stretch of the answer they belong to, from 0."""


@dataclass(frozen=True, slots=True)
class Styled:
    """A stretch of an answer is complete: its whole text and how it was spoken."""

    turn: int
    segment: int
    content: Segment


@dataclass(frozen=True, slots=True)
class Progressed:
    """How far the speaker is, about ten times a second while an answer sounds."""

    turn: int
    heard_s: float
    sound_s: float
    """What has arrived so far."""

    heard_characters: int
    """Of the text written so far, about how much has been heard: an estimate."""


@dataclass(frozen=True, slots=True)
class Spoke:
    """An answer is over: all was heard, or it was cut short (`turn.unheard` is the greyed rest). The whole turn as kept.

    Told again when the engine knows better where an answer was cut, and when `Talk.continue_answer` has said the rest.
    """

    turn: Turn
    cut_short: bool = False


@dataclass(frozen=True, slots=True)
class Measured:
    """Proof of style: what was asked and what the sound really has, per control; None = not measurable."""

    turn: int
    asked: tuple[tuple[str, str | float], ...]
    achieved: tuple[tuple[str, float | str | None], ...]


@dataclass(frozen=True, slots=True)
class Timed:
    """Where the time between the question's end and the first sound went."""

    turn: int
    stages: tuple[Stage, ...]


@dataclass(frozen=True, slots=True)
class Replaying:
    """A kept turn is played again; `on` False = it ended or was stopped."""

    turn: int
    on: bool


@dataclass(frozen=True, slots=True)
class StyleChanged:
    """The style of the next answers, whoever set it."""

    style: Style


@dataclass(frozen=True, slots=True)
class CharacterChanged:
    """Who the assistant is from now on; None = Parley itself."""

    character: Character | None


@dataclass(frozen=True, slots=True)
class ConversationOpened:
    """The conversation that is shown from now on, with everything said in it."""

    heading: Heading
    turns: tuple[Turn, ...]


@dataclass(frozen=True, slots=True)
class ConversationsListed:
    """Every kept conversation, the latest first; told after each change of the list."""

    headings: tuple[Heading, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """What `Talk.search` found, the best first."""

    query: str
    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class Timer:
    """Something that will ring."""

    number: int
    label: str
    """What for; may be empty."""

    due: str
    """ISO 8601, UTC."""


@dataclass(frozen=True, slots=True)
class TimersChanged:
    """Every timer and reminder that is still to ring, the next first."""

    timers: tuple[Timer, ...]


@dataclass(frozen=True, slots=True)
class Rang:
    """A timer rings: there is a sound, and the assistant says it."""

    timer: Timer


@dataclass(frozen=True, slots=True)
class Stumbled:
    """Known trouble: show the sentence and go on."""

    message: str
    turn: int | None = None
    """The turn that suffered from it, if one did."""


@dataclass(frozen=True, slots=True)
class Crashed:
    """A bug of ours; the log has it. The conversation is kept."""

    message: str


Event = (
    EngineChanged
    | StateChanged
    | SoundChanged
    | Asked
    | Understood
    | Dropped
    | Answering
    | Wrote
    | Styled
    | Progressed
    | Spoke
    | Measured
    | Timed
    | Replaying
    | StyleChanged
    | CharacterChanged
    | ConversationOpened
    | ConversationsListed
    | Found
    | TimersChanged
    | Rang
    | Stumbled
    | Crashed
)
