"""Numbers beyond one hundred, in words, as products and days need them."""

import re

from parley_models.numbers import HIGHEST as HUNDRED
from parley_models.numbers import number as small_number

HIGHEST = 199
"""The largest number that Mini 1 says."""


def number(n: int) -> str:
    """A number from 0 to 199 in words: `one hundred forty-four`.

    Raises:
        ValueError: the number is outside Mini 1's world.
    """
    if not 0 <= n <= HIGHEST:
        raise ValueError(f"Mini 1 counts from 0 to {HIGHEST}, not to {n}.")
    return small_number(n) if n <= HUNDRED else f"one hundred {small_number(n - HUNDRED)}"


NUMBERS = tuple(number(n) for n in range(HIGHEST + 1))
"""Zero to one hundred ninety-nine, in order."""


def in_words(text: str) -> str:
    """The text with every number of Mini 1's world that is written in digits put into words."""
    return re.sub(r"\d+", lambda digits: number(int(digits[0])) if int(digits[0]) <= HIGHEST else digits[0], text)
