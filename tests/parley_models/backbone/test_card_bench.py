"""The measuring of cards, where the card is the processor and its kernels are interpreted: what is measured, not how fast."""

import os
from dataclasses import replace

import pytest
import torch

os.environ["TRITON_INTERPRET"] = "1"  # before the first of its kernels is read
pytest.importorskip("triton")

from parley.cli.bench_card import show
from parley_models.backbone import card_attention, card_bench
from parley_models.backbone.bench import ROWS, Shape
from parley_models.backbone.card_bench import READ_IDS, CardBench, card_record
from parley_models.backbone.config import BackboneConfig

TINY = BackboneConfig(
    hidden_size=64,
    intermediate_size=128,
    num_attention_heads=4,
    num_attention_groups=2,
    num_hidden_layers=2,
    vocab_size=320,
    max_seq_len=300,
)


def test_a_whole_backbone_is_measured_recorded_and_not(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(card_attention, "SPANS", 2)
    monkeypatch.setattr(card_bench, "TIMES", 1)
    monkeypatch.setattr(card_bench, "COPIED_BYTES", 1 << 20)
    monkeypatch.setattr(card_bench, "ROWS", (1, 3))
    bench = CardBench(Shape("tiny", TINY, layers=2), torch.device("cpu"))
    linears = 2 * (2 * 64 * 64 + 2 * 64 * 32 + 3 * 64 * 128)
    assert bench.weight_bytes == pytest.approx(0.5625 * linears + 320 * 64, rel=0.03)
    ticks: list[None] = []
    passes = list(bench.passes(lambda: ticks.append(None)))
    assert [(each.context, each.ids) for each in passes] == [(0, 1), (0, 3), (0, READ_IDS)]
    assert len(ticks) == 3
    assert [each.recorded_ms is None for each in passes] == [False, False, True]
    step = passes[0]
    assert step.recorded_ms is not None and step.copy_share is not None
    assert step.ids_per_s == pytest.approx(1e3 / step.recorded_ms)
    found = card_record(bench, passes, {"twice as fast": 2 * bench.copy_bytes_per_s})
    assert found["other_cards"]["twice as fast"] == pytest.approx(2 * step.ids_per_s, rel=0.01)  # of what was measured
    assert set(found["kernels"]) == {"qkv", "o", "gate_up", "down", "head"}
    show({**found, "device": "a card"})
    assert "twice as fast" in capsys.readouterr().out


def test_a_shape_is_measured_at_every_number_of_ids_that_speculation_needs() -> None:
    assert set(range(1, 6)) <= set(ROWS)
    assert {1, 2, 4, 8, 16} <= set(ROWS)
    assert replace(Shape("x", TINY), config=replace(TINY, max_seq_len=32768)).contexts == (0, 1024, 4096, 8192, 16384)
