"""Scenes: something to be asked about, with all that its answer depends on, and the writers that make exchanges of them."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from parley_models.style import Style
from parley_training.corpus.exchange import Exchange, Fact, Part, Tone, Writer, fill, hesitated, sentence
from parley_training.corpus.frames import SHARED
from parley_training.corpus.grammar import Grammar

OPEN: frozenset[str] = frozenset()
"""What a slot may hold that takes any words."""


@dataclass(frozen=True)
class Scene:
    """What is asked about, and the answer."""

    slots: Mapping[str, str]
    parts: tuple[Part, ...]
    key: str
    rule: str = ""
    """The rule of the grammar that asks about it; empty = any."""

    system: str = ""
    before: tuple[Exchange, ...] = ()
    tone: Tone | None = None
    call: str = ""
    sounds: Mapping[str, str] = field(default_factory=dict)
    """Slots as a synthesizer is given them, where they differ from what is written."""

    spoken: bool = True
    language: str = "en"


@dataclass(frozen=True)
class SceneWriter:
    """Writes the exchanges of one intent from scenes that it draws."""

    intent: str
    category: str
    """The curriculum's row."""

    grammar: Grammar
    draw: Callable[[random.Random], Scene]
    """A scene that is not held out."""

    weight: float
    """How often it is asked, beside the other intents."""

    slots: Mapping[str, Collection[str]] = field(default_factory=dict)
    """What each slot of the wordings may hold; `OPEN` = any words."""

    held_out: Callable[[Exchange], bool] = lambda _: False
    """Whether an exchange is kept for the examination."""

    stands_alone: bool = True
    """Whether anything else may have been said before."""

    def write(self, rng: random.Random) -> Exchange:
        """One exchange about something that is not held out."""
        return self.ask(self.draw(rng), rng)

    def ask(self, scene: Scene, rng: random.Random) -> Exchange:
        """One exchange about this."""
        wording = hesitated(self.grammar.sample(rng, scene.rule), rng)
        return Exchange(
            self.intent,
            _question(fill(wording, scene.slots), scene.language),
            " ".join(part.text for part in scene.parts),
            scene.key,
            parts=scene.parts,
            system=scene.system,
            before=scene.before,
            tone=scene.tone,
            call=scene.call,
            question_sound=_question(fill(wording, {**scene.slots, **scene.sounds}), scene.language) if scene.sounds else "",
            spoken=scene.spoken,
            language=scene.language,
        )


@dataclass(frozen=True)
class Derived:
    """Writes exchanges made of other writers', whose intents they keep."""

    intent: str
    """A name for the registry."""

    category: str
    derive: Callable[[random.Random], Exchange]
    weight: float
    stands_alone: bool = False

    def write(self, rng: random.Random) -> Exchange:
        """One exchange."""
        return self.derive(rng)


def _question(words: str, language: str) -> str:
    return sentence(words) if language == "en" else words.replace(" ", "")


def plainly(text: str, sound: str = "") -> tuple[Part, ...]:
    """An answer in the voice's own style."""
    return (Part(text, sound=sound),)


def styled(text: str, style: Style, sound: str = "") -> tuple[Part, ...]:
    """An answer in one style."""
    return (Part(text, style, sound),)


def among(scenes: Sequence[Scene]) -> Callable[[random.Random], Scene]:
    """Any of these, each equally likely."""
    return lambda rng: rng.choice(scenes)


def values(scenes: Sequence[Scene]) -> dict[str, set[str]]:
    """What the slots of these scenes hold."""
    held: dict[str, set[str]] = {}
    for scene in scenes:
        for name, value in scene.slots.items():
            held.setdefault(name, set()).add(value)
    return held


def asked(writer: Writer, fact: Fact, rng: random.Random) -> Exchange:
    """An exchange about one fact of a plain writer, to stand before another."""
    question = fill(writer.grammar.sample(rng), fact.slots)
    return Exchange(writer.intent, sentence(question), fact.answer, fact.key)


def in_role(exchange: Exchange, system: str) -> Exchange:
    """The same exchange, and those before it, under a system turn."""
    return replace(exchange, system=system, before=tuple(replace(earlier, system=system) for earlier in exchange.before))


_WRAPS = {
    "?": "(({row})?|({row})?|({row})?|<opener> ({row})?|<filler>, ({row})?|({row}) <tail>?|<opener> ({row}) <tail>?|<name>, ({row})?)",
    ".": "(({row}).|({row}).|({row}).|<opener> ({row}).|<filler>, ({row}).|<filler>, <filler>, ({row}).|<name>, ({row}).|({row}), parley.|<filler>, ({row}), <tag>.|({row}), <tag>.)",
    "!": "(({row}).|({row}).|<please> ({row}).|({row}) <thanks>.|<opener> ({row}).|<please> ({row}) <thanks>.|<opener> <please> ({row}).)",
}
"""How people wrap a question, a statement and an order."""

_TAGS = (
    "(you know|my friend|i guess|to be honest|by the way|you see|actually|i must say|dear parley|if you ask me|i tell you|honestly|really)"
)


def row_rule(number: int) -> str:
    """The rule of one row in `rows`."""
    return "row_" + "".join(chr(ord("a") + int(digit)) for digit in str(number))


def rows(patterns: Sequence[tuple[str, str]], **own: str) -> Grammar:
    """The grammar of an intent whose questions are listed one by one.

    Args:
        patterns: (pattern, mark); the mark is `?`, `.` or `!` for questions, statements and orders. Row n is the rule `row_rule(n)`.
        own: further rules; `ask` among them takes the place of any row at all.
    """
    rules = {row_rule(n): _WRAPS[mark].replace("{row}", pattern) for n, (pattern, mark) in enumerate(patterns)}
    return Grammar({**SHARED, "tag": _TAGS, **rules, "ask": "(" + "|".join(f"<{name}>" for name in rules) + ")", **own}, "ask")
