import copy
import random
from pathlib import Path

import numpy as np
import pytest
import torch

from parley_models.backbone.backbone import Backbone
from parley_models.backbone.cache import KvCache
from parley_models.backbone.model import StepOmni, alibi_bias
from parley_models.errors import EngineError

CLOSE = 1e-4


@pytest.fixture
def backbone(tiny_model: StepOmni) -> Backbone:
    return Backbone(tiny_model)


def whole(model: StepOmni, ids: list[int]) -> np.ndarray:
    return model.logits(model(torch.tensor(ids)[None])[0, -1]).numpy()


def test_any_way_of_reading_gives_the_same_logits(backbone: Backbone, tiny_model: StepOmni) -> None:
    ids = random.Random(1).choices(range(300), k=60)
    expected = whole(tiny_model, ids)
    for cuts in ([60], [1] * 60, [7, 1, 30, 1, 1, 20]):
        backbone.rewind(0)
        at = 0
        for cut in cuts:
            logits = backbone.prefill(ids[at : at + cut])
            at += cut
        np.testing.assert_allclose(logits, expected, atol=CLOSE)
        assert backbone.length == 60


def test_a_long_prompt_is_read_in_pieces(backbone: Backbone, tiny_model: StepOmni) -> None:
    ids = random.Random(2).choices(range(300), k=390)
    np.testing.assert_allclose(backbone.prefill(ids), whole(tiny_model, ids), atol=CLOSE)


def test_rewound_ids_leave_no_trace(backbone: Backbone) -> None:
    said = [5, 6, 7, 8]
    clean = backbone.prefill(said).copy()
    backbone.rewind(2)
    backbone.prefill([200, 201, 202])
    backbone.rewind(2)
    assert backbone.length == 2
    assert backbone.ids == (5, 6)
    np.testing.assert_allclose(backbone.prefill(said[2:]), clean, atol=CLOSE)


def test_what_is_no_number_is_told(tiny_model: StepOmni) -> None:
    """The likeliest of numbers that are none is always the first id: a damaged model would write it until it may write no more."""
    damaged = copy.deepcopy(tiny_model)
    with torch.no_grad():
        damaged.get_parameter("model.layers.1.mlp.down_proj.weight")[3, 4] = torch.nan
    backbone = Backbone(damaged)
    with pytest.raises(EngineError, match="what is no number"):
        backbone.prefill([5, 6, 7])
    with pytest.raises(EngineError, match="what is no number"):
        backbone.read([5, 6])
    assert backbone.length == 0
    assert np.isfinite(backbone.glance([5], 1)).all()  # its lowest layer is sound


def test_a_pass_that_failed_leaves_no_trace(backbone: Backbone, tiny_model: StepOmni, monkeypatch: pytest.MonkeyPatch) -> None:
    backbone.prefill([5, 6])
    with monkeypatch.context() as patched:

        def full(_hidden: torch.Tensor) -> torch.Tensor:
            raise torch.cuda.OutOfMemoryError

        patched.setattr(backbone._pass, "logits", full)
        with pytest.raises(EngineError, match="no memory left"):
            backbone.prefill([200, 201, 202])
        with pytest.raises(EngineError, match="no memory left"):
            backbone.read([200, 201, 202])
    assert backbone.ids == (5, 6)
    np.testing.assert_allclose(backbone.prefill([7, 8]), whole(tiny_model, [5, 6, 7, 8]), atol=CLOSE)


def test_prepare_reads_only_what_differs(backbone: Backbone, tiny_model: StepOmni, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    extend = backbone._pass.extend

    def counted(ids: torch.Tensor, cache: KvCache) -> torch.Tensor:
        read.append(len(ids))
        return extend(ids, cache)

    monkeypatch.setattr(backbone._pass, "extend", counted)
    for ids, new in [(list(range(50)), 50), ([*range(50), 9, 9], 2), ([*range(40), 1], 1), (list(range(30)), 1), ([7, 8], 2)]:
        read.clear()
        np.testing.assert_allclose(backbone.prepare(ids), whole(tiny_model, ids), atol=CLOSE)
        assert sum(read) == new
        assert list(backbone.ids) == ids


def test_a_step_leaves_the_cache_where_it_is(backbone: Backbone) -> None:
    backbone.prefill([1, 2, 3])
    layer = backbone._cache.layers[0]
    before = layer._stored.data_ptr()
    for token in range(100):
        backbone.step(token)
    assert layer._stored.data_ptr() == before


@pytest.mark.parametrize("new", [1, 5, 256])
def test_a_bias_is_a_view_of_what_was_made_once(backbone: Backbone, tiny_model: StepOmni, new: int) -> None:
    backbone.prefill([1] * 100)
    cache = backbone._cache
    bias = cache.bias(new)
    assert bias.untyped_storage().data_ptr() == cache._fall.untyped_storage().data_ptr()
    whole = alibi_bias(tiny_model.slopes, 100 + new)
    torch.testing.assert_close(bias, whole[:, 100:].flip(1))


@pytest.mark.parametrize(
    ("ids", "message"),
    [([], "nothing to read"), ([300], "has 300 ids"), ([-1], "has 300 ids"), ([1] * 401, "needs 401 tokens and the model holds 400")],
)
def test_refusals(backbone: Backbone, ids: list[int], message: str) -> None:
    backbone.prefill([4, 5])
    with pytest.raises(EngineError, match=message):
        backbone.prepare(ids)
    assert backbone.ids == (4, 5)


def test_a_full_context_refuses_one_more(backbone: Backbone) -> None:
    backbone.prefill([1] * 400)
    with pytest.raises(EngineError, match="needs 401 tokens"):
        backbone.step(1)
    with pytest.raises(EngineError, match="can't be rewound to 401"):
        backbone.rewind(401)


def test_load_takes_the_folder(tiny_folder: Path, tiny_model: StepOmni) -> None:
    backbone = Backbone.load(tiny_folder, context=64)
    assert backbone.capacity == 64
    np.testing.assert_allclose(backbone.prefill([3, 1, 4]), whole(tiny_model, [3, 1, 4]), atol=CLOSE)
