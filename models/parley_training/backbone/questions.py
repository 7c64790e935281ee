"""The questions that were spoken and heard: shards of the corpus, read beside the codes that the ears made of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from parley_models.tokens import Codes
from parley_training.backbone.listening import SLOTS_PER_GROUP, Heard
from parley_training.corpus.disturbance import plain
from parley_training.corpus.exchange import Exchange
from parley_training.corpus.lines import exchange_of
from parley_training.corpus.phones import FOREIGN, NUMBER, SILENCE
from parley_training.corpus.shard import Shard
from parley_training.corpus.word_times import written_along
from parley_training.tokens.recipe import hearings_of, shard_folders


@dataclass(frozen=True, slots=True)
class Question:
    """One heard question."""

    hearings: Sequence[Codes]
    """As the ears heard it, (groups, 5), and as they heard it disguised."""

    exchange: Exchange
    said: npt.NDArray[np.int64]
    """(groups,) how many of its words were begun to their last phone by the end of each group."""

    phones: npt.NDArray[np.uint8]
    """(groups, 6) what sounds in each 20 ms, by `corpus.phones`."""

    voice: str = ""
    """Who asks."""

    begun: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    """(words,) the 20 ms slot in which each word begins; empty where that is not known."""

    @property
    def words(self) -> list[str]:
        """What is written along."""
        return plain(self.exchange.question).split()

    def heard(self, hearing: int) -> Heard:
        """The question in one of its hearings."""
        return Heard(self.hearings[hearing], self.words, self.said, self.phones)


@dataclass(frozen=True, slots=True)
class SpelledQuestion(Question):
    """A heard question in Chinese, where what is written along are characters."""

    characters: tuple[str, ...] = ()

    @property
    def words(self) -> list[str]:
        """What is written along."""
        return list(self.characters)


def questions_of(corpus: Path, codes: Path) -> list[Question]:
    """Every spoken question of the shards whose codes are there, of either world."""
    questions = list[Question]()
    for folder in shard_folders(corpus):
        if (codes / f"{folder.name}.npz").exists():
            shard, heard = Shard.open(folder), hearings_of(codes / f"{folder.name}.npz")
            for line, hearings, (_, _, first, last) in zip(shard.lines, heard, shard.index, strict=True):
                if groups := len(hearings[0]):  # some of people's recordings are shorter than a group
                    exchange, labels = exchange_of(line), np.asarray(shard.labels[first:last]) % FOREIGN
                    along = written_along(line, labels)
                    told = (hearings, exchange, by_group(along.said, groups), phones_by_group(labels, groups), line["speaker"], along.begun)
                    questions.append(Question(*told) if exchange.language == "en" else SpelledQuestion(*told, tuple(along.words)))
    return questions


def by_group(slots: npt.NDArray[np.int64], groups: int) -> npt.NDArray[np.int64]:
    """What holds in the last 20 ms of each group (groups,), from slots (n,) that may end before it."""
    return slots[np.minimum((np.arange(groups) + 1) * SLOTS_PER_GROUP, len(slots)) - 1]


def phones_by_group(labels: npt.NDArray[np.uint8], groups: int) -> npt.NDArray[np.uint8]:
    """What sounds in each group (groups, 6); behind the last label (slots,) nobody speaks."""
    phones = np.full(groups * SLOTS_PER_GROUP, NUMBER[SILENCE], np.uint8)
    known = min(len(labels), len(phones))
    phones[:known] = labels[:known]
    return phones.reshape(groups, SLOTS_PER_GROUP)
