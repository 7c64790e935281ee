"""A question as Mini hears it: blocks of heard groups, with the words written along between them.

A word is written two blocks after it was said, so that its end and what follows have been heard. What follows a block is a decision:
the next word, or `<audio_start>` for "listen on" (never read back: the next block follows in its place), or `<|EOT|>` once the question
is whole. Where the sound ends, `<audio_end>` is read; behind it all that is owed is written at once, and then it is decided whether the
question is whole or, `<audio_start>`, broke off. Only this last decision is asked for at run time; the earlier ones are where most of it
is learned. Without that mark a last word had to be told from one that is still to be heard better: of people's bare words Mini 0.11 wrote
every fifth twice.
"""

import random
from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from parley_models.text_tokenizer import TextTokenizer
from parley_models.tokens import Codes, SpeechTokens
from parley_training.backbone.stretch import UNLEARNED, Stretch
from parley_training.corpus.phones import NUMBER, SILENCE
from parley_training.text.recipe import LAYOUT

GROUPS_PER_BLOCK = 2
DELAY_BLOCKS = 2
SLOTS_PER_GROUP = 6
LISTEN = LAYOUT.audio_start or 0
PAUSED, BROKEN_OFF = 0.12, 0.45
"""Shares of the questions that pause between two words, and that stop before their end. At run time it is asked at every pause whether the
question is whole; with 0.06 Mini 0.4 said yes (at least 0.93) after one in five of the words inside."""
ENDED_ANEW = 0.5
"""Share of the whole questions whose own last silence is replaced as a pause would be made: or that would tell pauses from ends."""
MISWRITTEN, UNSURE, MOST_MISWRITTEN = 0.04, 0.35, 0.45
"""Share of the words that stand wrong before what follows, as Mini will read its own mistakes; and share of the questions in which it is
more than that, up to the last. In voices that Mini does not know it is a third."""
UNWRITTEN = 0.2
"""Share of the wrong words that are not there at all."""
LONGEST_PAUSE_BLOCKS = 5
NOBODY_KNOWS = 0.5
"""Share of what is no question (a bare word, a reading, two halves of something) that is called whole: its last word is its last, but
whether more was to come nobody knows."""

Miswrite = Callable[[str, random.Random], str]


@dataclass(frozen=True, slots=True)
class Heard:
    """Speech and when its words were said."""

    codes: Codes
    """(groups, 5)."""

    words: list[str]
    said: npt.NDArray[np.int64]
    """(groups,): how many words were begun to their last phone by the end of each group."""

    phones: npt.NDArray[np.uint8]
    """(groups, 6): what sounds in each 20 ms, by `corpus.phones`."""

    def part(self, first: int, last: int) -> "Heard":
        """Words first … last − 1, cut where the words before and behind were said."""
        begin = int(np.searchsorted(self.said, first)) + 1 if first else 0
        end = int(np.searchsorted(self.said, last)) + 1 if last < len(self.words) else len(self.codes)
        cut = slice(begin, max(begin, end))
        return Heard(self.codes[cut], self.words[first:last], np.clip(self.said[cut] - first, 0, last - first), self.phones[cut])

    def then(self, other: "Heard") -> "Heard":
        """The same and then another."""
        said = np.concatenate([self.said, other.said + len(self.words)])
        codes = np.concatenate([self.codes, other.codes])
        return Heard(codes, self.words + other.words, said, np.concatenate([self.phones, other.phones]))

    @property
    def silent(self) -> npt.NDArray[np.bool_]:
        """(groups,): where nobody speaks."""
        silent: npt.NDArray[np.bool_] = (self.phones == NUMBER[SILENCE]).all(1)
        return silent

    @property
    def spoken(self) -> "Heard":
        """Up to the last sound."""
        stop = int(np.flatnonzero(~self.silent)[-1]) + 1 if not self.silent.all() else 0
        return Heard(self.codes[:stop], self.words, self.said[:stop], self.phones[:stop])

    def pause(self, groups: int, *, last: bool = False) -> "Heard":
        """So many groups of this recording's own silence, of the `last`, behind all speech, if there is any; none if it has none."""
        end = self.codes[len(self.spoken.codes) :]
        silent = end if last and len(end) else self.codes[self.silent]
        codes = np.resize(silent, (groups, self.codes.shape[1])) if len(silent) else self.codes[:0]
        return Heard(codes, [], np.zeros(len(codes), np.int64), np.full((len(codes), SLOTS_PER_GROUP), NUMBER[SILENCE], np.uint8))


