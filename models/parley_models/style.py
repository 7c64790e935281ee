"""How an answer is to be spoken: one frozen value, and the table of a bundle that says what it may hold.

Every control is a row of the bundle's control table, never a branch in code: its name is a field of `Style`, the row
says which values the bundle offers and which instruction text each of them puts into the prompt (DESIGN §3).
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from parley_models.errors import UsageError
from parley_models.prosody import PLAIN, Prosody


@dataclass(frozen=True, slots=True)
class Style:
    """How to speak. None leaves a discrete control to the model."""

    emotion: str | None = None
    intensity: float | None = None
    """0…1; how strongly the emotion is shown."""

    rate: float = 1.0
    """Speed against the voice's own; 0.5…2."""

    pitch: float = 0.0
    """Semitones against the voice's own; −6…+6."""

    dialect: str | None = None
    voice: str | None = None
    manner: str | None = None
    """Whisper, sing, rap."""

    @staticmethod
    def parse(text: str, controls: "ControlTable") -> "Style":
        """Read `emotion=happy,rate=1.2`; an empty text is the neutral style.

        Raises:
            UsageError: not `control=value`, or the bundle does not offer it.
        """
        values: dict[str, Any] = {}
        for pair in filter(None, (part.strip() for part in text.split(","))):
            name, equals, value = (piece.strip() for piece in pair.partition("="))
            if not equals or not name or not value:
                raise UsageError(f"“{pair}” is no style: write control=value, for instance rate=1.2.")
            if name in values:
                raise UsageError(f"The style names {name} twice.")
            values[name] = controls.read(name, value)
        return Style(**values)

    def asked(self) -> dict[str, str | float]:
        """What differs from leaving everything to the model, with rate and pitch always there."""
        return {name: value for name, value in asdict(self).items() if value is not None}


STYLE_FIELDS = frozenset(field.name for field in fields(Style))


@dataclass(frozen=True, slots=True)
class Level:
    """One value of a control and the words it puts into the prompt."""

    name: str
    instruction: str = ""
    at_least: float | None = None
    """Continuous controls only: from this value up the instruction is used."""

    prosody: Prosody | None = None
    """How the voice performs it, where it is the voice's affair and not the model's."""


@dataclass(frozen=True, slots=True)
class Control:
    """A row of the control table."""

    name: str
    kind: Literal["discrete", "continuous"]
    levels: tuple[Level, ...] = ()
    """The values of a discrete control; of a continuous one the bands that need words (usually none)."""

    minimum: float | None = None
    maximum: float | None = None
    default: str | float | None = None
    languages: tuple[str, ...] = ()
    """Where the control works; empty = wherever the bundle speaks."""

    def read(self, value: str) -> str | float:
        """Turn what a user typed into a value of this control.

        Raises:
            UsageError: no level of that name, not a number, out of range.
        """
        if self.kind == "discrete":
            if value not in {level.name for level in self.levels}:
                raise UsageError(f"{self.name} can't be “{value}”; it can be {self.offer}.")
            return value
        try:
            number = float(value)
        except ValueError:
            raise UsageError(f"{self.name} must be a number ({self.offer}), not “{value}”.") from None
        if self.minimum is None or self.maximum is None or not self.minimum <= number <= self.maximum:
            raise UsageError(f"{self.name} {value} is out of range: it goes {self.offer}.")
        return number

    @property
    def offer(self) -> str:
        """The values it takes, for a sentence."""
        if self.kind == "discrete":
            return ", ".join(level.name for level in self.levels)
        return f"from {self.minimum:g} to {self.maximum:g}"

    def prosody(self, value: str) -> Prosody:
        """How the voice performs a value of a discrete control; plainly where that is not its affair."""
        return next((level.prosody for level in self.levels if level.name == value and level.prosody), PLAIN)

    def instruction(self, value: str | float) -> str:
        """The words that ask for a value; empty when none are needed."""
        if isinstance(value, str):
            return next((level.instruction for level in self.levels if level.name == value), "")
        reached = [level for level in self.levels if level.at_least is not None and level.at_least <= value]
        return max(reached, key=lambda level: level.at_least or 0.0).instruction if reached else ""


@dataclass(frozen=True, slots=True)
class ControlTable:
    """What a bundle offers."""

    title: str
    """The bundle's name, for messages."""

    rows: tuple[Control, ...]

    def __getitem__(self, name: str) -> Control:
        for row in self.rows:
            if row.name == name:
                return row
        offers = "; ".join(f"{row.name} ({row.offer})" for row in self.rows) or "no style at all"
        known = "does not offer the control" if name in STYLE_FIELDS else "knows no style control"
        raise UsageError(f"{self.title} {known} “{name}”; it offers {offers}.")

    def read(self, name: str, value: str) -> str | float:
        """Turn a typed value of a named control into what `Style` holds."""
        return self[name].read(value)

    def check(self, style: Style) -> None:
        """Refuse a style that this bundle can't speak, whoever made it.

        Raises:
            UsageError: names the control and what is offered.
        """
        for name, value in style.asked().items():
            if value != getattr(Style(), name):
                self[name].read(str(value))

    def prosody(self, style: Style) -> Prosody:
        """What the voice is to do for a style: rate, pitch, and the emotion and the manner where it performs those."""
        performed = PLAIN + Prosody(rate=style.rate, pitch=style.pitch)  # a label may have brought them beyond what a voice does
        for row in self.rows:
            value = getattr(style, row.name)
            if row.kind == "discrete" and isinstance(value, str):
                strength = 1.0 if row.name != "emotion" or style.intensity is None else style.intensity
                performed += row.prosody(value).as_strong_as(strength)
        return performed

    def instructions(self, style: Style) -> Sequence[str]:
        """The words a style puts into the prompt, in the order of the table; empty for the neutral style."""
        asked = style.asked()
        texts = (row.instruction(asked[row.name]) for row in self.rows if row.name in asked)
        return [text for text in texts if text]
