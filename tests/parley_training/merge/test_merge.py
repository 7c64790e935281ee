"""Merging checkpoints: the weighted mean of the paper, and a plain refusal where there is none."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from parley_models.backbone.backbone import Backbone
from parley_models.backbone.config import BackboneConfig
from parley_models.backbone.convert import quantize_checkpoint
from parley_models.backbone.model import StepOmni
from parley_models.backbone.quantize import Quantization
from parley_models.errors import UsageError
from parley_training.merge import recipe
from parley_training.merge.recipe import Ingredient, merged

TINY = BackboneConfig(16, 24, 2, 1, 1, 60, max_seq_len=64)


def checkpoint(folder: Path, seed: int, config: BackboneConfig = TINY) -> Path:
    model = StepOmni(config)
    model.init_weights(torch.Generator().manual_seed(seed))
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(config.to_dict()))
    save_file(dict(model.state_dict()), folder / "model.safetensors")
    return folder


def run(monkeypatch: pytest.MonkeyPatch, *words: str | Path) -> None:
    monkeypatch.setattr("sys.argv", ["recipe", *map(str, words)])
    recipe.main()


def test_the_paper_s_merge_is_a_mean_of_eleven_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, third = (checkpoint(tmp_path / str(seed), seed) for seed in (1, 2, 3))
    run(monkeypatch, f"5:{first}", f"5:{second}", f"1:{third}", "--out", tmp_path / "merged")
    found = load_file(tmp_path / "merged" / "model.safetensors")
    one, two, three = (load_file(folder / "model.safetensors") for folder in (first, second, third))
    for name, weight in found.items():
        torch.testing.assert_close(weight, (5 * one[name] + 5 * two[name] + three[name]) / 11)
    assert Backbone.load(tmp_path / "merged").step(1).shape == (60,)


@pytest.mark.parametrize("shares", [(5.0, 5.0, 1.0), (0.1, 0.7, 1e-3), (1.0, 1.0, 1.0)])
def test_equal_models_give_themselves_to_the_last_bit(shares: tuple[float, ...]) -> None:
    weights = {"a": torch.randn(50, 7, generator=torch.Generator().manual_seed(0)), "b": torch.tensor([1e-38, 3e38])}
    found = merged([(share, str(share), weights) for share in shares])
    assert all(torch.equal(found[name], weights[name]) for name in weights)


def test_half_precision_stays_half_precision() -> None:
    parts: list[dict[str, Tensor]] = [{"a": torch.full((3,), value, dtype=torch.bfloat16)} for value in (1.0, 2.0)]
    found = merged([(1, "one", parts[0]), (3, "two", parts[1])])
    assert found["a"].dtype == torch.bfloat16
    assert found["a"].tolist() == [1.75] * 3


def refusal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str | Path) -> str:
    with pytest.raises(SystemExit) as stopped:
        run(monkeypatch, *words)
    assert stopped.value.code in {2, 4}
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    return said


def test_what_does_not_fit_together_is_refused_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    plain, out = checkpoint(tmp_path / "plain", 1), ("--out", tmp_path / "out")
    wide = checkpoint(tmp_path / "wide", 1, BackboneConfig(16, 32, 2, 1, 1, 60, max_seq_len=64))
    quantize_checkpoint(plain, tmp_path / "small", Quantization("int8"))
    assert "config.json differ" in refusal(monkeypatch, capsys, f"1:{plain}", f"1:{wide}", *out)
    assert "merge first, quantize then" in refusal(monkeypatch, capsys, f"1:{tmp_path / 'small'}", f"1:{tmp_path / 'small'}", *out)
    assert "lacks" in refusal(monkeypatch, capsys, f"1:{plain}", f"1:{tmp_path / 'nowhere'}", *out)
    (wide / "config.json").write_bytes((plain / "config.json").read_bytes())
    assert "have the shapes (16, 24) and (16, 32)" in refusal(monkeypatch, capsys, f"1:{plain}", f"1:{wide}", *out)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("text", ["runs/sft1", "five:runs/sft1", "-1:runs/sft1", "0:runs/sft1", "1:", "nan:runs/sft1", "inf:runs/sft1"])
def test_an_ingredient_is_a_number_and_a_folder(text: str) -> None:
    with pytest.raises(UsageError, match="is no ingredient"):
        Ingredient.parse(text)
