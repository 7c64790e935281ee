"""When each word of a text was said, from the phone labels of its recording.

Synthesizers and dictionary do not agree phone by phone (accents, linking, schwas), so labels and pronunciation are laid side by side at the
least cost (Wagner and Fischer 1974). Counting phones instead was off by a word now and then, and Mini then wrote it twice.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from parley_training.corpus.disturbance import plain
from parley_training.corpus.phones import NUMBER, PHONES, SILENCE
from parley_training.corpus.pronunciation import pronounced
from parley_training.corpus.speech import SLOT_S

SKIPPED, SAME_KIND = 0.7, 0.5
"""Costs of a phone left out, and of a vowel for a vowel or a consonant for a consonant; others cost 1.2."""
_VOWEL = np.array([phone[0] in "aeiou" for phone in PHONES])
_COST = np.where(np.eye(len(PHONES), dtype=bool), 0.0, np.where(_VOWEL[:, None] == _VOWEL, SAME_KIND, 1.2))


class WrittenAlong(NamedTuple):
    """What is written while an utterance is heard, and when it was said."""

    words: list[str]
    """In Chinese characters."""

    said: npt.NDArray[np.int64]
    """(slots,): how many of them have been begun to their last phone by each 20 ms slot."""

    begun: npt.NDArray[np.int64]
    """(words,): the slot in which each begins; empty where nobody speaks, and of characters."""


def word_edges(labels: npt.NDArray[np.uint8], words: Sequence[str]) -> npt.NDArray[np.int64]:
    """The slots in which each word's first and last phone begin, by 20 ms labels (slots,): (words, 2), or (0, 2) where nobody speaks."""
    begins = np.flatnonzero((labels != np.concatenate([[NUMBER[SILENCE]], labels[:-1]])) & (labels != NUMBER[SILENCE]))
    spoken = [pronounced(word) or (NUMBER["ax"],) for word in words]
    text = np.array([phone for word in spoken for phone in word], np.int64)
    if not len(begins) or not len(text):
        return np.zeros((0, 2), np.int64)
    partner = _laid(text, labels[begins].astype(np.int64))
    last = np.cumsum([len(word) for word in spoken]) - 1
    first = np.concatenate([[0], last[:-1] + 1])
    edges: npt.NDArray[np.int64] = begins[partner[np.stack([first, last], axis=1)]]
    return edges


def written_along(line: Mapping[str, Any], labels: npt.NDArray[np.uint8]) -> WrittenAlong:
    """What is written while a shard's utterance is heard: words, or Chinese characters, whose syllables the line times."""
    if "syllables" not in line:
        words = plain(line["question"]).split()
        edges = word_edges(labels, words)
        return WrittenAlong(words, _counted(edges[:, 1], len(labels)), edges[:, 0])
    characters = [mark for mark in line["question"] if mark.isalnum()]
    ends = np.minimum(np.array(line["syllables"][: len(characters)]) / SLOT_S, len(labels) - 1).astype(np.int64)
    return WrittenAlong(characters, _counted(ends, len(labels)), np.zeros(0, np.int64))


def _counted(slots: npt.NDArray[np.int64], count: int) -> npt.NDArray[np.int64]:
    """How many of some slots have come by each of `count`: (count,)."""
    come = np.zeros(count, np.int64)
    np.add.at(come, slots, 1)
    return np.cumsum(come)


def _laid(text: npt.NDArray[np.int64], heard: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """For each phone of the text, which heard phone it goes with or, left out, comes after: (len(text),)."""
    across = np.arange(len(heard) + 1) * SKIPPED
    table = np.zeros((len(text) + 1, len(heard) + 1))
    table[0] = across
    for at, phone in enumerate(text, 1):
        best = table[at - 1] + SKIPPED
        best[1:] = np.minimum(best[1:], table[at - 1, :-1] + _COST[phone, heard])
        table[at] = np.minimum.accumulate(best - across) + across
    partner = np.zeros(len(text), np.int64)
    at, other = len(text), len(heard)
    while at:
        here = table[at, other]
        if other and np.isclose(here, table[at - 1, other - 1] + _COST[text[at - 1], heard[other - 1]]):
            at, other = at - 1, other - 1
            partner[at] = other
        elif np.isclose(here, table[at - 1, other] + SKIPPED):
            at -= 1
            partner[at] = max(0, other - 1)
        else:
            other -= 1
    return partner
