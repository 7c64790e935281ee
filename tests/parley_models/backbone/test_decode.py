import itertools
from collections.abc import Sequence

import numpy as np
import pytest

from parley_models.backbone.backbone import Backbone
from parley_models.backbone.decode import Decoder
from parley_models.backbone.model import StepOmni
from parley_models.errors import EngineError
from parley_models.interleave import Splitter
from parley_models.manifest import Sampling
from parley_models.tokens import TokenLayout

LAYOUT = TokenLayout(
    vocab_size=300,
    audio_offset=60,
    bos=1,
    bot=4,
    eot=3,
    stops=(3, 2),
    audio_start=270,
    audio_end=271,
    linguistic_size=80,
    semantic_size=128,
)


class Parrot:
    """A backbone that says a fixed list, then nothing but its end."""

    capacity = 500

    def __init__(self, says: Sequence[int]) -> None:
        self._says = says
        self._prompt = 0
        self.length = 0

    def prepare(self, ids: Sequence[int]) -> np.ndarray:
        self._prompt = self.length = len(ids)
        return self._next()

    def step(self, token_id: int) -> np.ndarray:
        assert token_id == self._says[self.length - self._prompt]
        self.length += 1
        return self._next()

    def _next(self) -> np.ndarray:
        at = self.length - self._prompt
        logits = np.full(300, -30, np.float32)
        logits[self._says[at] if at < len(self._says) else LAYOUT.eot] = 30
        return logits


GROUP = [61, 62, 150, 151, 152]


@pytest.fixture
def backbone(tiny_model: StepOmni) -> Backbone:
    return Backbone(tiny_model)


def test_an_answer_ends_before_its_end_marker() -> None:
    says = [270, 10, 11, *GROUP, 271]
    assert list(Decoder(Parrot(says), LAYOUT).answer([1, 4, 9])) == says


def test_no_id_is_computed_before_it_is_asked_for() -> None:
    parrot = Parrot([10, 11, 12, 13])
    answer = Decoder(parrot, LAYOUT).answer([1, 4])
    assert parrot.length == 0
    assert [next(answer), next(answer)] == [10, 11]
    assert parrot.length == 3  # the prompt and the id before the last
    answer.close()
    assert parrot.length == 3


def test_limits() -> None:
    assert list(Decoder(Parrot(range(10, 40)), LAYOUT).answer([1], max_ids=7)) == list(range(10, 17))
    assert len(list(Decoder(Parrot([10, 11] * 100), LAYOUT, Sampling(max_tokens=9)).answer([1]))) == 9
    assert list(Decoder(Parrot([10]), LAYOUT).answer([1], max_ids=0)) == []


def test_a_full_context_ends_the_answer() -> None:
    assert len(list(Decoder(Parrot(list(range(10, 50)) * 9), LAYOUT).answer([9] * 480))) == 20


def test_an_answer_that_runs_in_a_circle_is_ended() -> None:
    said = list(Decoder(Parrot([10, *GROUP * 90]), LAYOUT, Sampling(audio_temperature=0)).answer([1]))
    assert len(said) <= 130
    assert len(list(Decoder(Parrot([20] * 400), LAYOUT).answer([1]))) <= 130


def test_two_answers_at_once_are_refused(backbone: Backbone) -> None:
    decoder = Decoder(backbone, LAYOUT)
    first = decoder.answer([1, 4, 9])
    next(first)
    next(decoder.answer([1, 4, 9, 9]))
    with pytest.raises(EngineError, match="Another answer was begun"):
        next(first)


def test_seed_and_cache(backbone: Backbone) -> None:
    decoder = Decoder(backbone, LAYOUT, Sampling(text_temperature=1.0))
    answers = [list(decoder.answer([1, 4, 9, 8, 7], seed=seed, max_ids=60)) for seed in (1, 2, 1)]
    assert answers[0] == answers[2]
    assert answers[0] != answers[1]


def test_whatever_is_said_splits_without_a_remainder(backbone: Backbone) -> None:
    for seed in range(5):
        ids = list(Decoder(backbone, LAYOUT, Sampling(text_temperature=1.0)).answer([1, 4, 9], seed=seed, max_ids=150))
        splitter = Splitter(LAYOUT)
        list(map(splitter.feed, ids))
        assert splitter.dropped == 0


def test_a_second_turn_reads_only_what_is_new(backbone: Backbone) -> None:
    prompt = [1, 4, 9, 8, 7]
    answer = list(itertools.islice(Decoder(backbone, LAYOUT).answer(prompt), 20))
    assert list(backbone.ids) == prompt + answer[:-1]
    before = backbone.length
    backbone.prepare([*prompt, *answer, 3, 4, 9])
    assert backbone.length == before + 4
