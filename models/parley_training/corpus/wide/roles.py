"""Role-play: the system turn names the role, and every answer is given in its manner, facts too.

A role that is not among these is declined by nobody: its system turn is simply not known.
"""

from __future__ import annotations

import random
from dataclasses import replace

from parley_training.corpus.exchange import Exchange, Part
from parley_training.corpus.wide.scene import Derived, SceneWriter, among, in_role, rows
from parley_training.corpus.wide.styles import mood
from parley_training.corpus.wide.talk import scenes_of
from parley_training.corpus.world import facts
from parley_training.corpus.writers import WRITERS

_FLAVOURS = {
    "pirate": (("Arr!", "neutral"), ("Aye, matey!", "happy"), ("Yo ho ho!", "happy"), ("Shiver me timbers!", "surprised")),
    "teacher": (("Good question!", "happy"), ("Listen carefully.", "calm"), ("Very good!", "happy"), ("Remember this.", "neutral")),
    "robot": (("Beep.", "neutral"), ("Boop.", "neutral"), ("Computing.", "neutral"), ("Answer found.", "neutral")),
    "storyteller": (
        ("The old books say so.", "calm"),
        ("Hear my words.", "calm"),
        ("So the tale goes.", "calm"),
        ("Long ago I learned it.", "calm"),
    ),
    "friend": (("Sure, my friend!", "happy"), ("Oh, I know that one!", "happy"), ("Easy!", "happy"), ("For you, any time!", "happy")),
    "chef": (
        ("Mamma mia!", "happy"),
        ("Fresh from the oven!", "happy"),
        ("With a pinch of salt!", "happy"),
        ("Delicious question!", "happy"),
    ),
    "travel guide": (
        ("Follow me!", "happy"),
        ("Ladies and gentlemen!", "happy"),
        ("On your left!", "happy"),
        ("What a lovely question!", "happy"),
    ),
    "customer service agent": (
        ("Certainly.", "calm"),
        ("Happy to help.", "happy"),
        ("Thank you for asking.", "calm"),
        ("One moment, please.", "calm"),
    ),
    "game merchant": (
        ("For free, hero!", "happy"),
        ("Aye, hero!", "neutral"),
        ("Wise question, hero!", "neutral"),
        ("Normally that costs gold!", "neutral"),
    ),
}
"""How each role begins an answer from Mini's world of facts."""

ROLES = tuple(_FLAVOURS)
_OWN_ANSWERS = frozenset({"greeting", "how_are_you", "thanks", "goodbye", "who_are_you", "abilities", "beyond", "count", "repeat_number"})
"""Intents that each role answers in its own words, or that would be spoiled by more words."""


def system_turn(role: str) -> str:
    """What the system turn says: the same words as the window's characters (`Character.role`)."""
    return f"You are a {role}."


def _writer(role: str) -> SceneWriter:
    table = tuple(row for row in facts("roles") if row["role"] == role)
    return SceneWriter(
        f"role_{role.replace(' ', '_')}",
        "Role-playing",
        rows([(row["said"], row["mark"]) for row in table]),
        among(scenes_of(table, system_turn(role))),
        weight=3,
        stands_alone=False,
    )


roles = {role: _writer(role) for role in ROLES}
_FACTS = [writer for writer in WRITERS.values() if writer.intent not in _OWN_ANSWERS]


def _fact(role: str, rng: random.Random) -> Exchange:
    exchange = rng.choices(_FACTS, [writer.weight for writer in _FACTS])[0].write(rng)
    flavour, style = rng.choice(_FLAVOURS[role])
    parts = (Part(flavour, mood(style)), Part(exchange.answer))
    return replace(exchange, answer=f"{flavour} {exchange.answer}", parts=parts, system=system_turn(role))


def _in_role(role: str, rng: random.Random) -> Exchange:
    return roles[role].write(rng) if rng.random() < 0.6 else _fact(role, rng)


def _play(rng: random.Random) -> Exchange:
    """Up to four turns in one role."""
    role = rng.choice(ROLES)
    before = tuple(_in_role(role, rng) for _ in range(rng.choice((0, 1, 1, 2, 3))))
    return in_role(replace(_in_role(role, rng), before=before), system_turn(role))


role_play = Derived("role_play", "Role-playing", _play, weight=18)
