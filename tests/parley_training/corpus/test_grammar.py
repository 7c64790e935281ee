import random

import pytest

from parley_training.corpus.grammar import Grammar, tidy

PATTERNS = {"ask": "[<opener>,] (what is|what's) {thing}?", "opener": "(um|well (now|then)|)"}


def test_counts_derivations() -> None:
    assert Grammar(PATTERNS, "ask").count == (1 + 2 + 1 + 1) * 2


def test_samples_every_alternative() -> None:
    grammar, rng = Grammar({"ask": "(a|b (c|d)) [e]"}, "ask"), random.Random(0)

    assert {grammar.sample(rng) for _ in range(200)} == {"a", "a e", "b c", "b c e", "b d", "b d e"}


def test_reads_what_it_makes_and_nothing_else() -> None:
    grammar, rng = Grammar(PATTERNS, "ask"), random.Random(1)
    things = {"thing": {"a cow", "forty-two"}}

    assert all(grammar.makes(grammar.sample(rng).replace("{thing}", "forty-two"), things) for _ in range(50))
    assert grammar.makes("Well then, what's a cow?", things)
    assert not grammar.makes("Well, what's a cow?", things)
    assert not grammar.makes("What's a horse?", things)
    assert not grammar.makes("What's a cow, please?", things)


def test_a_rule_can_be_set_aside_for_a_slot() -> None:
    grammar = Grammar(PATTERNS, "ask")

    assert grammar.makes("Frankly, what is it?", {"opener": {"frankly"}, "thing": {"it"}})
    assert not grammar.makes("Um, what is it?", {"opener": {"frankly"}, "thing": {"it"}})


@pytest.mark.parametrize("pattern", ["(a|b", "a)", "[a", "a]", "(a]"])
def test_brackets_must_match(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"nothing|never closed"):
        Grammar({"ask": pattern}, "ask")


def test_a_rule_may_not_lead_back_to_itself() -> None:
    with pytest.raises(ValueError, match="leads back to itself"):
        Grammar({"ask": "a <more>", "more": "<ask>"}, "ask")


def test_a_missing_rule_is_named() -> None:
    with pytest.raises(ValueError, match="no rule <more>"):
        Grammar({"ask": "a <more>"}, "ask")


def test_tidy_sets_marks_against_words() -> None:
    assert tidy(" what  is , um , it ?") == "what is, um, it?"
