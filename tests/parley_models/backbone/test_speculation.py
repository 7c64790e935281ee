import copy
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch

from parley_models.backbone.backbone import Backbone
from parley_models.backbone.decode import Decoder
from parley_models.backbone.drafting import Drafter, LowLayers, SmallModel, common_start
from parley_models.backbone.model import StepOmni
from parley_models.backbone.quantize import Quantization
from parley_models.backbone.sampling import Logits, Sampler
from parley_models.backbone.speculation import JUDGED_AT_LEAST, Speculation
from parley_models.backbone.written_out import WrittenOut
from parley_models.bundle import Bundle, find_bundle
from parley_models.errors import BundleCorrupt, EngineError
from parley_models.manifest import Sampling
from parley_models.prompt import Message, Prompt
from parley_models.text_tokenizer import TextTokenizer
from parley_models.tokens import TokenLayout
from tests.parley_models.backbone.conftest import TINY

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
COLD = Sampling(audio_temperature=0)
PROMPT = [1, 4, 9, 8, 7]

FEW = TokenLayout(vocab_size=14, audio_offset=4, bos=0, bot=1, eot=3, stops=(3,), linguistic_size=3, semantic_size=4)
"""So few codes that every group can be counted; 11 to 13 are reserved."""


class TwoBack:
    """A model in which the last two ids say what comes next. Speech never ends."""

    capacity = 4000

    def __init__(self, seed: int, *, like: "TwoBack | None" = None, strange: float = 1.0) -> None:
        drawn = np.random.default_rng(seed).normal(0, 1.5, (14, 14, 14)).astype(np.float32)
        self._table: Logits = drawn if like is None else like._table + strange * drawn
        self._table[:, :, :4] = -20
        self._ids: list[int] = []

    @property
    def ids(self) -> Sequence[int]:
        return tuple(self._ids)

    @property
    def length(self) -> int:
        return len(self._ids)

    def prepare(self, ids: Sequence[int]) -> Logits:
        self._ids = list(ids[:-1])
        return self.step(ids[-1])

    def step(self, token_id: int) -> Logits:
        return self.read([token_id])[0]

    def prefill(self, ids: Sequence[int]) -> Logits:
        return self.read(ids)[-1]

    def read(self, ids: Sequence[int], *, as_steps: bool = False) -> Logits:
        rows = []
        for token_id in ids:
            self._ids.append(token_id)
            rows.append(self._table[self._ids[-2] if self.length > 1 else 0, token_id])
        return np.array(rows)

    def rewind(self, length: int) -> None:
        del self._ids[length:]


class Beside:
    """Drafts with another model of the kind."""

    capacity = 4000

    def __init__(self, large: TwoBack, small: TwoBack) -> None:
        self._large, self._small = large, small

    def follow(self) -> None:
        self._small.rewind(0)
        self._small.prefill(self._large.ids)

    def draft(self, token_id: int) -> Logits:
        return self._small.step(token_id)

    def forget(self) -> None:
        pass

    def keep_up(self) -> None:
        pass


