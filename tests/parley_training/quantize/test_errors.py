"""The table of what quantization costs, and rounding with calibration."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from parley_models.backbone.backbone import Backbone
from parley_models.backbone.config import BackboneConfig
from parley_models.backbone.convert import quantize_checkpoint, save_checkpoint
from parley_models.backbone.matrices import Int3Groups, Int4Groups
from parley_models.backbone.model import StepOmni
from parley_models.backbone.quantize import Quantization
from parley_models.errors import UsageError
from parley_training.quantize import errors, recipe
from parley_training.quantize.asking import answers
from parley_training.quantize.calibrated import gptq, quantize_calibrated
from parley_training.quantize.page import Errors, table, write_between
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    model = StepOmni(BackboneConfig(128, 256, 4, 2, 3, 300, max_seq_len=512))
    model.init_weights(torch.Generator().manual_seed(1))
    with torch.no_grad():  # drawn so small that a layer hardly shows
        for name, weight in model.named_parameters():
            weight.mul_(3.0 if "layers" in name and weight.dim() == 2 else 1.0)
    save_checkpoint(model, folder)
    return folder


@pytest.mark.parametrize("kind", [Int4Groups, Int3Groups])
def test_calibrated_codes_are_nearer_in_what_the_matrix_gives(kind: type[Int4Groups | Int3Groups]) -> None:
    draw = torch.Generator().manual_seed(7)
    weight = torch.randn(48, 256, generator=draw)
    inputs = torch.randn(2000, 40, generator=draw) @ torch.randn(40, 256, generator=draw) + 0.1 * torch.randn(2000, 256, generator=draw)
    hessian = inputs.T @ inputs
    far, near = kind.quantize(weight, 64, minimise=True).weight(), gptq(weight, hessian, 64, kind).weight()
    missed, left = ((inputs @ (made - weight).T).square().mean() for made in (far, near))
    assert left < 0.35 * missed
    assert (near - weight).square().mean() > (far - weight).square().mean()  # further off in weights, for that


def test_inputs_that_never_vary_do_no_harm() -> None:
    weight, hessian = torch.randn(8, 64, generator=torch.Generator().manual_seed(1)), torch.zeros(64, 64)
    matrix = gptq(weight, hessian, 64, Int4Groups)
    assert (matrix.weight() - weight).abs().max() < 0.3


def test_a_calibrated_checkpoint_is_loaded_like_any_other_and_loses_less(trained: Path, tmp_path: Path) -> None:
    quantization = Quantization("int3")
    said = answers(trained, [[1]], seed=2, most=150)[0]  # of random weights the inputs hardly repeat themselves: nothing else would show
    quantize_calibrated(trained, tmp_path / "calibrated", quantization, [said])
    quantize_checkpoint(trained, tmp_path / "minimised", quantization)
    assert (tmp_path / "calibrated/config.json").read_text() == (tmp_path / "minimised/config.json").read_text()
    exact, calibrated, minimised = (Backbone.load(each) for each in (trained, tmp_path / "calibrated", tmp_path / "minimised"))
    wrong, less_wrong = 0.0, 0.0
    for token_id in said:
        right = exact.step(token_id).copy()
        wrong += float(np.square(minimised.step(token_id) - right).sum())
        less_wrong += float(np.square(calibrated.step(token_id) - right).sum())
    assert less_wrong < 0.9 * wrong


def test_every_scheme_is_held_against_the_floats(trained: Path) -> None:
    said, calibrating = (answers(trained, [[1], [5, 6]], seed=seed, most=40) for seed in (0, 1))
    rows = {row.scheme: row for row in errors.examine(trained, said, calibrating)}
    assert list(rows) == [scheme.title for scheme in errors.SCHEMES]
    eight, four, three = (rows[name] for name in ("int8, a scale a row", "int4, groups of 64", "int3 mixed, groups of 64"))
    assert eight.nats < four.nats < three.nats
    assert eight.weights < four.weights < three.weights < 0.4
    assert eight.bits_per_weight > four.bits_per_weight > three.bits_per_weight > rows["int3 everywhere, groups of 64"].bits_per_weight
    assert rows["int3 everywhere, groups of 64"].bits_per_weight == 3.5
    assert (eight.grouped, four.grouped, rows["int3 everywhere, groups of 64"].grouped) == (0, 14, 21)
    assert eight.places == sum(map(len, said)) == 83
    assert len(eight.layers) == 3
    assert 0 < eight.layers[0] < four.layers[-1] < three.layers[-1]
    narrow = list(errors.examine_caches(trained, said))
    assert [row.form for row in narrow] == ["bfloat16", "int8"]
    assert all(-1e-6 < row.nats < 1e-3 for row in narrow)
    assert [row.bytes_per_id_130b for row in narrow] == [360_448, 191_488]


def test_figures_stand_between_their_marks(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("Before.\n<!-- figures: begin -->\nold\n<!-- figures: end -->\nAfter.\n")
    row = Errors("int8", 8.0, 0, 0.01, 0.002, 0.97, 80, (0.01, 0.02))
    for _ in range(2):
        write_between(page, "figures", table([row]))
        lines = page.read_text().splitlines()
        assert lines[:2] == ["Before.", "<!-- figures: begin -->"]
        assert lines[-2:] == ["<!-- figures: end -->", "After."]
        assert lines[4] == "| int8 | 8.00 | 0 | 1.0% | 0.002 | 97.0% | 1.0%, 2.0% |"
    page.write_text("Nothing here.")
    with pytest.raises(UsageError, match="no place between"):
        write_between(page, "figures", "")


def test_the_page_says_what_was_recorded() -> None:
    record = json.loads((ROOT / "docs/measured/quantization.json").read_text())
    rows = [Errors(**row | {"layers": tuple(row["layers"])}) for row in record["mini"]]
    assert [row.scheme for row in rows] == [scheme.title for scheme in errors.SCHEMES]
    assert table(rows) in (ROOT / "docs/quantization.md").read_text("utf-8")


def test_the_recipe_can_calibrate(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipe, "mini_prompts", lambda *_: [[1, 2], [1, 3]])  # Mini's own ids are more than this model has
    out = tmp_path / "made"
    options = ["--backbone", str(trained), "--out", str(out), "--linear", "int4", "--calibrate-as", "mini"]
    monkeypatch.setattr(sys, "argv", ["recipe", *options])
    recipe.main()
    assert json.loads((tmp_path / "made.cost.json").read_text())["nats"] < 0.2
    assert Backbone.load(out).prefill([1, 2, 3]).shape == (300,)
