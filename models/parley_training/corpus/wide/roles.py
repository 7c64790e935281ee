"""Role-play: the system turn names the role, and every answer is given in its manner, facts too.

A role that is not among these is declined by nobody: its system turn is simply not known.
"""

from __future__ import annotations

import random
from dataclasses import replace

from parley_training.corpus.exchange import Exchange, Part
from parley_training.corpus.roles import FLAVOURS, ROLES, system_turn
from parley_training.corpus.wide.scene import Derived, SceneWriter, among, in_role, rows
from parley_training.corpus.wide.styles import mood
from parley_training.corpus.wide.talk import scenes_of
from parley_training.corpus.world import facts
from parley_training.corpus.writers import WRITERS

_OWN_ANSWERS = frozenset({"greeting", "how_are_you", "thanks", "goodbye", "who_are_you", "abilities", "beyond", "count", "repeat_number"})
"""Intents that each role answers in its own words, or that would be spoiled by more words."""


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
    flavour, emotion = rng.choice(FLAVOURS[role])
    parts = (Part(flavour, mood(emotion)), Part(exchange.answer))
    return replace(exchange, answer=f"{flavour} {exchange.answer}", parts=parts, system=system_turn(role))


def _in_role(role: str, rng: random.Random) -> Exchange:
    return roles[role].write(rng) if rng.random() < 0.6 else _fact(role, rng)


def _play(rng: random.Random) -> Exchange:
    """Up to four turns in one role."""
    role = rng.choice(ROLES)
    before = tuple(_in_role(role, rng) for _ in range(rng.choice((0, 1, 1, 2, 3))))
    return in_role(replace(_in_role(role, rng), before=before), system_turn(role))


role_play = Derived("role_play", "Role-playing", _play, weight=18)
