"""Typed words reach a model that learned from what is heard."""

import pytest

from parley_models.typed_words import as_heard


@pytest.mark.parametrize(
    ("typed", "heard"),
    [
        ("Hello!", "hello"),
        ("What’s the capital of Sierra Leone, please?", "what's the capital of sierra leone please"),
        ("twenty-two plus one", "twenty two plus one"),
        ("  'So', he said -- \"why not?\"  ", "so he said why not"),
        ("Où est Zürich? 你好", "où est zürich 你好"),
        ("...?!", "...?!"),
        ("", ""),
    ],
)
def test_words_are_left_and_signs_are_not(typed: str, heard: str) -> None:
    assert as_heard(typed) == heard
