"""The emotions and manners that a bundle offers, one after the other: each is asked for, and judged by what is heard of it."""

from collections.abc import Iterator, Sequence

from parley_models.evaluation.style_judge import Heard, emotions
from parley_models.style import Control, Style

JUDGED = ("emotion", "manner")
LOUDNESS = ("loud", "soft")
MANNERS = (*LOUDNESS, "whisper")


def offered(controls: Sequence[Control]) -> Iterator[tuple[str, str, Style]]:
    """Control, value and style of every emotion and manner in a control table."""
    for control in controls:
        for level in control.levels if control.name in JUDGED else ():
            yield control.name, level.name, Style(emotion=level.name) if control.name == "emotion" else Style(manner=level.name)


def can_be_judged(control: str, value: str) -> bool:
    """Whether the judge of style knows how that sounds."""
    return value in (emotions() if control == "emotion" else MANNERS)


def made_out(control: str, heard: Heard | None) -> str | None:
    """What the judge made out of an emotion, or of a manner."""
    if heard is None:
        return None
    return heard.emotion if control == "emotion" else heard.manner
