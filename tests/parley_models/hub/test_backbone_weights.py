"""A backbone's weights on their way into a bundle: what is wrong with them is said, with file and tensor, before anything is made."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from parley_models.backbone.backbone import Backbone
from parley_models.backbone.convert import quantize_checkpoint
from parley_models.backbone.quantize import Quantization
from parley_models.errors import BundleCorrupt
from parley_models.hub import backbone_weights
from parley_models.hub.backbone_weights import convert_shard, read_checkpoint, seal, written_bytes
from parley_models.hub.catalogue import BACKBONE as BACKBONE_ROLE
from parley_models.hub.making import BackboneMaker
from tests.fakes.upstream_checkpoint import BACKBONE

FIRST, SECOND = "model-00001-of-00003.safetensors", "model-00002-of-00003.safetensors"
State = dict[str, torch.Tensor]
QUERY = "model.layers.1.self_attn.q_proj.weight"


@pytest.fixture
def folder(checkpoint: Path, tmp_path: Path) -> Path:
    """A backbone that a test may spoil."""
    target = tmp_path / "backbone"
    target.mkdir()
    for path in (checkpoint / BACKBONE).iterdir():
        (target / path.name).symlink_to(path)
    return target


def holder(folder: Path, key: str) -> Path:
    index = json.loads((folder / "model.safetensors.index.json").read_text())
    return folder / str(index["weight_map"][key])


def spoil(folder: Path, key: str, change: Callable[[State], object]) -> Path:
    """Write the shard that holds a tensor again, changed."""
    path = holder(folder, key)
    state = load_file(path)
    change(state)
    path.unlink()
    save_file(state, path)
    return path


@pytest.mark.parametrize("name", [None, "int8", "int4", "int3"])
def test_what_is_written_is_what_the_backbone_reads(
    folder: Path, tmp_path: Path, name: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backbone_weights, "BLOCK_BYTES", 2**16)  # so that large tensors come in many blocks
    quantization = Quantization(name) if name else None
    checkpoint, target = read_checkpoint(folder), tmp_path / "made"
    target.mkdir()
    read = 0

    def tick(size_bytes: int) -> None:
        nonlocal read
        assert 0 < size_bytes <= 2**16
        read += size_bytes

    for shard in checkpoint.shards:
        convert_shard(shard, target / shard.path.name, quantization, tick)
        assert 0 < (target / shard.path.name).stat().st_size - written_bytes(shard, quantization) < 10_000
    seal(checkpoint, target, quantization)
    assert read == checkpoint.size_bytes
    assert not any("vi" in key.split(".")[0] for path in target.glob("*.safetensors") for key in load_file(path))  # no eyes

    ids = [1, 4, 936, 78, 65600, 66000, 70000, 3]
    ours = Backbone.load(target, context=16).prefill(ids)
    if quantization is None:
        theirs = Backbone.load(folder, context=16).prefill(ids)
    else:
        quantize_checkpoint(folder, tmp_path / "whole", quantization)
        theirs = Backbone.load(tmp_path / "whole", context=16).prefill(ids)
    np.testing.assert_array_equal(ours, theirs)


def test_wrong_tensors_are_named_with_their_file(folder: Path, checkpoint: Path) -> None:
    elsewhere = "model.layers.1.self_attn.k_proj.weight"
    assert holder(folder, elsewhere) != holder(folder, QUERY)

    def refused(change: Callable[[State], object], message: str) -> None:
        path = spoil(folder, QUERY, change)
        with pytest.raises(BundleCorrupt, match=message) as error:
            read_checkpoint(folder)
        assert path.name in str(error.value)
        path.unlink()
        path.symlink_to(checkpoint / BACKBONE / path.name)

    refused(lambda state: state.update({QUERY: torch.zeros(24, 23)}), rf"{QUERY} as \[24, 23\], but the config asks for \[24, 24\]")
    refused(
        lambda state: state.update({QUERY: torch.zeros(24, 24, dtype=torch.int32)}), rf"{QUERY} as I32; weights are F32, F16, BF16, F64"
    )
    refused(lambda state: state.update({elsewhere: torch.zeros(24)}), rf"{elsewhere}, which model\.safetensors\.index\.json does not place")
    refused(lambda state: state.pop(QUERY), rf"lacks the tensor {QUERY}, which model\.safetensors\.index\.json places there")
    read_checkpoint(folder)


def test_without_an_index_the_shards_speak_for_themselves(folder: Path) -> None:
    (folder / "model.safetensors.index.json").unlink()
    assert len(read_checkpoint(folder).shards) == 3
    (folder / SECOND).unlink()
    with pytest.raises(BundleCorrupt, match=r"lacks the tensor .* and \d+ more\."):
        read_checkpoint(folder)


@pytest.mark.parametrize("indexed", [True, False])
def test_tensors_that_nobody_knows_are_left_out_and_told_in_one_sentence(
    folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, indexed: bool
) -> None:
    """Checkpoints may hold more than was reckoned: that must not cost the import, whether their index names it or not."""
    if not indexed:
        (folder / "model.safetensors.index.json").unlink()
    for name in (FIRST, SECOND):
        state = load_file(folder / name) | {f"sam_encoder.{name[6:11]}.weight": torch.zeros(24, dtype=torch.int32)}
        (folder / name).unlink()
        save_file(state, folder / name)
    checkpoint = read_checkpoint(folder)

    (told,) = [record.getMessage() for record in caplog.records]
    assert told == f"{folder} holds sam_encoder.00001.weight and 1 more, which no network here has a place for: left out."
    for shard in checkpoint.shards:
        convert_shard(shard, tmp_path / shard.path.name, None)
    assert not any("sam" in key or "vi" in key.split(".")[0] for path in tmp_path.glob("*.safetensors") for key in load_file(path))

    caplog.clear()
    made = BackboneMaker(Quantization("int8")).take_shard(folder / SECOND, {BACKBONE_ROLE: folder}, tmp_path / "pulled", lambda _: None)
    assert made is not None
    assert f"{SECOND} holds sam_encoder.00002.weight, which no network" in caplog.text


def test_eyes_are_left_out_without_a_word(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    read_checkpoint(folder)
    assert not caplog.records


@pytest.mark.parametrize("cut", [1, 100, 2000])
def test_a_shard_that_is_cut_short_is_named(folder: Path, cut: int) -> None:
    content = (folder / SECOND).read_bytes()
    (folder / SECOND).unlink()
    (folder / SECOND).write_bytes(content[:-cut])
    with pytest.raises(BundleCorrupt, match=rf"{SECOND} is cut short: the tensor .* ends at byte"):
        read_checkpoint(folder)


def test_other_exports_prefix_is_taken_off(folder: Path) -> None:
    (folder / "model.safetensors.index.json").unlink()
    for path in sorted(folder.glob("*.safetensors")):
        state = {f"language_model.{key}": tensor for key, tensor in load_file(path).items()}
        path.unlink()
        save_file(state, path)
    assert {key.split(".")[0] for shard in read_checkpoint(folder).shards for key in shard.tensors} == {"model", "lm_head"}


def test_a_tensor_that_is_there_with_the_prefix_and_without_is_refused(folder: Path) -> None:
    """Which of them is meant nobody can tell."""
    (folder / "model.safetensors.index.json").unlink()
    spoiled = load_file(path := next(folder.glob("model-00001*")))
    key = next(key for key in spoiled if key.startswith("model."))
    path.unlink()
    save_file(spoiled | {f"language_model.{key}": spoiled[key] + 1}, path)
    with pytest.raises(BundleCorrupt, match=rf"{path.name} holds the tensor {key} twice"):
        read_checkpoint(folder)


def test_values_that_are_no_numbers_are_named(folder: Path, tmp_path: Path) -> None:
    spoil(folder, QUERY, lambda state: state[QUERY].view(-1)[7].fill_(float("nan")))
    shard = next(shard for shard in read_checkpoint(folder).shards if QUERY in shard.tensors)
    with pytest.raises(BundleCorrupt, match=f"{QUERY} with values that are no numbers"):
        convert_shard(shard, tmp_path / shard.path.name, Quantization("int8"))
    assert not (tmp_path / shard.path.name).exists()
