import json
import sys
from pathlib import Path

import pytest
import torch

from parley_models.backbone.config import BackboneConfig
from parley_models.backbone.convert import save_checkpoint
from parley_models.backbone.model import StepOmni
from parley_training.quantize import recipe


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    model = StepOmni(BackboneConfig(128, 256, 4, 2, 2, 300, max_seq_len=512))
    model.init_weights(torch.Generator().manual_seed(1))
    save_checkpoint(model, tmp_path / "backbone")
    return tmp_path / "backbone"


def quantize(trained: Path, monkeypatch: pytest.MonkeyPatch, linear: str) -> dict[str, float]:
    out = trained.parent / linear
    monkeypatch.setattr(sys, "argv", ["recipe", "--backbone", str(trained), "--out", str(out), "--linear", linear])
    recipe.main()
    assert sorted(path.name for path in out.iterdir()) == ["config.json", "model.safetensors"]  # what a bundle takes, nothing else
    return dict(json.loads((trained.parent / f"{linear}.cost.json").read_text()))


def test_eight_bits_cost_less_than_four_and_are_more(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    eight, four = quantize(trained, monkeypatch, "int8"), quantize(trained, monkeypatch, "int4")
    assert 4 * eight["bytes_after"] > eight["bytes_before"] > 3 * eight["bytes_after"]
    assert four["bytes_after"] < eight["bytes_after"]
    assert 0 <= eight["nats"] < four["nats"] < 0.1
    assert eight["same_choice"] > 0.9


def test_three_bits_cost_more_than_four_and_less_space(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    four, three = quantize(trained, monkeypatch, "int4"), quantize(trained, monkeypatch, "int3")
    assert three["bytes_after"] < four["bytes_after"]
    assert four["nats"] < three["nats"]


def test_a_float_copy_costs_nothing(trained: Path) -> None:
    same = recipe.cost(trained, trained, ids=5)
    assert (same.same_choice, same.nats) == (1.0, 0.0)
