"""What Mini knows, read from the tables in `facts/`: one noun a file, a heading row, tab-separated, `-` for "does not apply"."""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files

Row = dict[str, str]

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")
HIGHEST = 100
"""The largest number of Mini's world."""


@cache
def facts(noun: str) -> tuple[Row, ...]:
    """The rows of one table, for example `facts("capitals")`.

    Raises:
        FileNotFoundError: there is no such table.
    """
    with (files(__package__) / "facts" / f"{noun}.tsv").open(encoding="utf-8", newline="") as table:
        return tuple(csv.DictReader(table, delimiter="\t"))


def number(n: int) -> str:
    """A number from 0 to 100 in words.

    Raises:
        ValueError: the number is outside Mini's world.
    """
    if not 0 <= n <= HIGHEST:
        raise ValueError(f"Mini counts from 0 to {HIGHEST}, not to {n}.")
    if n == HIGHEST:
        return "one hundred"
    if n < 20:
        return _ONES[n]
    return _TENS[n // 10 - 2] + (f"-{_ONES[n % 10]}" if n % 10 else "")


def article(noun: str) -> str:
    """`a` or `an`, by the first letter: right for every noun of the tables."""
    return "an" if noun[0].lower() in "aeiou" else "a"


def plural(noun: str) -> str:
    """The plural of an animal's name."""
    irregular = {"sheep": "sheep", "mouse": "mice", "goose": "geese", "deer": "deer", "wolf": "wolves", "fox": "foxes"}
    if noun in irregular:
        return irregular[noun]
    return f"{noun[:-1]}ies" if noun[-1] == "y" and noun[-2] not in "aeiou" else f"{noun}s"


def possessive(name: str) -> str:
    """France's, the Netherlands'."""
    return f"{name}'" if name.endswith("s") else f"{name}'s"
