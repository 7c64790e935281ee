"""One question with its answer, and the writers that make them."""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from parley_models.style import Style
from parley_training.corpus.grammar import Grammar, tidy


@dataclass(frozen=True, slots=True)
class Tone:
    """How a question must sound, where its answer depends on that; None leaves it open."""

    pitch: Literal["high", "low"] | None = None
    """Median F0 of a speaker whom everybody would call high (above 220 Hz) or low (below 120 Hz)."""

    pace: Literal["fast", "slow"] | None = None
    """1.4 times as fast as usual or more; 0.7 times or less."""

    loudness: Literal["loud", "quiet"] | None = None
    """10 dB above or below the usual level, or more."""

    mood: Literal["happy", "sad", "angry", "neutral"] | None = None
    whispered: bool | None = None

    def __or__(self, other: Tone) -> Tone:
        """Both demands; the other's where they differ."""
        return Tone(
            self.pitch if other.pitch is None else other.pitch,
            self.pace if other.pace is None else other.pace,
            self.loudness if other.loudness is None else other.loudness,
            self.mood if other.mood is None else other.mood,
            self.whispered if other.whispered is None else other.whispered,
        )


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of an answer that is spoken in one style: one segment of what Mini says."""

    text: str
    style: Style = Style()
    sound: str = ""
    """What a synthesizer is given in place of the text, where it would misread the text; empty = the text itself."""


@dataclass(frozen=True)
class Exchange:
    """A question and its one right answer, in plain spoken English without digits."""

    intent: str
    question: str
    answer: str
    """What is spoken; the `parts`, joined by spaces."""

    key: str
    """The words of the answer that must be right, lower case."""

    parts: tuple[Part, ...] = ()
    """How the answer is spoken; none = all of it in the voice's own style."""

    system: str = ""
    """What the system turn says; empty = there is none."""

    before: tuple[Exchange, ...] = ()
    """What was said before in the same conversation, oldest first; their own `before` is empty and their `system` is this one's."""

    tone: Tone | None = None
    """How the question must sound, where the answer depends on it."""

    call: str = ""
    """The line that calls a tool, after the spoken answer (docs/architecture/engine.md, "Calls")."""

    question_sound: str = ""
    """What a synthesizer is given in place of the question, as in `Part.sound`."""

    spoken: bool = True
    """Whether the question can be spoken; what a tool gave back comes in writing."""

    language: str = "en"
    """What is spoken: `en`, `cmn` (sounds in pinyin) or `yue` (sounds in jyutping)."""

    @property
    def segments(self) -> tuple[Part, ...]:
        """The answer's parts, one at least."""
        return self.parts or (Part(self.answer),)


@dataclass(frozen=True)
class Fact:
    """What a question is about, and the sentence that answers it."""

    slots: Mapping[str, str]
    answer: str
    key: str
    weight: float = 1.0


RESTART_CHANCE = 0.06
HESITATION_CHANCE = 0.06
HELD_OUT_SHARE = 5
"""One in so many pairs of numbers is kept for the examination."""


def held_out(intent: str, *numbers: int) -> bool:
    """Whether these numbers are kept for the examination; a fixed fifth of all, the same on every machine."""
    name = f"{intent}:{','.join(map(str, numbers))}".encode()
    return hashlib.sha256(name).digest()[0] % HELD_OUT_SHARE == 0


@dataclass(frozen=True)
class Writer:
    """Writes the exchanges of one intent."""

    intent: str
    grammar: Grammar
    facts: Sequence[Fact]
    weight: float
    """How often it is asked, beside the other intents."""
    examined: Sequence[Fact] = field(default=())
    """Facts that this writer never writes; they are only asked in the examination."""

    def write(self, rng: random.Random, fact: Fact | None = None) -> Exchange:
        """One exchange about a fact: any that is not held out, unless one is named."""
        if fact is None:
            fact = rng.choices(self.facts, [fact.weight for fact in self.facts])[0] if self._weighted() else rng.choice(self.facts)
        question = fill(hesitated(self.grammar.sample(rng), rng), fact.slots)
        return Exchange(self.intent, sentence(question), fact.answer, fact.key)

    def _weighted(self) -> bool:
        return len(self.facts) < 1000 and any(fact.weight != 1.0 for fact in self.facts)


def fill(wording: str, slots: Mapping[str, str]) -> str:
    """The wording with its slots filled."""
    return re.sub(r"\{([a-z_]+)\}", lambda slot: slots[slot[1]], wording)


def sentence(words: str) -> str:
    """The words as a sentence: a capital in front, `I` as a capital."""
    words = re.sub(r"\bi(?=\b)(?!-)", "I", tidy(words))
    words = re.sub(r"\bparley\b", "Parley", words)
    return words[0].upper() + words[1:]


def hesitated(wording: str, rng: random.Random) -> str:
    """The wording, now and then with a restart or a hesitation, as people do."""
    words = wording.split(" ")
    if rng.random() < RESTART_CHANCE and len(words) > 4 and not any("{" in word or "," in word for word in words[:3]):
        count = rng.choice((1, 2, 3))
        words = [*words[: count - 1], f"{words[count - 1]},", *words]
    slots = [at for at, word in enumerate(words) if word.startswith("{") and at and not words[at - 1].endswith(",")]
    if slots and rng.random() < HESITATION_CHANCE:
        at = rng.choice(slots)
        words = [*words[: at - 1], f"{words[at - 1]},", rng.choice(("um,", "uh,", "er,")), *words[at:]]
    return " ".join(words)
