"""A small recursive grammar for wordings.

A pattern is plain text with four marks:

    (a|b|c)     one of these, each equally likely; a part may be empty
    [a]         a or nothing
    <name>      the pattern of another rule
    {slot}      left as it stands, to be filled with a fact

`<name>` may not lead back to itself. Counting and sampling walk the same tree, so the count is the number of derivations;
two derivations seldom give the same words.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Text:
    """Words that stand as they are, slots among them."""

    words: str


@dataclass(frozen=True)
class Rule:
    """The pattern of another rule."""

    name: str


@dataclass(frozen=True)
class Row:
    """Parts one after another."""

    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Choice:
    """One of several."""

    parts: tuple[Node, ...]


Node = Text | Rule | Row | Choice

_MARKS = re.compile(r"([()\[\]|]|<[a-z_]+>)")


def parse(pattern: str) -> Node:
    """The tree of a pattern.

    Raises:
        ValueError: a bracket is not closed, or closed without being open.
    """
    marks = [mark for mark in _MARKS.split(pattern) if mark]
    node, rest = _choice(marks, 0)
    if rest != len(marks):
        raise ValueError(f"'{marks[rest]}' closes nothing in the pattern '{pattern}'.")
    return node


def _choice(marks: list[str], at: int) -> tuple[Node, int]:
    parts: list[Node] = []
    while True:
        row, at = _row(marks, at)
        parts.append(row)
        if at == len(marks) or marks[at] != "|":
            return (parts[0] if len(parts) == 1 else Choice(tuple(parts))), at
        at += 1


def _row(marks: list[str], at: int) -> tuple[Node, int]:
    parts: list[Node] = []
    while at < len(marks) and marks[at] not in "|)]":
        mark = marks[at]
        if mark in "([":
            inner, at = _choice(marks, at + 1)
            if at == len(marks) or marks[at] != {"(": ")", "[": "]"}[mark]:
                raise ValueError(f"'{mark}' is never closed.")
            parts.append(inner if mark == "(" else Choice((inner, Text(""))))
        elif mark.startswith("<"):
            parts.append(Rule(mark[1:-1]))
        else:
            parts.append(Text(mark))
        at += 1
    return Row(tuple(parts)), at


def tidy(words: str) -> str:
    """One space between words, none before a mark."""
    return re.sub(r"\s+([,.?!])", r"\1", re.sub(r"\s+", " ", words)).strip()


class Grammar:
    """Rules by name, and what can be made of them.

    Raises:
        ValueError: a rule names one that is not there, or leads back to itself.
    """

    def __init__(self, patterns: Mapping[str, str], start: str) -> None:
        self.rules = {name: parse(pattern) for name, pattern in patterns.items()}
        self.start = start
        self.count = self._count(Rule(start), ())
        """How many derivations there are, slots left unfilled."""

    def sample(self, rng: random.Random, rule: str = "") -> str:
        """One wording, slots left unfilled; of one rule only, if it is named."""
        return tidy(self._sample(Rule(rule or self.start), rng))

    def _count(self, node: Node, path: tuple[str, ...]) -> int:
        match node:
            case Text():
                return 1
            case Rule(name):
                if name in path:
                    raise ValueError(f"The rule <{name}> leads back to itself.")
                if name not in self.rules:
                    raise ValueError(f"There is no rule <{name}>.")
                return self._count(self.rules[name], (*path, name))
            case Choice(parts):
                return sum(self._count(part, path) for part in parts)
            case Row(parts):
                total = 1
                for part in parts:
                    total *= self._count(part, path)
                return total

    def _sample(self, node: Node, rng: random.Random) -> str:
        match node:
            case Text(words):
                return words
            case Rule(name):
                return self._sample(self.rules[name], rng)
            case Choice(parts):
                return self._sample(rng.choice(parts), rng)
            case Row(parts):
                return " ".join(self._sample(part, rng) for part in parts)
