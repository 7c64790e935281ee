"""Keys and values in less than float32: what that takes, what it costs, and that nothing else changes."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from parley_models.backbone import backbone as backbone_module
from parley_models.backbone.backbone import Backbone
from parley_models.backbone.cache import KvCache
from parley_models.backbone.cache_forms import BFLOAT16, FLOAT32, FORMS, INT8, bytes_per_id, fitting
from parley_models.backbone.config import BackboneConfig
from parley_models.backbone.memory import free_memory_bytes
from parley_models.backbone.model import StepOmni
from parley_models.errors import UsageError
from tests.parley_models.backbone.conftest import TINY

NARROW = [BFLOAT16, INT8]
IDS = [(11 * at) % 300 for at in range(200)]


def shares(logits: np.ndarray) -> np.ndarray:
    weights: np.ndarray = np.exp(logits.astype(np.float64) - logits.max())
    return weights / weights.sum()


@pytest.mark.parametrize("config", [TINY, replace(TINY, hidden_size=6 * 64, num_attention_heads=6), replace(TINY, hidden_size=6 * 48)])
@pytest.mark.parametrize("form", FORMS)
def test_what_is_reckoned_is_what_is_held(form: str, config: BackboneConfig) -> None:
    cache = KvCache(config, 64, form)
    assert cache.size_bytes == 64 * bytes_per_id(config, form)
    held = {
        tensor.data_ptr(): tensor.nbytes for layer in cache.layers for tensor in vars(layer).values() if isinstance(tensor, torch.Tensor)
    }
    one_layer = 2 * 64 * config.num_attention_groups * config.head_dim * 4
    assert sum(held.values()) == cache.size_bytes + (0 if form == FLOAT32 else one_layer)  # widened one layer at a time, in one place


@pytest.mark.parametrize(("form", "off"), [(BFLOAT16, 2**-8), (INT8, 0.6 / 127)])
def test_numbers_come_back_as_near_as_their_block_allows(form: str, off: float) -> None:
    config = replace(TINY, hidden_size=6 * 64)
    layer = KvCache(config, 40, form).layers[0]
    draw = torch.Generator().manual_seed(2)
    key, value = torch.randn(2, 1, 2, 40, 64, generator=draw)
    key[..., 3] *= 50  # a few numbers of a head are far larger than the others; they share a scale with 31 others only
    key[0, 0, 7] = 0
    for start, stop in ((0, 30), (30, 31), (31, 40)):
        keys, values = layer.extend(key[:, :, start:stop], value[:, :, start:stop])
    for near, right in ((keys, key), (values, value)):
        largest = right.unflatten(3, (-1, 32)).abs().amax(4, keepdim=True).expand(-1, -1, -1, -1, 32).flatten(3)
        assert ((near - right).abs() <= off * largest).all()
        assert (near != right).any()


@pytest.mark.parametrize(("form", "nats"), [(BFLOAT16, 3e-5), (INT8, 3e-5)])
def test_answers_hardly_change(tiny_model: StepOmni, form: str, nats: float) -> None:
    exact, near = (shares(Backbone(tiny_model, cache=each).prefill(IDS)) for each in (FLOAT32, form))
    divergence = float((exact * np.log(exact / near)).sum())
    assert 0 < divergence < nats


@pytest.mark.parametrize("form", NARROW)
def test_what_was_rewound_leaves_no_trace(tiny_model: StepOmni, form: str) -> None:
    backbone = Backbone(tiny_model, cache=form)
    backbone.prefill(IDS[:50])
    expected = backbone.prefill([5, 6, 7]).copy()
    backbone.rewind(50)
    backbone.prefill(IDS[100:180])
    backbone.rewind(50)
    np.testing.assert_array_equal(backbone.prefill([5, 6, 7]), expected)
    assert backbone.cache_form == form


@pytest.mark.parametrize("form", NARROW)
def test_however_a_text_is_cut_it_is_the_same(tiny_model: StepOmni, form: str) -> None:
    whole, pieces = Backbone(tiny_model, cache=form), Backbone(tiny_model, cache=form)
    logits = whole.prefill(IDS)
    for start, stop in ((0, 120), (120, 121), (121, 126), (126, 199)):
        pieces.prefill(IDS[start:stop])
    far = np.abs(pieces.step(IDS[199]) - logits).max()
    assert far < 5e-3  # a code may tip over where sums were added in another order, never more


@pytest.mark.parametrize("form", NARROW)
def test_the_memory_is_made_once(tiny_model: StepOmni, form: str) -> None:
    backbone = Backbone(tiny_model, cache=form)
    layer = backbone._cache.layers[1]
    before = layer._stored.data_ptr(), layer._wide.data_ptr()
    for ids in (IDS, [1], [2, 3]):
        backbone.prefill(ids)
    assert (layer._stored.data_ptr(), layer._wide.data_ptr()) == before
    assert layer._wide is backbone._cache.layers[0]._wide


def test_the_form_is_chosen_by_what_is_free(tiny_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = 400 * bytes_per_id(TINY, FLOAT32)
    found = []
    for free in (None, 10 * whole, 2 * whole, 1.9 * whole, 0.9 * whole, 0):
        monkeypatch.setattr(backbone_module, "free_memory_bytes", lambda free=free: free)
        found.append(Backbone.load(tiny_folder).cache_form)
    assert found == [FLOAT32, FLOAT32, FLOAT32, BFLOAT16, INT8, INT8]
    assert Backbone.load(tiny_folder, cache=BFLOAT16).cache_form == BFLOAT16
    assert fitting(TINY, 100, 2 * whole / 4) == FLOAT32  # a quarter of the context


def test_an_unknown_form_is_refused(tiny_model: StepOmni) -> None:
    with pytest.raises(UsageError, match="float32, bfloat16 or int8, not as int4"):
        Backbone(tiny_model, cache="int4")


def test_free_memory_is_told() -> None:
    free = free_memory_bytes()
    assert free is None or 2**20 < free < 2**50
