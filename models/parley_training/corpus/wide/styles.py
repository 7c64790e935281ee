"""The styles that Mini 1 can be asked for, by name: manners (slow, loud, whisper …) and emotions.

Loudness has no field of its own in `Style`: `loud` and `soft` are manners, like `whisper`. The last column of the tables is what
a bundle's control table puts into the system turn.
"""

from __future__ import annotations

from dataclasses import dataclass

from parley_models.style import Style
from parley_training.corpus.world import facts


@dataclass(frozen=True, slots=True)
class Named:
    """A style with the words that ask for it."""

    name: str
    style: Style
    adverb: str
    """A pattern that follows what is to be said: "… slowly"."""

    noun: str
    """One word for it: "slower", "happy"."""

    system: str
    """The system turn that asks for it."""


def _style(written: str) -> Style:
    name, value = written.split("=")
    return Style(**{name: value if name == "manner" else float(value)})  # type: ignore[arg-type]  # the table's own names


MANNERS = {row["name"]: Named(row["name"], _style(row["style"]), row["adverb"], row["noun"], row["system"]) for row in facts("manners")}
EMOTIONS = {
    row["name"]: Named(row["name"], Style(emotion=row["name"]), row["adverb"], row["feeling"], row["system"]) for row in facts("emotions")
}
STYLES = MANNERS | EMOTIONS


def mood(name: str) -> Style:
    """The style in which Mini shows an emotion of its own accord; `neutral` is the voice's own."""
    return Style() if name == "neutral" else STYLES[name].style
