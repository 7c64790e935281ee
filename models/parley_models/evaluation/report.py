"""The curriculum's table: understood, audible, in style, honest, fast (CURRICULUM, "How it is judged")."""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from parley_models.evaluation.people import PersonMark

RATE_WITHIN, PITCH_WITHIN = 0.10, 1.0
"""How far the sound may be from what was asked: of the factor, and in semitones."""


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many."""

    hits: int
    count: int

    @staticmethod
    def of(outcomes: Iterable[bool]) -> "Share":
        """How many outcomes are true."""
        listed = list(outcomes)
        return Share(sum(listed), len(listed))

    @property
    def percent(self) -> float | None:
        """None when nothing was asked."""
        return 100 * self.hits / self.count if self.count else None

    def __str__(self) -> str:
        return f"{self.percent:.1f} %  ({self.hits} of {self.count})" if self.count else "not asked"

    def record(self) -> dict[str, Any]:
        """For machines."""
        return {"percent": None if self.percent is None else round(self.percent, 1), "hits": self.hits, "count": self.count}


@dataclass(frozen=True, slots=True)
class Mark:
    """What became of one question."""

    category: str
    question: str
    voice: str
    """Who asked."""

    text: str
    """What was answered."""

    right: bool
    """By its text; outside Mini's world: declined."""

    audible: bool
    """The judge heard the right answer in the sound."""

    ceiling: bool | None
    """The judge heard it in the teacher's rendering; None = there is no teacher here."""

    first_audio_ms: float | None
    real_time_factor: float | None


@dataclass(frozen=True, slots=True)
class StyleMark:
    """One answer in one style, beside the same answer in the neutral one."""

    control: str
    """`rate` or `pitch`."""

    asked: float
    """A factor, or semitones."""

    achieved: float | None
    """Measured from the sound; None = there was nothing to measure."""

    same_words: bool

    @property
    def kept(self) -> bool:
        """Rate within ±10 % of the factor, pitch within ±1 semitone."""
        if self.achieved is None:
            return False
        if self.control == "rate":
            return abs(self.achieved / self.asked - 1) <= RATE_WITHIN
        return abs(self.achieved - self.asked) <= PITCH_WITHIN


@dataclass(frozen=True, slots=True)
class HeardStyle:
    """A style that an answer should have, and what a judge that did not know made out in its sound."""

    control: str
    """`emotion`, `manner`, or `loudness` (against the same question's plain answer)."""

    asked: str
    heard: str | None

    @property
    def kept(self) -> bool:
        """Whether it was heard as asked."""
        return self.heard == self.asked


