"""Typed numbers reach a model that knows words."""

import pytest

from parley_models.written_numbers import in_words


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("2+2", "two plus two"),
        ("2 + 2 = ?", "two plus two?"),
        ("what is 12 x 3?", "what is twelve times three?"),
        ("7-5=", "seven minus five?"),
        ("1 + 2 - 3", "one plus two minus three"),
        ("8/2", "eight divided by two"),
        ("What's 21 plus 100, please?", "What's twenty-one plus one hundred, please?"),
        ("the 3rd planet", "the third planet"),
        ("Is 7 odd or even? And 8?", "Is seven odd or even? And eight?"),
        ("Count from 1 to 5.", "Count from one to five."),
    ],
)
def test_what_mini_knows_is_put_into_words(typed: str, words: str) -> None:
    assert in_words(typed) == words


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "two plus two",
        "wake me at 10:30",
        "on 22/11/2026",
        "on 2026-11-22",
        "3.5 liters",
        "1,000 things",
        "101 dogs",
        "agent 007x",
        "the 21st",
        "mp3",
        "x-ray",
        "a = b",
        "my name=",
    ],
)
def test_all_else_stays_as_it_was_typed(typed: str) -> None:
    assert in_words(typed) == typed
