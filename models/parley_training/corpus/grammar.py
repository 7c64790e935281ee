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
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache


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
        self._rules = {name: parse(pattern) for name, pattern in patterns.items()}
        self._start = start
        self.count = self._count(Rule(start), ())
        """How many derivations there are, slots left unfilled."""

    def sample(self, rng: random.Random) -> str:
        """One wording, slots left unfilled."""
        return tidy(self._sample(Rule(self._start), rng))

    def makes(self, words: str, slots: Mapping[str, Collection[str]]) -> bool:
        """Whether some derivation gives these words, marks and capitals aside.

        Args:
            words: what was said.
            slots: what each slot may be filled with. A rule named here is a slot too: its own pattern is set aside.
        """
        return Reader(self._rules, slots).reads(Rule(self._start), words)

    def _count(self, node: Node, path: tuple[str, ...]) -> int:
        match node:
            case Text():
                return 1
            case Rule(name):
                if name in path:
                    raise ValueError(f"The rule <{name}> leads back to itself.")
                if name not in self._rules:
                    raise ValueError(f"There is no rule <{name}>.")
                return self._count(self._rules[name], (*path, name))
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
                return self._sample(self._rules[name], rng)
            case Choice(parts):
                return self._sample(rng.choice(parts), rng)
            case Row(parts):
                return " ".join(self._sample(part, rng) for part in parts)


class Reader:
    """Reads words by the rules: which derivations could have given them. The opposite of sampling."""

    def __init__(self, rules: Mapping[str, Node], slots: Mapping[str, Collection[str]]) -> None:
        self._rules = rules
        self._slots = {name: [bare(value) for value in values] for name, values in slots.items()}
        self._words: tuple[str, ...] = ()
        self._known: dict[tuple[int, int], frozenset[int]] = {}

    def reads(self, start: Node, words: str) -> bool:
        """Whether the start can be read over all of the words."""
        self._words, self._known = bare(words), {}
        return len(self._words) in self._ends(start, 0)

    def _ends(self, node: Node, at: int) -> frozenset[int]:
        """Where the node may end when it begins at word number `at`."""
        key = (id(node), at)
        if key not in self._known:
            self._known[key] = frozenset(self._read(node, at))
        return self._known[key]

    def _read(self, node: Node, at: int) -> set[int]:
        match node:
            case Text(words):
                return self._text(words, at)
            case Rule(name) if name in self._slots:
                return self._filled(name, at)
            case Rule(name):
                return set(self._ends(self._rules[name], at))
            case Choice(parts):
                return {end for part in parts for end in self._ends(part, at)}
            case Row(parts):
                ends = {at}
                for part in parts:
                    ends = {end for begin in ends for end in self._ends(part, begin)}
                return ends

    def _text(self, words: str, at: int) -> set[int]:
        ends = {at}
        for piece in _pieces(words):
            if piece.startswith("{"):
                ends = {end for begin in ends for end in self._filled(piece[1:-1], begin)}
            else:
                ends = {begin + len(bare(piece)) for begin in ends if self._stands(bare(piece), begin)}
        return ends

    def _filled(self, slot: str, at: int) -> set[int]:
        return {at + len(value) for value in self._slots[slot] if self._stands(value, at)}

    def _stands(self, words: tuple[str, ...], at: int) -> bool:
        return self._words[at : at + len(words)] == words


@cache
def bare(words: str) -> tuple[str, ...]:
    """The words alone: lower case, without marks or hyphens."""
    return tuple(re.findall(r"[a-z']+", words.lower()))


@cache
def _pieces(words: str) -> tuple[str, ...]:
    """The words between slots and the slots, in turn."""
    return tuple(re.split(r"(\{[a-z_]+\})", words))
