"""What Mini knows, read from the tables in `facts/`: one noun a file, a heading row, tab-separated, `-` for "does not apply"."""

from __future__ import annotations

import csv
import re
from functools import cache
from importlib.resources import files

Row = dict[str, str]

ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")


@cache
def facts(noun: str) -> tuple[Row, ...]:
    """The rows of one table, for example `facts("capitals")`.

    Raises:
        FileNotFoundError: there is no such table.
    """
    table = (files(__package__) / "facts" / f"{noun}.tsv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(table.splitlines(), delimiter="\t"))


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


def respelled(text: str) -> str:
    """The text with the names that flite and festival would spell out or garble written as they sound: flite reads "baht" as four letters."""
    sounds = {row["word"]: row["respelling"] for row in facts("respellings")}
    return re.sub(r"[A-Za-z]+", lambda word: sounds.get(word[0], word[0]), text)
