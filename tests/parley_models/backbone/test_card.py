"""What a graphics card would compute, run by Triton's interpreter on the processor; and where its tensors would lie."""

import os
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map_only

os.environ["TRITON_INTERPRET"] = "1"  # before the first of its kernels is read
pytest.importorskip("triton")
from triton.runtime.errors import OutOfResources

from parley_models.backbone import backbone, card_attention, card_cache, kernels
from parley_models.backbone.backbone import Backbone
from parley_models.backbone.cache import MOST_IDS, KvCache
from parley_models.backbone.cache_forms import FORMS
from parley_models.backbone.card_attention import attend
from parley_models.backbone.card_cache import CardCache, attention_is_right
from parley_models.backbone.card_kernels import CARD_KERNELS
from parley_models.backbone.card_steps import RecordedSteps, passed
from parley_models.backbone.kernels import choose
from parley_models.backbone.matrices import GROUPED, Int8Rows, Matrix
from parley_models.backbone.model import FEW_IDS, StepOmni, alibi_slopes
from parley_models.errors import EngineError

HERE = torch.device("cpu")
OWN = ("dots", "sums", "bfloat16")
"""Names of kernels begin so; torch's int4 for cards runs on cards alone."""


@pytest.fixture(autouse=True)
def few_spans(monkeypatch: pytest.MonkeyPatch) -> None:
    """The interpreter takes ten milliseconds for each of them."""
    monkeypatch.setattr(card_attention, "SPANS", 4)


def drawn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def matrices() -> list[Matrix]:
    weight = drawn(70, 208)  # neither number is a multiple of any block
    fine = [kind.quantize(weight, 16) for kind in GROUPED.values()]
    return [Int8Rows.quantize(weight), *fine, GROUPED["int4"].quantize(drawn(33, 256), 128)]


@pytest.mark.parametrize("matrix", matrices(), ids=lambda matrix: f"{matrix.name}-{matrix.group}")
def test_every_kernel_of_a_card_multiplies_as_float64_does(matrix: Matrix) -> None:
    seen: set[str] = set()
    for name, kernel in CARD_KERNELS[matrix.name].items():
        if not name.startswith(OWN) or (name.startswith("sums") and seen & {"sums"}):
            continue
        x = drawn(5, matrix.shape[1], seed=1)
        right = x.double() @ matrix.weight().double().T
        found = kernel.product(x, kernel.pack(matrix))
        assert found.dtype == torch.float32
        far = (found - right).abs().max() / right.abs().max()
        assert far < (0.02 if name == "bfloat16" else 1e-6), name
        seen.add(name.split()[0])
    assert seen == set(OWN)


