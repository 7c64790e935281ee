from dataclasses import replace

import pytest
import torch

from parley_models.backbone.bench import READ_IDS, ROWS, Bench, Shape, record
from parley_models.backbone.config import BackboneConfig
from parley_models.backbone.quantized_layers import QuantizedLinear

SMALL = BackboneConfig(
    hidden_size=128,
    intermediate_size=192,
    num_attention_heads=4,
    num_attention_groups=2,
    num_hidden_layers=12,
    vocab_size=320,
    max_seq_len=1200,
)


@pytest.fixture(scope="module")
def bench() -> Bench:
    torch.manual_seed(0)
    return Bench(Shape("small", SMALL))


def test_every_pass_is_measured_at_every_context_that_fits(bench: Bench) -> None:
    ticks: list[None] = []
    passes = list(bench.passes(lambda: ticks.append(None)))
    assert {(each.context, each.ids) for each in passes} == {(at, ids) for at in (0, 1024) for ids in (*ROWS, READ_IDS)}
    assert len(ticks) == len(passes)
    for each in passes:
        assert 0 < 12 * each.layer_ms < each.step_ms  # the head comes to it
        assert each.ids_per_s == pytest.approx(each.ids / each.step_ms * 1e3)
        assert (each.copy_share is None) == (each.ids == READ_IDS)
    told = record(bench.shape, passes, [], [], bench.copy_bytes_per_s, 1)
    assert told["step_is"] == "computed from one layer and the head"
    assert len(told["passes"]) == len(passes)
    curves = told["speculation"]
    assert [(each["context"], each["draft_in_steps"]) for each in curves] == [(0, 0.03), (0, 0.25), (1024, 0.03), (1024, 0.25)]
    assert all(each["gain_by_acceptance"]["0.0"] < each["gain_by_acceptance"]["1.0"] for each in curves)


def test_a_shape_that_is_made_whole_is_measured_whole() -> None:
    shape = Shape("tiny", replace(SMALL, num_hidden_layers=2, max_seq_len=70), "int8", layers=2)
    bench = Bench(shape)
    passes = list(bench.passes(lambda: None))
    assert {each.context for each in passes} == {0}
    assert record(shape, passes, [], [], 1e9, 1)["step_is"] == "measured, layers and head"


def test_ours_and_torchs_own_product_are_paired(bench: Bench) -> None:
    paired = list(bench.paired(lambda: None))
    assert [each.ids for each in paired] == list(ROWS)
    assert all(each.ours_ms > 0 and each.torch_ms is not None and each.torch_ms > 0 for each in paired)


def test_every_form_of_the_context_is_measured_at_every_context(bench: Bench) -> None:
    ticks: list[None] = []
    caches = list(bench.caches(lambda: ticks.append(None)))
    assert [(each.context, each.form) for each in caches] == [(at, form) for at in (0, 1024) for form in ("float32", "bfloat16", "int8")]
    assert len(ticks) == 2
    assert all(each.over_float32 == 1 for each in caches if each.form == "float32")
    assert all(each.layer_ms > 0 and each.over_float32 > 0 for each in caches)


def test_the_matrices_have_their_true_shape(bench: Bench) -> None:
    layer = bench._layers[0]
    made = {name: child for name, child in layer.named_modules() if isinstance(child, QuantizedLinear)}
    assert set(made) == {"self_attn.qkv_proj", "self_attn.o_proj", "mlp.gate_up_proj", "mlp.down_proj"}
    assert made["mlp.gate_up_proj"](torch.ones(1, 3, 128)).shape == (1, 3, 384)
    assert made["self_attn.qkv_proj"](torch.ones(1, 3, 128)).shape == (1, 3, 256)
    weights = 2 * 128 * 128 + 2 * 128 * 64 + 3 * 128 * 192
    assert bench._layer_bytes == pytest.approx(0.5625 * weights, rel=0.02)
    assert Shape("small", SMALL).needed_bytes > bench._layer_bytes + bench._head_bytes
