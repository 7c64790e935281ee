"""Words as ears that are not sure of themselves write them: like another word that sounds alike.

Mini reads what it wrote along, and answers by that and by the sound. In training voices it writes nearly everything rightly, so without
these mistakes it learns to believe every word; in voices it does not know, Mini 0.5 wrote a third of them wrongly, and the answers
followed ("if opt over is over" → "the month before July").
"""

import random
from collections.abc import Iterable
from functools import cache, cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pocketsphinx  # BSD; its wheel carries CMUdict

from parley_training.corpus.phones import NUMBER, PHONES
from parley_training.corpus.vocabulary import INVENTORY

ALIKE = 12
"""Words that a word may be taken for."""
SKIPPED = 2.0 / 3
"""What a phone too many or too few costs; two phones that have nothing in common cost 1.5, a vowel for a vowel 0.8."""
STRANGE, KIN = 1.5, 0.8
_FAMILIES = "p b,t d,k g,f v th dh,s z sh zh ch jh,m n ng,l r w y,ah ax uh,ih iy ey,eh ae,aa ao ow,ay aw oy,er r".split(",")
_VOWELS = frozenset("aa ae ah ao aw ax ay eh er ey ih iy ow oy uh uw".split())


def _costs() -> npt.NDArray[np.float32]:
    """What it costs to take a phone for another (phones, phones)."""
    costs = np.full((len(PHONES), len(PHONES)), STRANGE, np.float32)
    vowels = [NUMBER[phone] for phone in PHONES if phone in _VOWELS]
    others = [NUMBER[phone] for phone in PHONES if phone not in _VOWELS]
    costs[np.ix_(vowels, vowels)], costs[np.ix_(others, others)] = KIN, 1.0
    for family in _FAMILIES:
        numbers = [NUMBER[phone] for phone in family.split()]
        costs[np.ix_(numbers, numbers)] = KIN / 2
    np.fill_diagonal(costs, 0)
    return costs


@cache
def _spoken() -> dict[str, list[int]]:
    """The phones of every word of the dictionary, by number."""
    lines = Path(pocketsphinx.get_model_path(INVENTORY)).read_text(encoding="utf-8").splitlines()
    entries = (line.lower().split() for line in lines)
    return {word: [NUMBER[phone] for phone in phones] for word, *phones in entries if "(" not in word}


class Miswriting:
    """Draws what might be written instead of a word."""

    def __init__(self, words: Iterable[str]) -> None:
        """`words`: those that may stand for others."""
        self._words = sorted({word for word in words if word in _spoken()})
        self._alike: dict[str, list[str]] = {}

    def __call__(self, word: str, rng: random.Random) -> str:
        """Another word, the likelier the more it sounds like this; the word itself if the dictionary does not have it."""
        alike = self.alike(word)
        return alike[min(int(rng.expovariate(0.35)), len(alike) - 1)] if alike else word

    def alike(self, word: str) -> list[str]:
        """The words that sound most like a word, the nearest first."""
        if word not in self._alike:
            spoken = _spoken().get(word)
            nearest = np.argsort(self._apart(spoken), kind="stable")[: ALIKE + 1] if spoken and self._words else ()
            self._alike[word] = [self._words[at] for at in nearest if self._words[at] != word][:ALIKE]
        return self._alike[word]

    @cached_property
    def _phones(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Phones of all words (words, longest), and how many they have (words,)."""
        spoken = [_spoken()[word] for word in self._words]
        lengths = np.array([len(phones) for phones in spoken])
        padded = np.zeros((len(spoken), lengths.max()), np.int64)
        for row, phones in enumerate(spoken):
            padded[row, : len(phones)] = phones
        return padded, lengths

    def _apart(self, spoken: list[int]) -> npt.NDArray[np.float32]:
        """The edit distances (words,) between a word and all others."""
        (phones, lengths), costs = self._phones, _costs()
        row = np.tile(np.arange(phones.shape[1] + 1, dtype=np.float32) * np.float32(SKIPPED), (len(phones), 1))
        for phone in spoken:
            taken = row[:, :-1] + costs[phone][phones]
            below = row + np.float32(SKIPPED)
            row = below.copy()
            for at in range(phones.shape[1]):
                row[:, at + 1] = np.minimum(np.minimum(taken[:, at], below[:, at + 1]), row[:, at] + np.float32(SKIPPED))
        apart: npt.NDArray[np.float32] = row[np.arange(len(phones)), lengths]
        return apart
