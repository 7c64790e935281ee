import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from parley_models.backbone.config import BackboneConfig
from parley_models.backbone.loading import load_model
from parley_models.errors import BundleCorrupt, BundleMissing

DOWN = "model.layers.1.mlp.down_proj.weight"


@pytest.fixture
def folder(tiny_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_folder, tmp_path / "backbone"))


def change(folder: Path, **entries: object) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | entries))


def rewrite(folder: Path, state: dict[str, torch.Tensor]) -> None:
    save_file(state, folder / "model.safetensors")


def test_shards_prefixes_and_strangers(folder: Path) -> None:
    state = load_file(folder / "model.safetensors")
    expected = load_model(folder).state_dict()
    (folder / "model.safetensors").unlink()
    names = [f"model-0000{at}-of-00002.safetensors" for at in (1, 2)]
    keys = sorted(state)
    halves = [{f"language_model.{key}": state[key] for key in keys[at::2]} for at in (0, 1)]
    halves[0] |= {
        "vision_model.conv1.bias": torch.zeros(3),
        "vit_large_projector.weight": torch.zeros(2, 2),
        "model.rotary": torch.zeros(1),
    }
    for name, half in zip(names, halves, strict=True):
        save_file(half, folder / name)
    weight_map = {key: name for name, half in zip(names, halves, strict=True) for key in half}
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": weight_map}))
    loaded = load_model(folder).state_dict()
    assert loaded.keys() == expected.keys()
    assert all(torch.equal(loaded[key], expected[key]) for key in expected)


def test_a_missing_file(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    with pytest.raises(BundleMissing, match=r"lacks .*model\.safetensors"):
        load_model(folder)
    (folder / "config.json").unlink()
    with pytest.raises(BundleMissing, match=r"lacks .*config\.json"):
        load_model(folder)


def test_a_wrong_shape_names_file_and_tensor(folder: Path) -> None:
    state = load_file(folder / "model.safetensors")
    rewrite(folder, state | {DOWN: state[DOWN][:, 1:].contiguous()})
    with pytest.raises(BundleCorrupt, match=rf"model\.safetensors holds {DOWN} as \(96, 127\), but the config asks for \(96, 128\)"):
        load_model(folder)


def test_integers_where_floats_belong(folder: Path) -> None:
    state = load_file(folder / "model.safetensors")
    rewrite(folder, state | {DOWN: state[DOWN].to(torch.int8)})
    with pytest.raises(BundleCorrupt, match="asks for floats"):
        load_model(folder)


def test_a_missing_tensor(folder: Path) -> None:
    state = load_file(folder / "model.safetensors")
    del state[DOWN]
    rewrite(folder, state)
    with pytest.raises(BundleCorrupt, match=rf"lacks the tensor {DOWN}\."):
        load_model(folder)


def test_a_cut_file(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(BundleCorrupt, match="can't be read as safetensors"):
        load_model(folder)


@pytest.mark.parametrize("index", ["", "[]", '{"weight_map": 3}', '{"weight_map": {"model.norm.weight": 1}}', "[" * 100_000])
def test_a_senseless_index(folder: Path, index: str) -> None:
    (folder / "model.safetensors.index.json").write_text(index)
    with pytest.raises(BundleCorrupt, match="not an index"):
        load_model(folder)


def test_a_config_that_nests_without_end(folder: Path) -> None:
    (folder / "config.json").write_text("[" * 100_000)
    with pytest.raises(BundleCorrupt, match="is not JSON"):
        load_model(folder)


def test_an_index_that_leaves_the_folder(folder: Path) -> None:
    (folder / "model.safetensors.index.json").write_text('{"weight_map": {"model.norm.weight": "../elsewhere.safetensors"}}')
    with pytest.raises(BundleCorrupt, match="outside its folder"):
        load_model(folder)


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"num_attention_heads": 5}, "does not divide"),
        ({"num_attention_groups": 4}, "does not divide"),
        ({"num_hidden_layers": 0}, "num_hidden_layers = 0"),
        ({"hidden_size": "wide"}, "can't be read"),
        ({"hidden_size": None}, "can't be read"),
        ({"hidden_size": float("inf")}, "can't be read"),
        ({"hidden_size": 96.5}, r"96\.5 is no whole number"),
        ({"hidden_size": 6 * 10**18}, "absurd hidden_size"),
        ({"num_hidden_layers": 10**9}, "absurd num_hidden_layers"),
        ({"rms_norm_eps": float("nan")}, "rms_norm_eps = nan"),
        ({"quantization": {"linear": "int2"}}, "not to int2"),
        ({"quantization": {"linear": "int3", "in_4_bits": [3]}}, "parts of keys"),
        ({"quantization": 4}, "quantization"),
    ],
)
def test_a_senseless_config(folder: Path, entries: dict[str, object], message: str) -> None:
    change(folder, **entries)
    with pytest.raises(BundleCorrupt, match=message):
        load_model(folder)


def test_a_config_that_lacks_an_entry_or_is_no_object(folder: Path) -> None:
    path = folder / "config.json"
    for text, message in [('{"hidden_size": 8}', "can't be read"), ("[1]", "no JSON object"), ("{", "is not JSON")]:
        path.write_text(text)
        with pytest.raises(BundleCorrupt, match=message):
            load_model(folder)


def test_config_round_trip() -> None:
    config = BackboneConfig(12288, 31232, 96, 8, 88, 74752)
    assert config.head_dim == 128
    assert BackboneConfig.from_dict(config.to_dict()) == config