class Listener:
    """Makes the stretches for questions."""

    def __init__(
        self, tokenizer: TextTokenizer, rng: random.Random, *, vital: Collection[str] = (), miswrite: Miswrite | None = None
    ) -> None:
        """`vital` = words that must be right above all; `miswrite` draws what is written instead of a word: itself unless given."""
        self._tokenizer, self._rng, self._vital = tokenizer, rng, vital
        self._miswrite = miswrite or (lambda word, _: word)

    def __call__(self, heard: Heard, *, whole: bool = True, broken_off: float = BROKEN_OFF) -> Stretch:
        """The stretch for one question; `whole` = its last word ends it, `broken_off` = the share of those that stop before."""
        rng = self._rng
        heard, whole, broken = self._paused(heard, whole, broken_off)
        codes, said, words = heard.codes, heard.said, heard.words
        wrongly = rng.uniform(0, MOST_MISWRITTEN) if rng.random() < UNSURE else MISWRITTEN
        stretch, written = Stretch([], []), 0
        for block in range(-(-len(codes) // GROUPS_PER_BLOCK)):
            for group in range(block * GROUPS_PER_BLOCK, min((block + 1) * GROUPS_PER_BLOCK, len(codes))):
                for token in SpeechTokens(codes[group : group + 1]).ids(LAYOUT):
                    stretch.add(token)
                if group:
                    stretch.phones[len(stretch.ids) - 1] = heard.phones[group - 1]
            ripe = (block + 1 - DELAY_BLOCKS) * GROUPS_PER_BLOCK - 1
            due = int(said[ripe]) if ripe >= 0 else 0
            for word in words[written:due]:
                self._write(stretch, word, wrongly)
            written = max(written, due)
            _decide(stretch, LAYOUT.eot if whole and written == len(words) else LISTEN)
        if len(codes):
            stretch.add(LAYOUT.audio_end or 0)
            for word in words[written:]:
                self._write(stretch, word, wrongly)
            stretch.vital.add(len(stretch.following) - 1)
            _decide(stretch, LAYOUT.eot if whole or (not broken and rng.random() < NOBODY_KNOWS) else LISTEN)
        return stretch

    def _paused(self, heard: Heard, whole: bool, broken_off: float) -> tuple[Heard, bool, bool]:
        """The question with a pause inside, or at its end, or in place of its end; whether it is whole, and whether it broke off."""
        count, rng = len(heard.words), self._rng
        if count > 1 and rng.random() < PAUSED:
            at = rng.randint(1, count - 1)
            return heard.part(0, at).then(_pause(heard, rng)).then(heard.part(at, count)), whole, False
        if whole and rng.random() < broken_off and count > 2:
            return heard.part(0, rng.randint(1, count - 1)).then(_pause(heard, rng, least=0)), False, True
        if rng.random() < ENDED_ANEW:
            return heard.spoken.then(_pause(heard, rng, least=0)), whole, False
        return heard, whole, False

    def _write(self, stretch: Stretch, word: str, wrongly: float) -> None:
        """A word that should be written, and what is: behind the first wrong piece, what should follow can't be told."""
        pieces = shown = self._tokenizer.encode(word)
        if self._rng.random() < wrongly:
            shown = [] if self._rng.random() < UNWRITTEN else self._tokenizer.encode(self._miswrite(word, self._rng))
        right = True
        for at, piece in enumerate(pieces):
            if right:
                if word in self._vital:
                    stretch.vital.add(len(stretch.following) - 1)
                _decide(stretch, piece)
            if at < len(shown):
                stretch.add(shown[at])
                right = right and shown[at] == piece
        for extra in shown[len(pieces) :]:
            stretch.add(extra)


def _decide(stretch: Stretch, following: int) -> None:
    """What is to be said now, unless a word should have been and was not."""
    if stretch.following[-1] == UNLEARNED:
        stretch.following[-1] = following


def _pause(heard: Heard, rng: random.Random, least: int = 1) -> Heard:
    """At least so many groups of silence, and half of all pauses are short. Half of them begin as the recording's own end does."""
    longest = GROUPS_PER_BLOCK * (LONGEST_PAUSE_BLOCKS if rng.random() < 0.5 else 1)
    return heard.pause(rng.randint(least, longest), last=rng.random() < 0.5)