def groups(count: int, large: TwoBack, sampling: Sampling, seed: int, small: TwoBack | None = None) -> tuple[npt.NDArray[np.int64], float]:
    """Groups (count, 5), a few of one answer each, and the share of drafts that were kept."""
    speculation = Speculation(large, Beside(large, small)) if small else None
    decoder, found, kept, judged = Decoder(large, FEW, sampling, speculation), [], 0, 0
    for at in range(count // 4):
        found.append(list(decoder.answer([0, 4, 8], seed=seed + at, max_ids=20)))
        if speculation:
            kept, judged = kept + speculation.kept, judged + speculation.judged
    return np.array(found).reshape(-1, 5), kept / max(judged, 1)


def chi_square(one: Counter[int], other: Counter[int], at_least: int = 10) -> tuple[float, int]:
    """Pearson's statistic of two samples of one size over the values they share often enough (the rest are one), and its degrees."""
    cells = [(one[key], other[key]) for key in {*one, *other}]
    often = [cell for cell in cells if sum(cell) >= at_least]
    rest = [cell for cell in cells if sum(cell) < at_least]
    if rest:
        often.append((sum(a for a, _ in rest), sum(b for _, b in rest)))
    return sum((a - b) ** 2 / (a + b) for a, b in often), len(often) - 1


SAMPLINGS = {
    "warm": Sampling(audio_temperature=1.0, top_p=1.0, repetition_window=0),
    "narrow": Sampling(audio_temperature=0.8, top_p=0.7, repetition_window=0),
    "restless": Sampling(audio_temperature=0.9, top_p=0.8, repetition_window=6, repetition_share=0.2),
}


@pytest.mark.parametrize(("name", "strange"), [("warm", 3.0), ("narrow", 0.6), ("restless", 0.6), ("restless", 3.0)])
def test_drafted_groups_are_distributed_as_if_they_were_not(name: str, strange: float) -> None:
    large = TwoBack(1)
    alone, _ = groups(2400, large, SAMPLINGS[name], seed=0)
    drafted, kept = groups(2400, large, SAMPLINGS[name], seed=100_000, small=TwoBack(2, like=large, strange=strange))
    assert (0.5 < kept < 0.95) if strange < 1 else (0.1 < kept < 0.7)
    figures: dict[str, list[npt.NDArray[np.generic]]] = {
        "whole groups": [alone @ 11 ** np.arange(5), drafted @ 11 ** np.arange(5)],
        "first pair": [alone[:, :2] @ [1, 11], drafted[:, :2] @ [1, 11]],
        "middle": [alone[:, 1:3] @ [1, 11], drafted[:, 1:3] @ [1, 11]],
        "last pair": [alone[:, 3:] @ [1, 11], drafted[:, 3:] @ [1, 11]],
    }
    for what, (one, other) in figures.items():
        statistic, degrees = chi_square(Counter(one.tolist()), Counter(other.tolist()))
        assert degrees >= 5
        assert statistic < degrees + 4 * (2 * degrees) ** 0.5, what  # four standard deviations


@pytest.mark.parametrize("name", SAMPLINGS)
def test_chances_are_those_of_a_draw(name: str) -> None:
    draw = np.random.default_rng(3)
    before, logits = draw.normal(0, 2, (4, 14)).astype(np.float32), draw.normal(0, 2, 14).astype(np.float32)
    before[0, :4] = -20
    drawn: dict[tuple[int, ...], Counter[int]] = {}
    told: dict[tuple[int, ...], tuple[int, npt.NDArray[np.float64]]] = {}
    for seed in range(6000):
        sampler = Sampler(FEW, SAMPLINGS[name], seed)
        said = tuple(sampler.draw(row) for row in before)
        if said not in told:
            told[said] = sampler.chances(logits)
        drawn.setdefault(said, Counter())[sampler.draw(logits)] += 1
    said, often = max(drawn.items(), key=lambda item: item[1].total())
    first, shares = told[said]
    assert first == FEW.semantic_offset
    assert shares.sum() == pytest.approx(1)
    expected = shares * often.total()
    assert often.total() > 100
    for place, count in enumerate(expected):
        assert abs(often[first + place] - count) <= 4.5 * (count + 1) ** 0.5


def test_chances_ahead_are_those_after_taking() -> None:
    logits = np.random.default_rng(4).normal(0, 1, 14).astype(np.float32)
    logits[:4] = -20
    one, other = Sampler(FEW, SAMPLINGS["restless"], 0), Sampler(FEW, SAMPLINGS["restless"], 0)
    assert one.draw(logits) == other.draw(logits)
    ahead = [5, 9, 9]
    for code in ahead:
        other.take(code)
    assert one.left == 4
    assert other.left == 1
    first, shares = one.chances(logits, ahead)
    second, others = other.chances(logits)
    assert first == second == FEW.semantic_offset
    np.testing.assert_array_equal(shares, others)
    untouched = replace(SAMPLINGS["restless"], repetition_window=0)
    plain = Sampler(FEW, untouched, 0)
    plain.draw(logits)
    assert not np.allclose(plain.chances(logits, ahead)[1], shares)  # 9 came twice and is held back


class Counted:
    """A model whose passes are counted."""

    def __init__(self, model: StepOmni | WrittenOut) -> None:
        self._model, self._extend = model, model.extend
        self.rows: list[int] = []

    def extend(self, ids: torch.Tensor, *others: object, as_steps: bool = False) -> torch.Tensor:
        if len(others) == 1:
            self.rows.append(len(ids))
        return self._extend(ids, *others, as_steps=as_steps)  # type: ignore[arg-type]


@pytest.fixture
def talkative(tiny_model: StepOmni) -> StepOmni:
    """The tiny model, inclined to speak."""
    model = StepOmni(TINY)
    model.load_state_dict(tiny_model.state_dict())
    with torch.no_grad():
        model.lm_head.weight[60:140] += 0.02 * torch.sign(model.lm_head.weight[60:140])
        model.lm_head.weight[60:140] *= 3
        model.lm_head.weight[140:268] *= 3
    return model.requires_grad_(False).eval()


def small_drafter(backbone: Backbone) -> Drafter:
    with torch.random.fork_rng():
        torch.manual_seed(8)
        small = StepOmni(replace(TINY, hidden_size=48, num_hidden_layers=1)).requires_grad_(False).eval()
    return SmallModel(backbone, Backbone(small))


DRAFTERS: dict[str, Callable[[Backbone], Drafter]] = {
    "small": small_drafter,
    "low layers": lambda backbone: LowLayers(backbone, 1),
    "itself": lambda backbone: SmallModel(backbone, Backbone(copy.deepcopy(backbone._model))),
}


@pytest.mark.parametrize("name", DRAFTERS)
def test_cold_answers_are_the_same(talkative: StepOmni, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    backbone = Backbone(talkative)
    expected = list(Decoder(backbone, LAYOUT, COLD).answer(PROMPT, max_ids=100))
    assert sum(map(LAYOUT.is_audio, expected)) >= 60
    context = backbone._cache.layers[1]._stored[:, :, : backbone.length].clone()
    ids = backbone.ids
    backbone.rewind(0)
    counted = Counted(backbone._pass)
    monkeypatch.setattr(backbone._pass, "extend", counted.extend)
    speculation = Speculation(backbone, DRAFTERS[name](backbone))
    assert list(Decoder(backbone, LAYOUT, COLD, speculation).answer(PROMPT, max_ids=100)) == expected
    same = min(len(ids), backbone.length)
    assert backbone.ids[:same] == ids[:same]
    assert torch.allclose(backbone._cache.layers[1]._stored[:, :, :same], context[:, :, :same], atol=1e-5)
    if name == "itself":  # every draft is right
        assert speculation.kept == speculation.judged > 40
        assert max(counted.rows) == 5
    else:
        assert speculation.kept < speculation.judged


@pytest.mark.parametrize("quantization", ["int8", "int4", "int3"])
def test_a_check_is_what_steps_are_to_the_last_bit(tiny_folder: Path, quantization: str) -> None:
    backbone = Backbone.load(tiny_folder, quantization=Quantization(quantization, 32))
    for before in (1, 37, 300):  # products of different lengths add up in different orders
        backbone.prepare([(7 * at) % 300 for at in range(before)])
        steps = [backbone.step(token_id).copy() for token_id in (60, 61, 140, 141, 142)]
        kept = [layer._stored[:, :, before : before + 5].clone() for layer in backbone._cache.layers]
        backbone.rewind(before)
        np.testing.assert_array_equal(backbone.read([60, 61, 140, 141, 142], as_steps=True), np.array(steps))
        for layer, was in zip(backbone._cache.layers, kept, strict=True):
            assert torch.equal(layer._stored[:, :, before : before + 5], was)
        backbone.rewind(before)
        np.testing.assert_allclose(backbone.read([60, 61, 140, 141, 142]), np.array(steps), atol=0.05)


def test_mini_says_the_same_with_drafts_as_without() -> None:
    """The real weights, where logits are often as near to each other as bfloat16's rounding."""
    bundle = Bundle.open(find_bundle("mini"))
    manifest, layout = bundle.manifest, bundle.manifest.tokens
    cold = replace(manifest.sampling, audio_temperature=0)
    backbone = Backbone.load(bundle.folder / "backbone", context=400)
    prompt = Prompt(TextTokenizer(bundle.path("text.model")), layout, manifest.chat)
    speculation = Speculation(backbone, LowLayers(backbone, 2))
    for question in ("What is two plus two?", "What colour is the sky?"):
        ids = prompt.conversation([Message("user", (question,))])
        expected = list(Decoder(backbone, layout, cold).answer(ids, max_ids=80))
        backbone.rewind(0)
        assert list(Decoder(backbone, layout, cold, speculation).answer(ids, max_ids=80)) == expected
        assert sum(map(layout.is_audio, expected)) >= 30
        assert 0 < speculation.kept < speculation.judged


def test_what_was_drafted_in_vain_leaves_no_trace(talkative: StepOmni) -> None:
    backbone = Backbone(talkative)
    for drafter in (LowLayers(backbone, 1), small_drafter(backbone)):
        clean = backbone.prepare([*PROMPT, 70]).copy()
        backbone.prepare(PROMPT)
        for _ in range(3):
            drafter.follow()
            for token_id in (70, 71, 150):
                drafter.draft(token_id)
            drafter.forget()
            assert backbone.ids == tuple(PROMPT)
            assert backbone._cache.length == len(PROMPT)
        np.testing.assert_allclose(backbone.step(70), clean, atol=1e-5)


def test_a_small_model_reads_right_drafts_once(talkative: StepOmni, monkeypatch: pytest.MonkeyPatch) -> None:
    backbone, small = Backbone(talkative), Backbone(talkative)
    drafter = SmallModel(backbone, small)
    read: list[int] = []
    prefill = small.prefill

    def counted(ids: Sequence[int]) -> Logits:
        read.append(len(ids))
        return prefill(ids)

    monkeypatch.setattr(small, "prefill", counted)
    backbone.prepare(PROMPT)
    drafter.keep_up()
    assert read == [5]
    drafter.follow()
    drafter.draft(70)
    drafter.draft(71)
    backbone.prefill([70, 99])
    drafter.follow()
    drafter.draft(150)
    assert read == [5, 1, 1, 2]  # 99 and 150: 70 was right
    assert small.ids == (*PROMPT, 70, 99, 150)


def test_others_may_use_the_backbone_between_two_ids(talkative: StepOmni) -> None:
    backbone = Backbone(talkative)
    expected = list(Decoder(backbone, LAYOUT, COLD).answer(PROMPT, max_ids=60))
    speculation = Speculation(backbone, DRAFTERS["itself"](backbone))
    given: list[int] = []
    for token_id in Decoder(backbone, LAYOUT, COLD, speculation).answer(PROMPT, max_ids=60):
        given.append(token_id)
        backbone.prepare([5, 6, 7])
        backbone.prepare([*PROMPT, *given[:-1]])
    assert given == expected


def test_two_answers_at_once_are_refused(talkative: StepOmni) -> None:
    backbone = Backbone(talkative)
    decoder = Decoder(backbone, LAYOUT, COLD, Speculation(backbone, LowLayers(backbone, 1)))
    first = decoder.answer(PROMPT)
    next(first)
    next(decoder.answer([*PROMPT, *PROMPT]))
    with pytest.raises(EngineError, match="Another answer was begun"):
        list(first)


def test_the_end_of_the_context_is_not_drafted_over(talkative: StepOmni) -> None:
    for room in range(20, 27):
        backbone = Backbone(talkative, context=len(PROMPT) + room)
        speculation = Speculation(backbone, LowLayers(backbone, 1))
        assert len(list(Decoder(backbone, LAYOUT, COLD, speculation).answer(PROMPT))) == room


def test_an_answer_whose_drafts_are_wrong_goes_on_without() -> None:
    large = TwoBack(1)
    speculation = Speculation(large, Beside(large, TwoBack(9)), least_acceptance=0.9)
    decoder = Decoder(large, FEW, SAMPLINGS["warm"], speculation)
    for _ in range(2):  # and the next one begins anew
        assert len(list(decoder.answer([0, 4, 8], max_ids=400))) == 400
        assert JUDGED_AT_LEAST <= speculation.judged < JUDGED_AT_LEAST + 5


def test_refusals(talkative: StepOmni) -> None:
    backbone = Backbone(talkative)
    other = Backbone(StepOmni(replace(TINY, vocab_size=301, num_hidden_layers=1)))
    with pytest.raises(BundleCorrupt, match="has 301 ids and the one that it drafts for 300"):
        SmallModel(backbone, other)
    for layers in (0, 2):
        with pytest.raises(BundleCorrupt, match=f"of 2 layers can't draft with its lowest {layers}"):
            LowLayers(backbone, layers)


def test_common_start() -> None:
    ids = tuple(range(50))
    for at in (0, 1, 24, 25, 49, 50):
        other = (*ids[:at], *[99] * 7)
        assert common_start(ids, other) == common_start(other, ids) == at
    assert common_start((), ids) == 0
