import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from parley_models.backbone import kernels, rounding
from parley_models.backbone.backbone import Backbone
from parley_models.backbone.config import BackboneConfig
from parley_models.backbone.convert import quantize_checkpoint, save_checkpoint
from parley_models.backbone.kernel import Kernel
from parley_models.backbone.kernels import KERNELS
from parley_models.backbone.loading import load_model
from parley_models.backbone.matrices import GROUP_SIZES, GROUPED, Groups, Int3Groups, Int4Groups, Int8Rows, Matrix, stack
from parley_models.backbone.model import StepOmni
from parley_models.backbone.quantize import Quantization
from parley_models.backbone.quantized_layers import QuantizedEmbedding, QuantizedLinear
from parley_models.errors import BundleCorrupt, UsageError


def weights(rows: int, columns: int) -> torch.Tensor:
    return torch.randn(rows, columns, generator=torch.Generator().manual_seed(3))


def matrices() -> list[Matrix]:
    grouped = [kind.quantize(weights(192, 256), group) for kind in GROUPED.values() for group in GROUP_SIZES]
    return [Int8Rows.quantize(weights(192, 256)), *grouped]


def heavy_tailed(rows: int, columns: int) -> torch.Tensor:
    """Student's t with three degrees of freedom: most weights are small and a few are large."""
    draw = torch.Generator().manual_seed(6)
    size = torch.randn(rows, columns, 3, generator=draw).square().mean(-1).sqrt()
    return torch.randn(rows, columns, generator=draw) / size


@pytest.mark.parametrize("matrix", matrices(), ids=lambda matrix: f"{matrix.name}-{matrix.group}")
def test_codes_are_as_near_as_their_step(matrix: Matrix) -> None:
    scale = matrix.scale if isinstance(matrix, Int8Rows) else matrix.scale_middle[..., 0].max(0).values
    error = (matrix.weight() - weights(192, 256)).abs().amax(1)
    assert (error <= scale.float() * 0.6).all()


@pytest.mark.parametrize("matrix", matrices(), ids=lambda matrix: f"{matrix.name}-{matrix.group}")
@pytest.mark.parametrize("rows", [1, 3, 40])
def test_every_kernel_multiplies_alike(matrix: Matrix, rows: int) -> None:
    x = torch.randn(rows, 256, generator=torch.Generator().manual_seed(4))
    right = x @ matrix.weight().T
    seen = 0
    for name, kernel in KERNELS[matrix.name].items():  # not those that `choose` finds right: a wrong one is passed over there in silence
        try:
            product = kernel.product(x, kernel.pack(matrix))
        except (RuntimeError, TypeError):
            continue  # not for this processor, or not in this torch
        assert product.dtype == torch.float32
        far = (product - right).abs().max() / right.abs().max()
        assert far < (1e-5 if name == "widened" else 0.02), name
        seen += 1
    assert seen >= (1 if matrix.group == 16 else 2), "no kernel but the plain one runs here"


def groups_errors(matrix: Groups, weight: torch.Tensor) -> torch.Tensor:
    return (matrix.weight() - weight).square().unflatten(1, (-1, matrix.group)).sum(2)


@pytest.mark.parametrize(("kind", "less"), [(Int4Groups, 0.735), (Int3Groups, 0.68)])
def test_minimised_codes_are_nearer_in_every_group(kind: type[Int4Groups | Int3Groups], less: float) -> None:
    for weight in (heavy_tailed(64, 512), weights(64, 512), torch.zeros(4, 64), torch.full((4, 64), 0.3)):
        plain, minimised = (groups_errors(kind.quantize(weight, 64, minimise=minimise), weight) for minimise in (False, True))
        assert (minimised <= plain * 1.0001).all()
    weight = heavy_tailed(64, 512)
    plain, minimised = (groups_errors(kind.quantize(weight, 64, minimise=minimise), weight) for minimise in (False, True))
    assert minimised.sum() < less * plain.sum()


