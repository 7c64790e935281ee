"""Sound for given words: whole groups of the right books, whatever the model would rather say; and as drawn by the model."""

from collections.abc import Sequence

import numpy as np
import pytest

from parley_models.backbone.sampling import Logits
from parley_models.backbone.voicing import voiced
from parley_models.manifest import Sampling
from parley_models.tokens import TokenLayout

LAYOUT = TokenLayout(vocab_size=5_200, audio_offset=70, bos=1, bot=4, eot=3, stops=(3, 2), audio_start=5, audio_end=6)
GREEDY = Sampling(audio_temperature=0.0)


class Wishful:
    """A backbone that would rather write, then end its speech after some groups, and has a favourite code in each book."""

    capacity = 100

    def __init__(self, groups: int) -> None:
        self.ids: list[int] = []
        self._groups = groups

    @property
    def length(self) -> int:
        return len(self.ids)

    def prepare(self, ids: Sequence[int]) -> Logits:
        self.ids = list(ids)
        return self._wish()

    def step(self, token_id: int) -> Logits:
        self.ids.append(token_id)
        return self._wish()

    def _wish(self) -> Logits:
        spoken = sum(LAYOUT.is_audio(token_id) for token_id in self.ids) // LAYOUT.group_size
        logits = np.zeros(LAYOUT.vocab_size, np.float32)
        logits[[LAYOUT.audio_offset + 9, LAYOUT.semantic_offset + 5]] = 3, 4
        logits[LAYOUT.audio_end or 0] = 5 if spoken >= self._groups else 2
        logits[20] = 9  # a word
        return logits


WORDS = [1, 4, 30, 31]
GROUP = [LAYOUT.audio_offset + 9] * 2 + [LAYOUT.semantic_offset + 5] * 3


@pytest.mark.parametrize(
    ("groups", "limit", "may_end", "expected"),
    [(9, 15, False, 3), (0, 15, False, 3), (2, 15, True, 2), (0, 15, True, 0), (9, 15, True, 3), (9, 13, True, 2), (9, 4, False, 0)],
)
def test_whole_groups_until_the_block_or_the_speech_is_over(groups: int, limit: int, may_end: bool, expected: int) -> None:
    backbone = Wishful(groups)
    assert list(voiced(backbone, WORDS, LAYOUT, GREEDY, seed=1, limit=limit, may_end=may_end)) == GROUP * expected


def test_between_two_ids_all_but_the_last_are_in_the_context() -> None:
    backbone, given = Wishful(9), list(WORDS)
    for token_id in voiced(backbone, WORDS, LAYOUT, GREEDY, seed=1, limit=15, may_end=False):
        assert backbone.ids == given
        given.append(token_id)


def test_the_seed_decides_what_is_drawn() -> None:
    warm = Sampling(audio_temperature=2.0)

    def drawn(seed: int) -> list[int]:
        return list(voiced(Wishful(9), WORDS, LAYOUT, warm, seed=seed, limit=30, may_end=True))

    assert drawn(1) == drawn(1) != drawn(2)


def test_a_full_context_ends_it() -> None:
    backbone = Wishful(99)
    assert len(list(voiced(backbone, [1] * 93, LAYOUT, GREEDY, seed=1, limit=50, may_end=False))) == 5
