"""Writing along: words between heard groups, and whether a question is whole."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from parley_models.backbone.along import Along
from parley_models.backbone.sampling import Logits
from parley_models.errors import BundleCorrupt
from parley_models.tokens import TokenLayout

LAYOUT = TokenLayout(vocab_size=40 + 5120, audio_offset=40, bos=1, bot=4, eot=3, stops=(3, 2), audio_start=5, audio_end=6)
BLOCK = [LAYOUT.audio_offset] * 10


class Reciter:
    """A backbone that wants to say what its script holds for the number of blocks it has heard."""

    def __init__(self, *script: Sequence[int], listening: float = 8.0) -> None:
        self.script = [list(part) for part in script]
        self.listening = listening
        self.ids: list[int] = []
        self.blocks = 0
        self.said = 0

    def prefill(self, ids: Sequence[int]) -> Logits:
        self.ids += ids
        self.blocks, self.said = self.blocks + 1, 0
        return self._logits()

    def step(self, token_id: int) -> Logits:
        self.ids.append(token_id)
        self.said += 1
        return self._logits()

    def _logits(self) -> Logits:
        """Listening on comes second wherever words are due, the words of the next blocks come second where it is first."""
        logits = np.zeros(LAYOUT.vocab_size, np.float32)
        part = self.script[self.blocks - 1]
        later = [token for following in self.script[self.blocks :] for token in following]
        logits[(part + later)[self.said] if self.said < len(part + later) else LAYOUT.eot] = 7.9
        if self.said >= len(part) and self.blocks < len(self.script):
            logits[LAYOUT.audio_start or 0] = self.listening
        return logits


def test_words_stand_between_the_blocks_in_which_they_became_clear() -> None:
    backbone = Reciter([], [20, 21], [], [22])
    along = Along(backbone, LAYOUT, groups_per_block=2)
    assert along.hear(BLOCK * 2) == [*BLOCK, *BLOCK, 20, 21]
    assert along.complete is not None
    assert along.complete < 0.2
    assert along.hear(BLOCK) == BLOCK
    assert along.hear(BLOCK) == [*BLOCK, 22]
    assert (along.complete or 0) > 0.5
    assert backbone.ids == [*BLOCK, *BLOCK, 20, 21, *BLOCK, *BLOCK, 22]


def test_at_the_end_what_is_owed_is_written() -> None:
    along = Along(Reciter([20], [21], [22]), LAYOUT, groups_per_block=2)
    assert along.hear(BLOCK) == [*BLOCK, 20]
    assert along.hear([], last=True) == [21, 22]


def test_at_the_end_a_word_is_owed_however_likely_it_is_to_be_heard_better() -> None:
    along = Along(Reciter([20], [21], listening=12.0), LAYOUT, groups_per_block=2)
    assert along.hear(BLOCK) == [*BLOCK, 20]
    assert along.hear([], last=True) == [21]


class Marked(Reciter):
    """Says the last part of its script only behind `<audio_end>`, and only there whether that was all."""

    ended = False

    def step(self, token_id: int) -> Logits:
        if token_id == LAYOUT.audio_end:
            self.ids.append(token_id)
            self.ended, self.blocks, self.said = True, len(self.script), 0
            return self._logits()
        return super().step(token_id)

    def _logits(self) -> Logits:
        logits = super()._logits()
        if not self.ended and self.said >= len(self.script[self.blocks - 1]):
            logits[LAYOUT.audio_start or 0] = 20.0
        return logits


def test_a_model_that_knows_the_end_is_told_it_before_it_writes_what_is_owed() -> None:
    backbone = Marked([20], [], [21])
    along = Along(backbone, LAYOUT, groups_per_block=2, ends_marked=True)
    assert along.hear(BLOCK * 2) == [*BLOCK, 20, *BLOCK]
    assert along.complete is None, "nobody asked whether it is whole"
    assert along.hear([], last=True) == [LAYOUT.audio_end, 21]
    assert backbone.ids == [*BLOCK, 20, *BLOCK, LAYOUT.audio_end, 21]
    assert along.complete is not None
    assert along.complete > 0.5


def test_who_never_stops_is_stopped() -> None:
    along = Along(Reciter([20] * 1000), LAYOUT, groups_per_block=2)
    assert len(along.hear(BLOCK)) < 50


def test_only_words_are_written() -> None:
    along = Along(Reciter([LAYOUT.bot, LAYOUT.audio_offset + 7, 20]), LAYOUT, groups_per_block=2)
    assert along.hear(BLOCK) == BLOCK


def test_a_layout_without_the_marker_can_not_write_along() -> None:
    bare = TokenLayout(vocab_size=40 + 5120, audio_offset=40, bos=1, bot=4, eot=3, stops=(3, 2))
    with pytest.raises(BundleCorrupt):
        Along(Reciter([]), bare, groups_per_block=2)
    with pytest.raises(BundleCorrupt, match="audio_end"):
        Along(Reciter([]), replace(bare, audio_start=5), groups_per_block=2, ends_marked=True)
