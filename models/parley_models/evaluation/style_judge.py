"""The judge of style: which emotion is in an answer's sound, and which manner, by a fixed rule over measured figures.

It never sees what was asked for, only what the same voice measures when it speaks plainly. Each emotion is a point: how far from plain
speech each figure lies, as `expressions.toml` states it; the nearest point is what is heard. The points were measured once on the teacher's
sound (`parley_training.corpus.expressions`), and the scales say how much plain speech itself varies from sentence to sentence.

What it can't hear: a dialect (that takes ears for phones, which are what is being judged), an emotion in a whisper (no melody is left), and
an emotion beside a pitch or a rate that was asked for (they are made of the same figures).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt

from parley_models.evaluation.expression import Expression, expression, usual
from parley_models.pcm import AudioChunk

Point = npt.NDArray[np.float64]
FIGURES = tuple(field.name for field in fields(Expression) if field.name != "voiced")

LOUD_DB, SOFT_DB = 3.0, -4.5
"""Against plain speech: between these it is neither loud nor soft."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What the judge made out."""

    emotion: str | None
    """A row of `expressions.toml`, `neutral` among them; None = there is no voice to hear it in."""

    manner: str | None
    """`whisper`, `loud` or `soft`; None = none of them."""


class StyleJudge:
    """Judges one voice, by how it speaks plainly."""

    def __init__(self, plain: Expression) -> None:
        """`plain` is what the voice measures when it speaks in no particular style."""
        self._plain = plain

    @classmethod
    def of(cls, plain: Sequence[AudioChunk]) -> StyleJudge:
        """One who has heard some plain sentences, ten or more.

        Raises:
            ValueError: there is no speech in them.
        """
        return cls(usual([found for sound in plain if (found := expression(sound)) is not None]))

    def hear(self, sound: AudioChunk) -> Heard | None:
        """Emotion and manner of a stretch of speech; None if there is none."""
        found = expression(sound)
        if found is None:
            return None
        louder = found.loudness - self._plain.loudness
        manner = "whisper" if found.whispered else "loud" if louder > LOUD_DB else "soft" if louder < SOFT_DB else None
        return Heard(None if found.whispered else nearest(difference(found, self._plain)), manner)


def difference(here: Expression, plain: Expression) -> Point:
    """How far speech lies from plain speech, figure by figure (`FIGURES`)."""
    return np.array([getattr(here, name) - getattr(plain, name) for name in FIGURES])


def nearest(point: Point) -> str:
    """The emotion whose point is nearest, each figure in its own scale."""
    points, scale = _points()
    distances = {name: float(np.linalg.norm((point - other) / scale)) for name, other in points.items()}
    return min(distances, key=lambda name: distances[name])


def emotions() -> tuple[str, ...]:
    """What can be told apart, `neutral` among it."""
    return tuple(_points()[0])


@cache
def _points() -> tuple[Mapping[str, Point], Point]:
    table = tomllib.loads((files(__package__) / "expressions.toml").read_text(encoding="utf-8"))
    scale = np.array([table["scale"][name] for name in FIGURES])
    return {name: np.array([row[figure] for figure in FIGURES]) for name, row in table["emotions"].items()}, scale
