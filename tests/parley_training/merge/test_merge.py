"""Merging checkpoints: the weighted mean of the paper, and a plain refusal where there is none."""

import json
import os
import subprocess
import sys
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
from parley_models.hub.tensor_file import header
from parley_training.merge import recipe
from parley_training.merge.recipe import Ingredient, merge

MODELS = Path(__file__).parents[3] / "models"
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


def ingredient(folder: Path, weights: dict[str, Tensor], share: float = 1.0) -> Ingredient:
    """A checkpoint of any tensors."""
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(TINY.to_dict()))
    save_file(weights, folder / "model.safetensors")
    return Ingredient(share, folder)


@pytest.mark.parametrize("shares", [(5.0, 5.0, 1.0), (0.1, 0.7, 1e-3), (1.0, 1.0, 1.0)])
def test_equal_models_give_themselves_to_the_last_bit(tmp_path: Path, shares: tuple[float, ...]) -> None:
    weights = {
        "a": torch.randn(50, 7, generator=torch.Generator().manual_seed(0)),
        "b": torch.tensor([1e-38, 3e38]),
        "c": torch.tensor(0.3),
    }
    merge([ingredient(tmp_path / str(at), weights, share) for at, share in enumerate(shares)], tmp_path / "out")
    found = load_file(tmp_path / "out" / "model.safetensors")
    assert found.keys() == weights.keys()
    assert all(torch.equal(found[name], weights[name]) for name in weights)


def test_half_precision_stays_half_precision(tmp_path: Path) -> None:
    odd = torch.zeros(3, dtype=torch.bfloat16)  # six bytes: what lies behind must be found all the same
    parts = [{"a": odd + value, "b": torch.full((2,), value)} for value in (1.0, 2.0)]
    merge([ingredient(tmp_path / "one", parts[0], 1), ingredient(tmp_path / "two", parts[1], 3)], tmp_path / "out")
    found = load_file(tmp_path / "out" / "model.safetensors")
    assert found["a"].dtype == torch.bfloat16
    assert (found["a"].tolist(), found["b"].tolist()) == ([1.75] * 3, [1.75] * 2)


def test_in_blocks_of_rows_and_from_shards_the_mean_is_the_same_to_the_last_bit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second checkpoint is an export in shards, with a prefix and eyes."""
    monkeypatch.setattr(recipe, "BLOCK_NUMBERS", 70)  # 8 rows of 8 numbers, and a last block that is not full
    random = torch.Generator().manual_seed(0)
    one = {"model.a": torch.randn(50, 8, generator=random), "model.b": torch.randn(60, generator=random), "model.c": torch.randn(3, 99)}
    two = {key: torch.randn(tensor.shape, generator=random).half() for key, tensor in one.items()}
    sharded = ingredient(tmp_path / "two", {"language_model.model.a": two["model.a"], "vision_model.x": torch.ones(1)}, 2.0)
    (sharded.folder / "model.safetensors").rename(sharded.folder / "first.safetensors")
    save_file({key: two[key] for key in ("model.b", "model.c")}, sharded.folder / "second.safetensors")
    index = {"language_model.model.a": "first.safetensors", "model.b": "second.safetensors"}
    (sharded.folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": index}))
    merge([ingredient(tmp_path / "one", one, 0.3), sharded], tmp_path / "out")
    found = load_file(tmp_path / "out" / "model.safetensors")
    assert found.keys() == one.keys()
    for key, tensor in one.items():
        assert torch.equal(found[key], ((0.3 * tensor.double() + 2.0 * two[key].double()) / 2.3).float())


MERGE = """
import re, sys
from pathlib import Path

from parley_training.merge import recipe
from parley_training.merge.recipe import Ingredient, merge

def most():
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])

recipe.BLOCK_NUMBERS = 2**18
small, large, out = map(Path, sys.argv[1:])
merge([Ingredient(1, small)] * 2, out)  # what torch loads for it is there from now on
before = most()
merge([Ingredient(1, large)] * 2, out)
sys.stdout.write(str(1024 * (most() - before)))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems count memory in other units")
def test_no_tensor_is_ever_whole_in_memory(tmp_path: Path) -> None:
    """The 130B's head alone takes 7 GB in float64, and each of its layers as much."""
    for name, rows in (("small", 2), ("large", 2**13)):
        ingredient(tmp_path / name, {}).folder.joinpath("model.safetensors").write_bytes(header({"a": ("BF16", (rows, 2**12))}))
        with (tmp_path / name / "model.safetensors").open("r+b") as file:
            file.truncate(file.seek(0, 2) + rows * 2**13)  # zeros that take no room on the disk: 64 MiB
    paths = [str(tmp_path / name) for name in ("small", "large", "out")]
    environment = os.environ | {"MALLOC_MMAP_THRESHOLD_": str(2**20)}  # what is freed is gone
    ran = subprocess.run([sys.executable, "-c", MERGE, *paths], cwd=MODELS, env=environment, capture_output=True, text=True, check=True)
    assert int(ran.stdout) < 48 * 2**20
    assert (tmp_path / "out" / "model.safetensors").stat().st_size > 64 * 2**20


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


def test_a_merge_that_can_t_be_examined_says_so_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = (f"1:{checkpoint(tmp_path / 'one', 1)}", "--out", tmp_path / "out", "--text", tmp_path / "nowhere.model")
    assert "nowhere.model" in refusal(monkeypatch, capsys, *words)
    assert (tmp_path / "out" / "model.safetensors").exists()  # it was merged before


def test_no_ingredient_is_written_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The examination would take the mean for it, too."""
    one, two = (Ingredient(1.0, checkpoint(tmp_path / str(seed), seed)) for seed in (1, 2))
    before = (two.folder / "model.safetensors").read_bytes()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="choose another --out"):
        merge([one, two], Path("2"))
    assert (two.folder / "model.safetensors").read_bytes() == before


def test_a_folder_whose_index_would_be_read_instead_is_refused(tmp_path: Path) -> None:
    out = checkpoint(tmp_path / "sharded", 1)
    (out / "model.safetensors.index.json").write_text('{"weight_map": {"embed": "shard.safetensors"}}')
    before = (out / "model.safetensors").read_bytes()
    with pytest.raises(UsageError, match="several files"):
        merge([Ingredient(1.0, checkpoint(tmp_path / "other", 2))], out)
    assert (out / "model.safetensors").read_bytes() == before