def test_three_bits_are_three_bits() -> None:
    codes = torch.randint(0, 8, (5, 64), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
    packed = Int3Groups.pack(codes)
    assert packed.nbytes * 8 == 3 * codes.numel()
    assert torch.equal(Int3Groups(packed, torch.zeros(1, 5, 2, dtype=torch.bfloat16)).unpacked(), codes)
    assert Int3Groups.pack(torch.tensor([[1, 0, 0, 0, 0, 0, 0, 4]], dtype=torch.uint8)).tolist() == [[1, 0, 128]]


def test_rows_are_rounded_on_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """However large the pieces are in which a matrix is worked on, the codes are the same."""
    weight = heavy_tailed(40, 256)
    whole = Int3Groups.quantize(weight, 64, minimise=True)
    monkeypatch.setattr(rounding, "BLOCK_WEIGHTS", 7 * 256)
    pieces = Int3Groups.quantize(weight, 64, minimise=True)
    assert all(torch.equal(*pair) for pair in zip(whole.tensors(), pieces.tensors(), strict=True))


def test_what_matters_more_is_kept_finer(tmp_path: Path) -> None:
    """Parts of one fused layer may be kept in different ways."""
    wide_model(tmp_path)
    quantization = Quantization("int3", in_8_bits=("gate_proj",), in_4_bits=("v_proj.", "o_proj."))
    quantize_checkpoint(tmp_path, tmp_path / "int3", quantization)
    state = load_file(tmp_path / "int3" / "model.safetensors")
    columns = {key.split(".")[-2]: tensor.shape[1] for key, tensor in state.items() if ".layers." in key and key.endswith("proj.weight")}
    assert columns == dict.fromkeys(("q_proj", "k_proj", "up_proj"), 256 // 8 * 3) | {
        "gate_proj": 256,
        "v_proj": 128,
        "o_proj": 128,
        "down_proj": 768 // 8 * 3,
    }
    ids = [1, 2, 3]
    stored, made = Backbone.load(tmp_path / "int3").prefill(ids), Backbone.load(tmp_path, quantization=quantization).prefill(ids)
    np.testing.assert_array_equal(stored, made)
    exact = Backbone.load(tmp_path).prefill(ids)
    assert 0 < np.abs(exact - made).max() < 0.7 * np.abs(exact).max()


def refuse(x: torch.Tensor, packed: tuple[torch.Tensor, ...]) -> torch.Tensor:
    raise RuntimeError("not for this processor")


def test_a_kernel_that_is_wrong_or_does_not_run_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    zeros = Kernel(Int8Rows.tensors, lambda x, packed: torch.zeros(len(x), len(packed[0])))
    table = {"widened": KERNELS[Int8Rows.name]["widened"], "zeros": zeros, "refuses": Kernel(Int8Rows.tensors, refuse)}
    monkeypatch.setitem(KERNELS, Int8Rows.name, table)
    kernels._times.cache_clear()
    assert list(kernels._times(Int8Rows.name, 64, 64, 0, torch.device("cpu"), 1)) == ["widened"]
    kernels._times.cache_clear()


def test_a_row_is_the_same_beside_others_whatever_the_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    widened = KERNELS[Int8Rows.name]["widened"]
    monkeypatch.setitem(KERNELS, Int8Rows.name, {"widened": widened})  # whose rows are not: BLAS adds up many in another order
    kernels._times.cache_clear()
    matrix = Int8Rows.quantize(weights(192, 256))
    layer, x = QuantizedLinear(matrix), torch.randn(5, 256, generator=torch.Generator().manual_seed(4))
    kernels._times.cache_clear()
    alone = torch.cat([layer(row) for row in x.split(1)])
    assert not torch.equal(widened.product(x, matrix.tensors()), alone)
    assert torch.equal(layer(x), alone)


@pytest.mark.parametrize("columns", [250, 256])
@pytest.mark.parametrize("outputs", [189, 192])
def test_odd_sizes_and_places(columns: int, outputs: int) -> None:
    """A file may put a matrix at any byte, and not every kernel takes every width."""
    matrix = Int8Rows.quantize(weights(outputs, columns))
    shifted = torch.empty(matrix.codes.numel() + 8, dtype=torch.int8)[8:].view(outputs, columns)
    shifted.copy_(matrix.codes)
    assert shifted.data_ptr() % 16
    layer = QuantizedLinear(Int8Rows(shifted, matrix.scale))
    for rows in (1, 5, 33):
        x = torch.randn(rows, columns)
        right = x @ matrix.weight().T
        assert (layer(x) - right).abs().max() < 0.02 * right.abs().max()


def test_stacked_matrices_are_one() -> None:
    halves_of: list[list[Matrix]] = [[Int8Rows.quantize(weights(8, 64))] * 2]
    halves_of += [[kind.quantize(weights(8, 64), 32)] * 2 for kind in GROUPED.values()]
    for halves in halves_of:
        assert torch.equal(stack(halves).weight(), torch.cat([half.weight() for half in halves]))


@pytest.mark.parametrize(("linear", "bytes_per_weight"), [("int8", 1.03), ("int4", 0.6), ("int3", 0.6)])
def test_resident_weights_shrink(tmp_path: Path, linear: str, bytes_per_weight: float) -> None:
    model = wide_model(tmp_path)
    loaded = load_model(tmp_path, Quantization(linear, in_8_bits=()))
    layers = [module for name, module in loaded.named_modules() if isinstance(module, QuantizedLinear) and name != "lm_head"]
    assert len(layers) == 4
    weights_in_layers = sum(weight.numel() for name, weight in model.named_parameters() if "layers" in name and weight.dim() == 2)
    resident = sum(buffer.nbytes for module in layers for buffer in module.buffers())
    assert resident <= bytes_per_weight * weights_in_layers
    assert not [name for name, weight in loaded.named_parameters() if weight.dim() == 2]
    embedding = sum(buffer.nbytes for buffer in loaded.model.embed_tokens.buffers())
    assert embedding == 512 * (256 + 2)
    held = sum(
        value.nbytes for module in layers for value in (*module._packed, *module.__dict__.values()) if isinstance(value, torch.Tensor)
    )
    assert held == resident  # nothing beside the buffers


def wide_model(folder: Path) -> StepOmni:
    model = StepOmni(BackboneConfig(256, 768, 4, 2, 1, 512, max_seq_len=128))
    save_checkpoint(model, folder)
    return model


@pytest.mark.parametrize(("linear", "error"), [("int8", 0.03), ("int4", 0.35), ("int3", 0.7)])
def test_answers_stay_near(tiny_folder: Path, linear: str, error: float) -> None:
    ids = list(range(0, 300, 7))
    exact, near = Backbone.load(tiny_folder).prefill(ids), Backbone.load(tiny_folder, quantization=linear).prefill(ids)
    assert 0 < np.abs(exact - near).max() < error * np.abs(exact).max()


@pytest.mark.parametrize("quantization", [Quantization("int8"), Quantization("int4", 32), Quantization("int3", 32)])
def test_saved_equals_quantized_while_loading(tiny_folder: Path, tmp_path: Path, quantization: Quantization) -> None:
    quantize_checkpoint(tiny_folder, tmp_path, quantization)
    size = sum(path.stat().st_size for path in tmp_path.glob("*.safetensors"))
    assert size < 0.45 * sum(path.stat().st_size for path in tiny_folder.glob("*.safetensors"))
    ids = [1, 2, 3, 4, 5]
    stored, made = Backbone.load(tmp_path).prefill(ids), Backbone.load(tiny_folder, quantization=quantization).prefill(ids)
    np.testing.assert_array_equal(stored, made)
    np.testing.assert_array_equal(Backbone.load(tmp_path, quantization=quantization).prefill(ids), made)


def test_a_checkpoint_from_before_embeddings_had_8_bits(tiny_folder: Path, tmp_path: Path) -> None:
    quantize_checkpoint(tiny_folder, tmp_path, Quantization("int8", embedding="bfloat16"))
    config = json.loads((tmp_path / "config.json").read_text())
    del config["quantization"]["embedding"]
    (tmp_path / "config.json").write_text(json.dumps(config))
    before = load_file(tmp_path / "model.safetensors")["model.embed_tokens.weight"]
    assert before.dtype == torch.bfloat16
    model = load_model(tmp_path, Quantization("int8"))  # who asks for int8 gets what is there
    assert torch.equal(model.model.embed_tokens(torch.tensor([7, 299])), before[[7, 299]])


def test_only_the_rows_that_are_asked_for_become_floats() -> None:
    matrix = Int8Rows.quantize(weights(300, 96))
    embedding = QuantizedEmbedding(matrix)
    ids = torch.tensor([[299, 0], [7, 7]])
    assert torch.equal(embedding(ids), matrix.weight()[ids])
    matrix.codes[8:].zero_()  # still the same memory, not a copy that was widened once
    assert embedding(ids)[0, 0].abs().max() == 0


def test_the_reference_miniature_in_int8(reference: Path, tmp_path: Path) -> None:
    source = reference / "step-audio-aqaa-mini"
    quantize_checkpoint(source, tmp_path, Quantization("int8"))
    assert sorted(path.name for path in tmp_path.glob("*.safetensors")) == sorted(path.name for path in source.glob("*.safetensors"))
    golden = np.load(reference / "golden" / "llm.npz", allow_pickle=False)
    logits = Backbone.load(tmp_path, context=64).prefill([int(token) for token in golden["prompt_ids"]])
    assert np.abs(logits - golden["logits_last"]).max() < 0.5  # as far as the README lets bfloat16 go
    assert logits.argmax() == golden["logits_last"].argmax()


def test_refusals(tiny_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not to int2"):
        Backbone.load(tiny_folder, quantization="int2")
    with pytest.raises(UsageError, match="not of 48"):
        Quantization("int4", 48)
    with pytest.raises(UsageError, match="not boldly"):
        Quantization("int4", rounding="boldly")
    with pytest.raises(UsageError, match="not as int4"):
        Quantization("int4", embedding="int4")
    quantize_checkpoint(tiny_folder, tmp_path, Quantization("int8"))
    with pytest.raises(UsageError, match="already quantized to int8"):
        Backbone.load(tmp_path, quantization="int4")
    with pytest.raises(UsageError, match="already quantized"):
        quantize_checkpoint(tmp_path, tmp_path / "again", Quantization("int8"))


def test_damaged_codes_are_named(tiny_folder: Path, tmp_path: Path) -> None:
    quantize_checkpoint(tiny_folder, tmp_path, Quantization("int4", 32))
    path = tmp_path / "model.safetensors"
    whole = load_file(path)
    key = "model.layers.1.self_attn.q_proj.weight"
    for damaged in (whole | {key: whole[key][:, 1:].contiguous()}, whole | {key: whole[key].float()}):
        save_file(damaged, path)
        with pytest.raises(BundleCorrupt, match=rf"model\.safetensors holds {key} as"):
            load_model(tmp_path)
    del whole[f"{key}_scale_middle"]
    save_file(whole, path)
    with pytest.raises(BundleCorrupt, match=f"lacks the tensor {key}_scale_middle"):
        load_model(tmp_path)
    shutil.rmtree(tmp_path)


def test_the_first_layer_has_eight_bits(tiny_folder: Path, tmp_path: Path) -> None:
    quantize_checkpoint(tiny_folder, tmp_path, Quantization("int4", 32))
    state = load_file(tmp_path / "model.safetensors")
    types = {key: tensor.dtype for key, tensor in state.items() if key.endswith("_proj.weight")}
    assert {dtype for key, dtype in types.items() if ".layers.0." in key} == {torch.int8}
    assert {dtype for key, dtype in types.items() if ".layers.1." in key} == {torch.uint8}
