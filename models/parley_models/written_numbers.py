"""Numbers as people type them, for a model that has only met words: `2+2` is "two plus two", the `3rd` planet the third."""

import re

from parley_models.numbers import HIGHEST, number

_OPERATORS = dict.fromkeys("-−–", "minus") | dict.fromkeys("*×x", "times") | dict.fromkeys("/÷", "divided by") | {"+": "plus"}
_SIGN = "[" + re.escape("".join(_OPERATORS)) + "]"
_ORDINALS = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth".split()

_SUM = re.compile(rf"(?<![\w.,:/+-])\d{{1,3}}(?:\s*{_SIGN}\s*\d{{1,3}})+(?![\w:/-]|[.,]\d)")
"""Numbers with signs between them, but no date, no time and no fraction of a larger thing."""

_EQUALS = re.compile(r"(?<=\d)\s*=\s*\??\s*$")
_ORDINAL = re.compile(r"(?<![\w.,:])(\d{1,2})(?:st|nd|rd|th)\b", re.IGNORECASE)
_NUMBER = re.compile(r"(?<![\w.,:/-])\d{1,3}(?![\w:/-]|[.,]\d)")


def in_words(text: str) -> str:
    """The text with numbers from 0 to 100, ordinals to the twelfth and signs between numbers put into words; all else stays as it is."""
    text = _SUM.sub(lambda found: re.sub(rf"\s*({_SIGN})\s*", lambda sign: f" {_OPERATORS[sign[1]]} ", found[0]), _EQUALS.sub("?", text))
    text = _ORDINAL.sub(_ordinal, text)
    return _NUMBER.sub(lambda digits: number(int(digits[0])) if int(digits[0]) <= HIGHEST else digits[0], text)


def _ordinal(found: re.Match[str]) -> str:
    place = int(found[1])
    return _ORDINALS[place - 1] if 1 <= place <= len(_ORDINALS) else found[0]
