"""Reading by a grammar: could these words have been made? The opposite of sampling, and exact."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import cache

from parley_training.corpus.grammar import Choice, Grammar, Node, Row, Rule, Text

Words = tuple[str, ...]
ByFirstWord = dict[str, list[Words]]


class Reader:
    """Reads words by a grammar, each slot standing for what it may be filled with; nothing is filled with no word at all.

    Args:
        grammar: the wordings.
        slots: what each slot may hold.
        aside: rules whose own patterns are set aside, and what they may hold instead.
    """

    def __init__(self, grammar: Grammar, slots: Mapping[str, Collection[str]], aside: Mapping[str, Collection[str]] | None = None) -> None:
        self._rules = grammar.rules
        self._start = grammar.rules[grammar.start]
        self._slots = {name: _by_first_word(values) for name, values in slots.items()}
        self._aside = {name: _by_first_word(values) for name, values in (aside or {}).items()}
        self._words: Words = ()
        self._known: dict[tuple[int, int], frozenset[int]] = {}
        self._openings: dict[int, frozenset[str] | None] = {}

    def reads(self, words: str) -> bool:
        """Whether some derivation gives these words, marks and capitals aside."""
        self._words, self._known = bare(words), {}
        return len(self._words) in self._ends(self._start, 0)

    def _ends(self, node: Node, at: int) -> frozenset[int]:
        """Where the node may end when it begins at word number `at`."""
        openings = self._openings_of(node)
        if openings is not None and (at == len(self._words) or self._words[at] not in openings):
            return frozenset()
        key = (id(node), at)
        if key not in self._known:
            self._known[key] = frozenset(self._read(node, at))
        return self._known[key]

    def _read(self, node: Node, at: int) -> set[int]:
        match node:
            case Text(words):
                return self._text(words, at)
            case Rule(name) if name in self._aside:
                return self._filled(self._aside[name], at)
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
                ends = {end for begin in ends for end in self._filled(self._slots[piece[1:-1]], begin)}
            else:
                ends = {begin + len(bare(piece)) for begin in ends if self._stands(bare(piece), begin)}
        return ends

    def _filled(self, values: ByFirstWord, at: int) -> set[int]:
        if at == len(self._words):
            return set()
        return {at + len(value) for value in values.get(self._words[at], ()) if self._stands(value, at)}

    def _stands(self, words: Words, at: int) -> bool:
        return self._words[at : at + len(words)] == words

    def _openings_of(self, node: Node) -> frozenset[str] | None:
        """The words that the node can begin with; None if it can be empty. Looking here first makes reading some twenty times faster."""
        if id(node) not in self._openings:
            self._openings[id(node)] = self._find_openings(node)
        return self._openings[id(node)]

    def _find_openings(self, node: Node) -> frozenset[str] | None:
        match node:
            case Text(words):
                first = next((piece for piece in _pieces(words) if piece.startswith("{") or bare(piece)), "")
                return frozenset(self._slots[first[1:-1]]) if first.startswith("{") else frozenset(bare(first)[:1]) or None
            case Rule(name):
                return frozenset(self._aside[name]) if name in self._aside else self._openings_of(self._rules[name])
            case Choice(parts):
                found = [self._openings_of(part) for part in parts]
                known = [words for words in found if words is not None]
                return frozenset().union(*known) if len(known) == len(found) else None
            case Row(parts):  # an optional first part makes the row's openings unknown: right, if not sharp
                return self._openings_of(parts[0]) if parts else None


@cache
def bare(words: str) -> Words:
    """The words alone: lower case, without marks or hyphens; what follows an apostrophe is a word of its own."""
    return tuple(re.findall(r"'?[a-z]+", words.lower()))


@cache
def _pieces(words: str) -> tuple[str, ...]:
    """The words between slots and the slots, in turn."""
    return tuple(re.split(r"(\{[a-z_]+\})", words))


def _by_first_word(values: Collection[str]) -> ByFirstWord:
    """The values as words, by their first; a slot that may hold hundreds of names is looked up, not searched."""
    found: ByFirstWord = {}
    for value in values:
        words = bare(value)
        found.setdefault(words[0], []).append(words)
    return found
