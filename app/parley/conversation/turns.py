"""What one side said, as the window shows it and the history keeps it."""

from dataclasses import dataclass
from typing import Literal

from parley_models.style import Style

Side = Literal["human", "assistant"]

PEAKS_PER_S = 25
"""Points of a turn's waveform per second of sound."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of an answer in one style."""

    text: str
    style: Style


@dataclass(frozen=True, slots=True)
class Stage:
    """A point on the way from the end of a question to the first sound of its answer."""

    name: str
    """`endpoint` (before the rest: last speech to the decision that the turn is over), then in order `heard` (the whole question is in the
    model's context), `thought` (the first block is decoded), `first_audio` (the first sound left the engine), `speaker` (it is heard)."""

    ms: float
    """From the end of the turn until then; `endpoint`: how long it took by itself."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One side's turn. Never changed: news about it come as a new value with the same number."""

    number: int
    """Unique in the user's whole history, and growing."""

    side: Side
    text: str = ""
    """Typed by the user, or said by the assistant; of an interrupted answer what was really heard (an estimate)."""

    heard_as: str | None = None
    """A spoken question as the model understood it, or as the user corrected it; None while unknown."""

    corrected: bool = False
    """Whether the user has written `heard_as`."""

    unheard: str = ""
    """The rest of an interrupted answer, shown greyed; `Talk.continue_answer` says it."""

    seconds: float = 0.0
    """Of sound: what the user spoke, or what was heard of the answer."""

    waveform: tuple[float, ...] = ()
    """Peaks 0…1 of the sound, `PEAKS_PER_S` each second."""

    segments: tuple[Segment, ...] = ()
    """An answer's text with the style of each stretch."""

    style: Style = Style()
    """Asked for."""

    achieved: tuple[tuple[str, float | str | None], ...] = ()
    """What was measured in the answer's sound, by control; None = could not be measured."""

    latency: tuple[Stage, ...] = ()
    seed: int | None = None
    sound: str | None = None
    """Name of the sound file beside the history, where the user asked for recordings."""

    at: str = ""
    """When it began: ISO 8601, UTC."""

    speaker: str | None = None
    """The character who gave an answer; empty = Parley itself, None = an older Parley kept it and did not say."""

    @property
    def interrupted(self) -> bool:
        """Whether something of it was never heard."""
        return bool(self.unheard)

    @property
    def said(self) -> str:
        """What it says in one line: the typed words and what was understood of the spoken ones."""
        return " ".join(part for part in (self.text, self.heard_as or "") if part)


@dataclass(frozen=True, slots=True)
class Heading:
    """A conversation in the list."""

    number: int
    title: str
    """The user's own, or the beginning of what was first said; empty while nothing was."""

    turns: int
    changed: str
    """When something was last said: ISO 8601, UTC."""

    character: str = ""
    """The name of the character that was spoken to; empty = Parley itself."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A turn that a search found."""

    conversation: Heading
    turn: int
    before: str
    match: str
    after: str
    """The found words with some of the text around them."""
