"""A voice's weights out of the files that were made of them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import onnx
import pytest
import torch
from torch import Tensor, nn

from parley_models.errors import UsageError
from parley_models.networks.convolution import NormedConv1d, row_norms
from parley_models.networks.hift import Hift, HiftConfig
from parley_models.networks.mish import spell_mish
from parley_models.networks.tracing import write_traced
from parley_models.networks.vocoder_export import export_causal_hift
from parley_training.restoration.probe import restore
from parley_training.restoration.voice import codes_of
from parley_training.vocoder.code_embedding import CodeEmbedding

NAMES = ("first.onnx", "second.onnx")


class Small(nn.Module):
    """Two halves, exported to a file each, with what the exporter turns and renames."""

    def __init__(self, width: int = 8) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Linear(4, width, bias=False), nn.LayerNorm(width), nn.Linear(width, width))
        self.second = nn.Sequential(nn.Conv1d(4, width, 3), nn.ReLU(), nn.Conv1d(width, width, 1))

    def export(self, folder: Path) -> None:
        for half, name, given in ((self.first, NAMES[0], torch.ones(1, 4)), (self.second, NAMES[1], torch.ones(1, 4, 9))):
            write_traced(half, folder / name, {"x": given}, ["y"], {})


def weights(network: nn.Module) -> Iterator[tuple[str, Tensor]]:
    return iter(network.state_dict().items())


def test_every_weight_is_found_again(tmp_path: Path) -> None:
    known = Small()
    known.export(tmp_path)

    found = dict(weights(restore(Small(), Small.export, NAMES, tmp_path)))
    assert found.keys() == dict(weights(known)).keys()
    assert all(torch.equal(weight, found[name]) for name, weight in weights(known))


def test_the_files_of_another_network_are_refused(tmp_path: Path) -> None:
    Small(16).export(tmp_path)
    with pytest.raises(UsageError, match="are not those that are trained here"):
        restore(Small(), Small.export, NAMES, tmp_path)


def test_a_hift_is_found_though_some_of_its_weights_are_folded_with_their_norms(tmp_path: Path) -> None:
    config = HiftConfig(channels=128, f0_channels=16, kernels=(3,), dilations=(1,), causal=True, lookahead_frames=2)
    known, generator = Hift(config), torch.Generator().manual_seed(1)
    with torch.no_grad():
        for weight in known.parameters():  # no two alike: of equal ones the exporter keeps one
            weight.copy_(torch.randn(weight.shape, generator=generator))

    def export(network: Hift, folder: Path) -> None:
        export_causal_hift(network.eval(), folder / NAMES[0])

    export(known, tmp_path)
    found = restore(Hift(config), export, NAMES[:1], tmp_path)
    for name, layer in known.named_modules():
        if isinstance(layer, NormedConv1d):
            again = found.get_submodule(name)
            assert isinstance(again, NormedConv1d)
            assert torch.allclose(normed(again), normed(layer), rtol=2e-3, atol=1e-3), name


def normed(layer: NormedConv1d) -> Tensor:
    return layer.weight_v * (layer.weight_g / row_norms(layer.weight_v))


def with_mish(write: Callable[[onnx.ModelProto], onnx.ModelProto]) -> Callable[[Small, Path], None]:
    def export(network: Small, folder: Path) -> None:
        network.export(folder)
        model = onnx.load(folder / NAMES[1])
        for node in model.graph.node:
            node.op_type = "Mish" if node.op_type == "Relu" else node.op_type
        onnx.save(write(model), folder / NAMES[1])

    return export


def test_files_from_before_mish_was_spelled_out_are_read(tmp_path: Path) -> None:
    """Mini has an estimator with it spelled out beside an encoder with it in one piece."""
    known = Small()
    with_mish(lambda model: model)(known, tmp_path)
    found = restore(Small(), with_mish(spell_mish), NAMES, tmp_path).state_dict()
    assert all(torch.equal(weight, found[name]) for name, weight in weights(known))


def test_codes_are_taken_apart_into_level_and_detail() -> None:
    table = CodeEmbedding(6).table().detach()
    assert torch.allclose(codes_of(table).table(), table, atol=1e-5)
