"""Questions that nobody recorded, put together of words that somebody did.

The grammars write any number of questions, the corpus holds 62,000 recordings: "idea" is in 63 of them, "serves" in 6, and what was
heard in few sentences is heard only there. So a question's codes are joined from pieces of other recordings, as unit selection joins
sound (Hunt and Black 1996): the longest pieces that one voice has said, cut where groups and words begin together.
"""

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

from parley_training.backbone.listening import SLOTS_PER_GROUP, Heard
from parley_training.backbone.questions import Question
from parley_training.corpus.exchange import Exchange

LONGEST = 4
"""Words that a piece may have."""
LOOKED_AT = 6
"""Recordings among which the best piece is chosen."""
SYNTHESIZERS = frozenset({"espeak", "festival", "flite", "pico", "rhvoice"})
PEOPLE = "people"
LEAD, TAIL = 3, 8
"""Groups of silence before and behind, at most."""

Place = tuple[int, int]
"""The number of a recording, and of a word in it."""


class Composer:
    """Joins recorded words to questions."""

    def __init__(self, recordings: Iterable[Question]) -> None:
        """Those of them that tell when their words begin."""
        self._recordings = [recording for recording in recordings if len(recording.begun)]
        self._of_anyone = defaultdict[tuple[str, ...], list[Place]](list)
        self._said_by = defaultdict[str, dict[tuple[str, ...], list[Place]]](lambda: defaultdict(list))
        for number, recording in enumerate(self._recordings):
            words, own = recording.words, self._said_by[voice_of(recording)]
            for at, word in enumerate(words):
                self._of_anyone[word,].append((number, at))
                own[word,].append((number, at))
                if at + 1 < len(words):
                    own[word, words[at + 1]].append((number, at))

    def __call__(self, exchange: Exchange, words: Sequence[str], rng: random.Random) -> Question | None:
        """The exchange, asked in these words; None where one of them was never recorded."""
        if not words or any((word,) not in self._of_anyone for word in words):
            return None
        own = self._said_by[voice_of(rng.choice(self._recordings))]
        disguised, pieces, at = rng.random(), list[Heard](), 0
        while at < len(words):
            number, first, count = self._piece(words[at:], own, rng)
            recording = self._recordings[number]
            whole = recording.heard(int(disguised * len(recording.hearings)))
            if not pieces:
                pieces.append(whole.pause(rng.randint(0, LEAD)))
            pieces.append(_cut(recording, whole, first, count))
            at += count
        joined = pieces[0]
        for piece in (*pieces[1:], whole.pause(rng.randint(0, TAIL), last=True)):
            joined = joined.then(piece)
        return Question([joined.codes], exchange, joined.said, joined.phones, voice_of(recording))

    def _piece(self, words: Sequence[str], own: dict[tuple[str, ...], list[Place]], rng: random.Random) -> tuple[int, int, int]:
        """Where the next words were said, and how many of them: a recording, its first word there, a count."""
        longest = rng.randint(1, LONGEST)
        places = own.get(tuple(words[:2])) if longest > 1 and len(words) > 1 else None
        places = places or own.get((words[0],)) or self._of_anyone[words[0],]
        found = []
        for number, first in rng.sample(places, min(LOOKED_AT, len(places))):
            spoken, count = self._recordings[number].words[first : first + longest], 1
            while count < min(len(spoken), len(words)) and spoken[count] == words[count]:
                count += 1
            found.append((-count, _ragged(self._recordings[number], first, count), number, first))
        count, _, number, first = min(found)
        return number, first, -count


def voice_of(recording: Question) -> str:
    """Whose recordings sound alike: a synthesizer's voice, or people."""
    engine = recording.voice.partition(":")[0]
    return recording.voice.partition("+")[0] if engine in SYNTHESIZERS else PEOPLE


def _edges(recording: Question, first: int, count: int) -> tuple[int, int]:
    """The slots where some words begin and what follows them begins."""
    begun, stop = recording.begun, first + count
    return int(begun[first]), int(begun[stop]) if stop < len(begun) else len(recording.heard(0).spoken.codes) * SLOTS_PER_GROUP


def _ragged(recording: Question, first: int, count: int) -> int:
    """How many slots lie between the edges of words and those of their groups."""
    return sum(abs(edge - SLOTS_PER_GROUP * round(edge / SLOTS_PER_GROUP)) for edge in _edges(recording, first, count))


def _cut(recording: Question, whole: Heard, first: int, count: int) -> Heard:
    """Some words of a recording, at least a group of it."""
    begin, end = (round(edge / SLOTS_PER_GROUP) for edge in _edges(recording, first, count))
    begin = min(begin, len(whole.codes) - 1)
    cut = slice(begin, max(begin + 1, end))
    said = np.clip(whole.said[cut] - first, 0, count)
    said[-1] = count
    return Heard(whole.codes[cut], whole.words[first : first + count], said, whole.phones[cut])
