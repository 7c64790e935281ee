"""A question as Mini hears it: blocks of heard groups, with the words written along between them.

A word is written one block after it was said, so that its end has been heard. What follows a block is a decision: the next
word, or `<audio_start>` for "listen on" (never read back: the next block follows in its place), or `<|EOT|>` once the question
is whole.
"""

import random
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from parley_models.text_tokenizer import TextTokenizer
from parley_models.tokens import Codes, SpeechTokens
from parley_training.corpus.pronunciation import pronounced
from parley_training.text.recipe import LAYOUT

GROUPS_PER_BLOCK = 2
DELAY_BLOCKS = 1
UNLEARNED = -1
LISTEN = LAYOUT.audio_start or 0
PAUSED, BROKEN_OFF = 0.12, 0.06
"""Shares of the questions that pause between two words, and that stop before their end."""
MISWRITTEN = 0.04
"""Share of the words that stand wrong before what follows: Mini will read its own mistakes."""
LONGEST_PAUSE_BLOCKS = 5


@dataclass(frozen=True, slots=True)
class Stretch:
    """Ids, and what is to be said after each of them; `UNLEARNED` where nothing is."""

    ids: list[int]
    following: list[int]
    vital: set[int] = field(default_factory=set)
    """Places whose `following` belongs to what must be right."""

    def add(self, token_id: int, following: int = UNLEARNED) -> None:
        """One more id."""
        self.ids.append(token_id)
        self.following.append(following)


def said_by(words: list[str], progress: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:
    """How many words have been begun to their last phone by the end of each group (groups,)."""
    sizes = [max(1, len(pronounced(word))) for word in words]
    ends = np.cumsum(sizes) / max(1, sum(sizes))
    return np.searchsorted(ends - 1e-4, progress, side="right")


def listen(
    codes: Codes,
    progress: npt.NDArray[np.float32],
    words: list[str],
    tokenizer: TextTokenizer,
    rng: random.Random,
    *,
    whole: bool = True,
    broken_off: float = BROKEN_OFF,
) -> Stretch:
    """The stretch for one question (groups, 5) with its `progress` (groups,); `whole` = its last word ends it."""
    said = said_by(words, progress)
    if rng.random() < PAUSED:
        codes, said = _paused(codes, said, progress, rng)
    elif whole and rng.random() < broken_off and len(words) > 2:
        codes, said, begun = _broken_off(codes, said, progress, words, rng)
        whole, words = len(begun) == len(words), begun
    stretch, written, blocks = Stretch([], []), 0, -(-len(codes) // GROUPS_PER_BLOCK)
    ends = [LAYOUT.eot if whole else LISTEN] * blocks
    if blocks and not whole:
        ends[-1] = UNLEARNED  # whether more will come can't be known
    for block in range(blocks):
        for token in SpeechTokens(codes[block * GROUPS_PER_BLOCK : (block + 1) * GROUPS_PER_BLOCK]).ids(LAYOUT):
            stretch.add(token)
        heard = (block + 1 - DELAY_BLOCKS) * GROUPS_PER_BLOCK - 1
        due = len(words) if block == blocks - 1 else int(said[heard]) if heard >= 0 else 0
        for word in words[written:due]:
            pieces = tokenizer.encode(word)
            wrong = tokenizer.encode(rng.choice(words)) if rng.random() < MISWRITTEN else pieces
            for piece, shown in zip(pieces, wrong if len(wrong) == len(pieces) else pieces, strict=True):
                stretch.following[-1] = piece
                stretch.add(shown)
        written = max(written, due)
        stretch.following[-1] = ends[block] if written == len(words) else LISTEN
    return stretch


def _silence(codes: Codes, progress: npt.NDArray[np.float32], groups: int) -> Codes:
    """So many groups of this recording's own silence; none if it has none."""
    silent = codes[(progress <= 0) | (np.arange(len(codes)) > np.searchsorted(progress, 1.0) + 1)]
    return np.resize(silent, (groups, codes.shape[1])) if len(silent) else codes[:0]


def _paused(
    codes: Codes, said: npt.NDArray[np.int64], progress: npt.NDArray[np.float32], rng: random.Random
) -> tuple[Codes, npt.NDArray[np.int64]]:
    """The question with a pause after one of its words."""
    ends = np.flatnonzero(np.diff(said)) + 1
    if not len(ends):
        return codes, said
    at = int(rng.choice(ends.tolist())) + 1
    pause = _silence(codes, progress, GROUPS_PER_BLOCK * rng.randint(1, LONGEST_PAUSE_BLOCKS))
    return np.concatenate([codes[:at], pause, codes[at:]]), np.concatenate([said[:at], np.full(len(pause), said[at - 1]), said[at:]])


def _broken_off(
    codes: Codes, said: npt.NDArray[np.int64], progress: npt.NDArray[np.float32], words: list[str], rng: random.Random
) -> tuple[Codes, npt.NDArray[np.int64], list[str]]:
    """The question's beginning, and then silence."""
    ends = np.flatnonzero((np.diff(said) > 0) & (said[1:] < len(words))) + 1
    if not len(ends):
        return codes, said, words
    at = int(rng.choice(ends.tolist())) + 1
    pause = _silence(codes, progress, GROUPS_PER_BLOCK * rng.randint(1, LONGEST_PAUSE_BLOCKS))
    kept = int(said[at - 1])
    return np.concatenate([codes[:at], pause]), np.concatenate([said[:at], np.full(len(pause), kept)]), words[:kept]