@pytest.mark.parametrize(("new", "length"), [(1, 1), (1, 77), (3, 130), (5, 400), (16, 390)])
def test_attention_over_the_cache_is_that_of_float64(new: int, length: int) -> None:
    heads, groups, width, capacity = 6, 2, 24, 400
    slopes, asked, stored = alibi_slopes(heads), drawn(heads, new, width), drawn(2, groups, capacity, width, seed=1)
    stored[:, :, length:] = torch.nan  # what was never written is never looked at
    found = attend(asked, stored, None, slopes, torch.tensor([length], dtype=torch.int32))
    keys, values = (each[:, :length].double().repeat_interleave(heads // groups, 0) for each in stored)
    back = torch.arange(length - new, length)[:, None] - torch.arange(length)
    bias = (-slopes.double()[:, None, None] * back.clamp_min(0).double().sqrt()).masked_fill(back < 0, -torch.inf)
    right = torch.softmax(asked.double() @ keys.transpose(1, 2) * width**-0.5 + bias, -1) @ values
    assert (found - right).abs().max() < 1e-6


@pytest.mark.parametrize("form", FORMS)
def test_a_conversation_on_the_card_is_the_one_on_the_processor(tiny_model: StepOmni, form: str) -> None:
    """Many ids, then a few at a time, then again after a rewind: the same hidden states from both caches."""
    draw = torch.Generator().manual_seed(2)
    card, plain = CardCache(tiny_model.config, 120, form, HERE), KvCache(tiny_model.config, 120, form)
    with torch.inference_mode():
        for count in (40, 1, 5):
            ids = torch.randint(300, (count,), generator=draw)
            found, right = (tiny_model.extend(ids, cache) for cache in (card, plain))
            torch.testing.assert_close(found, right, rtol=0, atol=2e-5)
        for cache in (card, plain):
            cache.rewind(44)
        assert card.length == plain.length == 44
        for count in (FEW_IDS, 20):
            ids = torch.randint(300, (count,), generator=draw)
            found, right = (tiny_model.extend(ids, cache) for cache in (card, plain))
            torch.testing.assert_close(found, right, rtol=0, atol=2e-5)
        card.pretend(117)
        with pytest.raises(EngineError, match="needs 121 tokens and the model holds 120"):
            tiny_model.extend(torch.tensor([1, 2, 3, 4]), card)


def test_as_steps_is_what_single_steps_give_to_the_last_bit(tiny_model: StepOmni) -> None:
    query, key, value = drawn(6, 4, 16), drawn(2, 4, 16, seed=1), drawn(2, 4, 16, seed=2)

    def mixed(cache: CardCache, ids: slice, *, as_steps: bool) -> torch.Tensor:
        cache.falls(ids.stop - ids.start)
        distances = cache.distances(ids.stop - ids.start, as_steps=as_steps)
        return distances.attend(query[:, ids], key[:, ids], value[:, ids], cache.layers[0])

    with torch.inference_mode():
        one, other = (CardCache(tiny_model.config, 60, "bfloat16", HERE) for _ in range(2))
        for cache in (one, other):
            tiny_model.extend(torch.arange(30), cache)
        together = mixed(one, slice(0, 4), as_steps=True)
        alone = [mixed(other, slice(at, at + 1), as_steps=False) for at in range(4)]
    assert torch.equal(together, torch.cat(alone, 1))


def test_a_recorded_pass_asks_the_card_alone_where_it_is(tiny_model: StepOmni) -> None:
    """A recording repeats what was done once: so a pass must follow the card's number, not what the host knew when it was recorded."""
    with torch.inference_mode():
        card, plain = CardCache(tiny_model.config, 90, "float32", HERE), KvCache(tiny_model.config, 90)
        told = torch.arange(70)
        for cache in (card, plain):
            tiny_model.extend(told, cache)
        for length in (70, 33):
            plain.rewind(length)
            card.start.fill_(length)  # and nothing else
            ids = torch.tensor([9, 10, 11])
            right = tiny_model.logits(tiny_model.extend(ids, plain))
            torch.testing.assert_close(passed(tiny_model, card, ids), right, rtol=0, atol=2e-5)


def test_a_backbone_with_recorded_steps_says_what_one_without_says(tiny_model: StepOmni, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading, stepping, checking drafts, glancing with half of the layers and rewinding, in any order."""
    plain = Backbone(tiny_model, context=90)
    monkeypatch.setattr(backbone, "caching", recorded)
    card = Backbone(tiny_model, context=90)
    for each in (plain, card):
        each.prepare(list(range(30)))
    for ids in ([5], [6, 7], [8], [9] * 20, [10, 11, 12]):
        right, found = (each.prefill(ids) for each in (plain, card))
        np.testing.assert_allclose(found, right, atol=2e-5)
    for as_steps in (False, True):
        right, found = (each.glance([20], 1) for each in (plain, card))
        np.testing.assert_allclose(found, right, atol=2e-5)
        for each in (plain, card):
            each.forget()
        right, found = (each.read([20, 21, 22], as_steps=as_steps) for each in (plain, card))
        np.testing.assert_allclose(found, right, atol=2e-5)
        for each in (plain, card):
            each.rewind(40)
    assert card.ids == plain.ids
    np.testing.assert_allclose(card.step(23), plain.step(23), atol=2e-5)
    with pytest.raises(EngineError, match="needs 91 tokens and the model holds 90"):
        card.prefill([1] * 50)


def recorded(model: StepOmni, capacity: int, form: str) -> tuple[KvCache, RecordedSteps]:
    cache = CardCache(model.config, capacity, form, HERE)
    return cache, RecordedSteps(model, cache)


def test_attention_that_is_wrong_is_not_used(tiny_model: StepOmni, monkeypatch: pytest.MonkeyPatch) -> None:
    attention_is_right.cache_clear()
    assert attention_is_right(tiny_model.config, "int8", HERE)
    attention_is_right.cache_clear()
    monkeypatch.setattr(card_cache, "attend", lambda query, *_: query * 1.1)
    assert not attention_is_right(tiny_model.config, "int8", HERE)
    attention_is_right.cache_clear()


def test_attention_that_a_card_can_not_compile_is_not_used(tiny_model: StepOmni, monkeypatch: pytest.MonkeyPatch) -> None:
    def too_large(*_: object) -> torch.Tensor:
        raise OutOfResources(132_000, 101_376, "shared memory")

    monkeypatch.setattr(card_cache, "attend", too_large)
    attention_is_right.cache_clear()
    assert not attention_is_right(tiny_model.config, "int8", HERE)
    attention_is_right.cache_clear()


class OneDevice(TorchDispatchMode):
    """Refuses tensors of the processor."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:  # noqa: ANN401 - torch passes anything
        for each in tree_leaves((args, kwargs)):
            assert not isinstance(each, torch.Tensor) or each.device.type == "meta", func
        return func(*args, **(kwargs or {}))


def _on_a_card(kept: torch.Tensor) -> torch.Tensor:
    return torch.empty(kept.shape, dtype=kept.dtype, device="meta")


def carded(thing: object) -> None:
    """Everything that a cache keeps, as if it had been made on a card."""
    for name, kept in vars(thing).items():
        setattr(thing, name, tree_map_only(torch.Tensor, _on_a_card, kept))


@pytest.mark.parametrize("form", FORMS)
def test_nothing_of_a_pass_on_a_card_stays_on_the_processor(tiny_model: StepOmni, form: str) -> None:
    """The meta device stands for the card: a tensor of the processor that a pass needed would lie beside tensors without numbers."""
    with torch.device("meta"):
        model = StepOmni(tiny_model.config)
    cache = KvCache(model.config, 300, form)
    for part in (cache, *cache.layers):
        carded(part)
    with OneDevice(), torch.inference_mode():
        for count in (1, 5, MOST_IDS):
            cache.rewind(0)
            hidden = model.extend(torch.zeros(count, dtype=torch.int64, device="meta"), cache)
            assert model.logits(hidden).device.type == "meta"


@pytest.mark.parametrize("kind", [Int8Rows.name, *GROUPED])
def test_a_card_has_kernels_of_its_own_first(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    names = list(kernels.kernels_for(kind, "cuda"))
    assert names[0].startswith("dots")
    assert names[-1] == "widened"
    assert not {"int8pack", "int4pack"} & set(names)
    assert not any(name.startswith(("dots", "sums")) for name in kernels.kernels_for(kind, "cpu"))
    monkeypatch.setattr(kernels, "find_spec", lambda _: None)
    assert "widened" in kernels.kernels_for(kind, "cuda")  # a card without Triton still multiplies


def test_matrices_are_chosen_for_where_they_lie() -> None:
    one, wide = choose(Int8Rows.quantize(drawn(64, 64)))
    assert "cpu" in one.devices and "cpu" in wide.devices
