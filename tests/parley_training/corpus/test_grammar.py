import random

import pytest

from parley_training.corpus.grammar import Grammar, tidy
from parley_training.corpus.reader import Reader

PATTERNS = {"ask": "[<opener>,] (what is|what's) {thing}?", "opener": "(um|well (now|then)|)"}


def test_counts_derivations() -> None:
    assert Grammar(PATTERNS, "ask").count == (1 + 2 + 1 + 1) * 2


def test_samples_every_alternative() -> None:
    grammar, rng = Grammar({"ask": "(a|b (c|d)) [e]"}, "ask"), random.Random(0)

    assert {grammar.sample(rng) for _ in range(200)} == {"a", "a e", "b c", "b c e", "b d", "b d e"}


def test_reads_what_it_makes_and_nothing_else() -> None:
    grammar, rng = Grammar(PATTERNS, "ask"), random.Random(1)
    reader = Reader(grammar, {"thing": {"a cow", "forty-two"}})

    assert all(reader.reads(grammar.sample(rng).replace("{thing}", "forty-two")) for _ in range(50))
    assert reader.reads("Well then, what's a cow?")
    assert not reader.reads("Well, what's a cow?")
    assert not reader.reads("What's a horse?")
    assert not reader.reads("What's a cow, please?")
    assert not reader.reads("What's")


def test_a_rule_can_be_set_aside() -> None:
    reader = Reader(Grammar(PATTERNS, "ask"), slots={"thing": {"it"}}, aside={"opener": {"frankly"}})

    assert reader.reads("Frankly, what is it?")
    assert not reader.reads("Um, what is it?")


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


def test_what_follows_an_apostrophe_is_a_word_of_its_own() -> None:
    reader = Reader(Grammar({"ask": "the {animal}'s home"}, "ask"), {"animal": {"polar bear"}})

    assert reader.reads("The polar bear's home?")