@dataclass(frozen=True, slots=True)
class Table:
    """The result of an examination."""

    bundle: str
    marks: Sequence[Mark]
    styles: Sequence[StyleMark]
    outside: str
    """The category of questions that should be declined."""

    peak_memory_mb: float
    heard_styles: Sequence[HeardStyle] = ()
    people: Sequence[PersonMark] = ()
    skipped: Mapping[str, int] = field(default_factory=dict)
    """What was not asked, because the bundle does not claim it: why, and how many questions."""

    @property
    def inside(self) -> list[Mark]:
        """The questions of Mini's world."""
        return [mark for mark in self.marks if mark.category != self.outside]

    @property
    def understood(self) -> Share:
        """Right by the text."""
        return Share.of(mark.right for mark in self.inside)

    @property
    def audible(self) -> Share:
        """Right by the sound."""
        return Share.of(mark.audible for mark in self.inside)

    @property
    def ceiling(self) -> Share:
        """The judge on the teacher's own sound."""
        return Share.of(mark.ceiling for mark in self.inside if mark.ceiling is not None)

    @property
    def honest(self) -> Share:
        """Outside Mini's world, declined."""
        return Share.of(mark.right for mark in self.marks if mark.category == self.outside)

    def by_category(self) -> dict[str, tuple[Share, Share]]:
        """Understood and audible in each category of Mini's world, in the order they were first asked."""
        found: dict[str, list[Mark]] = {}
        for mark in self.inside:
            found.setdefault(mark.category, []).append(mark)
        return {name: (Share.of(mark.right for mark in marks), Share.of(mark.audible for mark in marks)) for name, marks in found.items()}

    def in_style(self, control: str) -> Share:
        """Answers that kept to the rate or the pitch that was asked."""
        return Share.of(mark.kept for mark in self.styles if mark.control == control)

    def heard_in(self, control: str) -> Share:
        """Answers in which the judge of style heard what they should have; of an emotion that was asked for, not of none."""
        return Share.of(each.kept for each in self.heard_styles if each.control == control)

    def understood_people(self) -> dict[str, tuple[Share, Share]]:
        """People's recordings, set by set: the word was written along, and answered rightly."""
        sets = dict.fromkeys(mark.collection for mark in self.people)
        return {
            name: (
                Share.of(mark.heard_right for mark in self.people if mark.collection == name and mark.heard is not None),
                Share.of(mark.answered_right for mark in self.people if mark.collection == name),
            )
            for name in sets
        }

    @property
    def same_words(self) -> Share:
        """Answers whose text did not change with rate or pitch."""
        return Share.of(mark.same_words for mark in self.styles)

    def first_audio_ms(self, percent: int) -> float | None:
        """A percentile of the time from a question's end to the first sound."""
        return _percentile([mark.first_audio_ms for mark in self.marks if mark.first_audio_ms is not None], percent)

    def real_time_factor(self, percent: int) -> float | None:
        """A percentile of work per second of answer."""
        return _percentile([mark.real_time_factor for mark in self.marks if mark.real_time_factor is not None], percent)

    def record(self) -> dict[str, Any]:
        """The table for machines."""
        more: dict[str, Any] = {}
        if self.people:
            sets = self.understood_people().items()
            more["people"] = {name: {"heard": heard.record(), "answered": answered.record()} for name, (heard, answered) in sets}
        if self.skipped:
            more["skipped"] = dict(self.skipped)
        return more | {
            "bundle": self.bundle,
            "understood": self.understood.record(),
            "audible": self.audible.record() | {"ceiling": self.ceiling.record()},
            "categories": {
                name: {"understood": right.record(), "audible": heard.record()} for name, (right, heard) in self.by_category().items()
            },
            "in_style": {control: self.in_style(control).record() for control in ("rate", "pitch")}
            | {"same_words": self.same_words.record()}
            | {control: self.heard_in(control).record() for control in self._judged()},
            "honest": self.honest.record(),
            "fast": {
                "first_audio_ms": {f"p{percent}": _rounded(self.first_audio_ms(percent), 1) for percent in (50, 95)},
                "real_time_factor": {f"p{percent}": _rounded(self.real_time_factor(percent), 3) for percent in (50, 95)},
                "peak_memory_mb": round(self.peak_memory_mb),
            },
        }

    def rows(self) -> list[tuple[str, str]]:
        """The table for people: what was measured, and what came out."""
        rows = [("Understood", str(self.understood))]
        rows += [(f"  {name}", str(right)) for name, (right, _) in self.by_category().items()]
        rows.append(("Audible", str(self.audible)))
        rows.append(("  the judge's ceiling: the teacher's own sound", str(self.ceiling)))
        rows += [(f"  {name}", str(heard)) for name, (_, heard) in self.by_category().items()]
        rows.append(("In style: rate within ±10 %", str(self.in_style("rate"))))
        rows.append(("In style: pitch within ±1 semitone", str(self.in_style("pitch"))))
        rows.append(("Same words at every rate and pitch", str(self.same_words)))
        rows += [(f"In style: {_JUDGED[control]}", str(self.heard_in(control))) for control in self._judged()]
        rows.append(("Honest outside its world", str(self.honest)))
        for name, (heard, answered) in self.understood_people().items():
            rows.append((f"People ({name}): the word heard", str(heard)))
            rows.append((f"People ({name}): answered", str(answered)))
        rows.append(("Fast: first sound", f"{_shown(self.first_audio_ms(50), 0)} ms median, {_shown(self.first_audio_ms(95), 0)} ms p95"))
        rows.append(
            ("Fast: real-time factor", f"{_shown(self.real_time_factor(50), 2)} median, {_shown(self.real_time_factor(95), 2)} p95")
        )
        rows.append(("Peak memory", f"{self.peak_memory_mb:.0f} MB"))
        return [*rows, *((f"Skipped: {why}", f"{count} questions") for why, count in self.skipped.items())]

    def _judged(self) -> list[str]:
        """The styles that the judge listened for."""
        return [control for control in _JUDGED if any(each.control == control for each in self.heard_styles)]


_JUDGED = {"emotion": "the emotion is heard", "manner": "the manner is heard", "loudness": "louder and softer than plain"}


def _percentile(numbers: Sequence[float], percent: int) -> float | None:
    if len(numbers) < 2:
        return numbers[0] if numbers else None
    return statistics.quantiles(numbers, n=100, method="inclusive")[percent - 1]


def _rounded(number: float | None, digits: int) -> float | None:
    return None if number is None else round(number, digits)


def _shown(number: float | None, digits: int) -> str:
    return "–" if number is None else f"{number:.{digits}f}"
