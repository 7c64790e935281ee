"""One question with its answer, and the writers that make them."""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from parley_training.corpus.grammar import Grammar, tidy


@dataclass(frozen=True)
class Exchange:
    """A question and its one right answer, in plain spoken English without digits."""

    intent: str
    question: str
    answer: str
    key: str
    """The words of the answer that must be right, lower case."""


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
    """Facts that are never written, only asked in the examination."""

    def write(self, rng: random.Random) -> Exchange:
        """One exchange about a fact that is not held out."""
        fact = rng.choices(self.facts, [fact.weight for fact in self.facts])[0] if self._weighted() else rng.choice(self.facts)
        question = fill(_hesitate(self.grammar.sample(rng), rng), fact.slots)
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


def _hesitate(wording: str, rng: random.Random) -> str:
    """Now and then a restart or a hesitation, as people do."""
    words = wording.split(" ")
    if rng.random() < RESTART_CHANCE and len(words) > 4 and not any("{" in word or "," in word for word in words[:3]):
        count = rng.choice((1, 2, 3))
        words = [*words[: count - 1], f"{words[count - 1]},", *words]
    slots = [at for at, word in enumerate(words) if word.startswith("{") and at and not words[at - 1].endswith(",")]
    if slots and rng.random() < HESITATION_CHANCE:
        at = rng.choice(slots)
        words = [*words[: at - 1], f"{words[at - 1]},", rng.choice(("um,", "uh,", "er,")), *words[at:]]
    return " ".join(words)
