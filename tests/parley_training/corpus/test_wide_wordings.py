"""No question of Mini 1's examination is in words that its corpus could have: exact, not sampled."""

import random
import re
from collections.abc import Collection, Mapping
from dataclasses import replace

import pytest

from parley_models.evaluation.wide_questions import mini1_questions, wide_questions
from parley_training.corpus.exchange import Exchange, Writer, fill
from parley_training.corpus.frames import SHARED
from parley_training.corpus.grammar import Choice, Grammar, Node, Row, Rule, Text
from parley_training.corpus.reader import Reader, bare
from parley_training.corpus.roles import ROLES, system_turn
from parley_training.corpus.wide import WIDE, outside
from parley_training.corpus.wide.dialogue import MINI1, holdout
from parley_training.corpus.wide.scene import OPEN, SceneWriter
from parley_training.corpus.world import facts

LONGEST_OPEN = 14
"""Words that may stand in a slot which takes any."""

Slots = Mapping[str, Collection[str]]

_SHARED = Grammar({**SHARED, "ask": "-"}, "ask").rules


def _slots(writer: Writer | SceneWriter) -> Slots:
    """What each slot of the writer's wordings is ever filled with."""
    if isinstance(writer, SceneWriter):
        return writer.slots
    filled: dict[str, set[str]] = {}
    for fact in (*writer.facts, *writer.examined):
        for name, value in fact.slots.items():
            filled.setdefault(name, set()).add(value)
    return filled


def _renamed(node: Node, prefix: str, kept: Collection[str]) -> Node:
    match node:
        case Text(words):
            return Text(re.sub(r"\{([a-z_]+)\}", rf"{{{prefix}\1}}", words))
        case Rule(name):
            return node if name in kept else Rule(prefix + name)
        case Choice(parts):
            return Choice(tuple(_renamed(part, prefix, kept) for part in parts))
        case Row(parts):
            return Row(tuple(_renamed(part, prefix, kept) for part in parts))


def _all_of(writers: Mapping[str, Writer | SceneWriter]) -> Reader:
    """Reads what any of the writers writes; what they share is read once for all of them."""
    union = Grammar({**SHARED, "ask": "-"}, "ask")
    slots: dict[str, Collection[str]] = {}
    for intent, writer in writers.items():
        prefix, rules = f"{intent}_", writer.grammar.rules
        kept = {name for name in rules if rules[name] == _SHARED.get(name)}
        union.rules |= {prefix + name: _renamed(rule, prefix, kept) for name, rule in rules.items() if name not in kept}
        slots |= {prefix + name: values for name, values in _slots(writer).items()}
    union.rules["ask"] = Choice(tuple(Rule(f"{intent}_{writer.grammar.start}") for intent, writer in writers.items()))
    return Reader(union, slots)


_WITH_GRAMMAR = {intent: writer for intent, writer in MINI1.items() if isinstance(writer, Writer | SceneWriter)}
_OPEN = {intent: writer for intent, writer in _WITH_GRAMMAR.items() if OPEN in _slots(writer).values()}
_CLOSED = {intent: writer for intent, writer in _WITH_GRAMMAR.items() if intent not in _OPEN}


def _opened(words: str) -> dict[str, Writer | SceneWriter]:
    """The open writers, their open slots taking any stretch of these words."""
    said = bare(words)
    stretches = {" ".join(said[a:b]) for a in range(len(said)) for b in range(a + 1, min(a + LONGEST_OPEN, len(said)) + 1)}
    return {
        intent: replace(writer, slots={name: values or stretches for name, values in _slots(writer).items()})
        for intent, writer in _OPEN.items()
        if isinstance(writer, SceneWriter)
    }


def test_no_examined_wording_can_be_written_for_training() -> None:
    reader = _all_of(_CLOSED)

    assert len(mini1_questions()) >= 850
    assert [each.question for each in mini1_questions() if each.spoken and reader.reads(each.question)] == []


def test_no_examined_wording_around_any_words_can_be_written_for_training() -> None:
    examined = [each.question for each in wide_questions() if each.intent in _OPEN]

    assert len(examined) >= 40
    assert [question for question in examined if _all_of(_opened(question)).reads(question)] == []


def test_no_examined_question_from_outside_follows_a_trained_template() -> None:
    """As above, with any one to four words of the question in the place of a trained name or noun."""
    asked = [each.question for each in wide_questions() if each.intent.startswith("beyond_")]

    assert len(asked) >= 50
    for question in asked:
        words = bare(question)
        spans = {" ".join(words[a:b]) for a in range(len(words)) for b in range(a + 1, min(a + 4, len(words)) + 1)}
        for writer in outside.outside.values():
            assert not Reader(writer.grammar, slots={}, aside=dict.fromkeys(outside.NAMES, spans)).reads(question), question


def test_what_is_written_can_be_read() -> None:
    """The proofs above are worth what the reader is worth."""
    rng, reader = random.Random(2), _all_of(_CLOSED)
    for writer in _CLOSED.values():
        for _ in range(2):
            question = _asked(writer, rng)
            assert reader.reads(question), question
    for writer in _OPEN.values():
        for _ in range(4):
            question = _asked(writer, rng)
            assert _all_of(_opened(question)).reads(question), question


def _asked(writer: Writer | SceneWriter, rng: random.Random) -> str:
    """A question without hesitations."""
    if isinstance(writer, Writer):
        return fill(writer.grammar.sample(rng), rng.choice(writer.facts).slots)
    scene = writer.draw(rng)
    return fill(writer.grammar.sample(rng, scene.rule), scene.slots)


def test_every_intent_is_examined() -> None:
    examined = {each.intent for each in mini1_questions()}

    assert {intent for intent, writer in WIDE.items() if isinstance(writer, SceneWriter)} | {"in_style", "tool_result"} <= examined


@pytest.mark.parametrize("intent", ["product", "two_step", "spell", "unspell"])
def test_examined_facts_are_held_out(intent: str) -> None:
    asked = [each for each in wide_questions() if each.intent == intent]

    assert len(asked) >= 6
    assert all(holdout(Exchange(intent, "", each.answer, "")) for each in asked)


def test_examined_answers_are_in_the_words_they_are_taught_in() -> None:
    taught = {f"role_{row['role'].replace(' ', '_')}": set[str]() for row in facts("roles")}
    for row in facts("roles"):
        taught[f"role_{row['role'].replace(' ', '_')}"].add(row["answer"])
    for row in facts("small_talk"):
        taught.setdefault(row["intent"], set()).add(row["answer"])
    taught["feeling"] = {row["reply"] for row in facts("feelings")}
    taught["joke"] = {f"{row['setup']} {row['punch']}" for row in facts("jokes")}
    taught["riddle"] = {row["riddle"] for row in facts("riddles")}
    taught["verse"] = {row["verse"] for row in facts("verses")}

    asked = [each for each in wide_questions() if each.intent in taught]
    assert len(asked) >= 90
    assert all(each.answer in taught[each.intent] for each in asked)
    assert {each.system for each in asked if each.intent.startswith("role_")} == {system_turn(role) for role in ROLES}
