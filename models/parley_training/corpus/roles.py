"""The roles that Mini plays: how each begins an answer from its world of facts, and what it says in words of its own.

The system turn names the role. Mini 0 knows no more of a role than is here; Mini 1's questions of a role's own are in `wide.roles`.
"""

import random
from collections.abc import Iterator
from dataclasses import replace

from parley_training.corpus.exchange import Exchange, Part
from parley_training.corpus.world import facts

FLAVOURS = {
    role: tuple((row["said"], row["emotion"]) for row in facts("flavours") if row["role"] == role)
    for role in dict.fromkeys(row["role"] for row in facts("flavours"))
}
"""What each role may say before an answer, and in which emotion."""

ROLES = tuple(FLAVOURS)
# what each of these intents has in common with a row of a role's table
_SAID = {"greeting": "hello", "who_are_you": "who are you", "how_are_you": "how are you", "thanks": "thank you", "goodbye": "goodbye"}
COURTESIES = tuple(_SAID)
"""Intents that every role answers in its own words."""

_OWN = {
    (row["role"], intent): (row["answer"], row["key"])
    for row in facts("roles")
    for intent, said in _SAID.items()
    if said in row["said"].strip("()").split("|")
}


def system_turn(role: str) -> str:
    """What the system turn says: the same words as the window's characters (`Character.role`)."""
    return f"You are a {role}."


def own_answer(role: str, intent: str) -> str:
    """What the role says in words of its own when it is greeted, thanked and so on; empty for other intents."""
    return _OWN.get((role, intent), ("", ""))[0]


def played(exchange: Exchange, role: str, rng: random.Random) -> Exchange:
    """The exchange as somebody in a role has it, in the voice's own style."""
    if own := _OWN.get((role, exchange.intent)):
        answer, key = own
        return replace(exchange, answer=answer, key=key, parts=(Part(answer),), system=system_turn(role))
    flavour, _ = rng.choice(FLAVOURS[role])
    parts = (Part(flavour), *exchange.segments)
    return replace(exchange, answer=f"{flavour} {exchange.answer}", parts=parts, system=system_turn(role))


GREETINGS = tuple(row["said"] for row in facts("greetings"))
"""What the window's characters say first: given to the model word for word, which recites them."""


def sayings() -> Iterator[Part]:
    """All that roles say besides answers from the world of facts, the greetings of the window's characters included."""
    yield from (Part(flavour) for flavours in FLAVOURS.values() for flavour, _ in flavours)
    yield from (Part(answer) for answer, _ in _OWN.values())
    yield from map(Part, GREETINGS)
