"""Networks stored small compute nearly what they did, and can be read back as weights."""

import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import Tensor, nn

from parley_models.networks.stored import halve, quarter
from parley_models.networks.vocoder_export import OPSET
from parley_training.restoration.weights import of_network

INPUT = torch.randn(1, 40, 64, generator=torch.Generator().manual_seed(1))


class Net(nn.Module):
    """Matrices, a filter, and vectors too small to be stored otherwise."""

    def __init__(self) -> None:
        super().__init__()
        self.wide, self.narrow = nn.Linear(64, 200), nn.Linear(200, 64)
        self.filter = nn.Conv1d(64, 64, 5, padding=2, groups=64)

    def forward(self, x: Tensor) -> Tensor:
        """Two layers and a filter over time."""
        mixed = self.narrow(torch.relu(self.wide(x)))
        filtered: Tensor = self.filter(mixed.transpose(1, 2))
        return filtered


@pytest.fixture(scope="module")
def network() -> Net:
    torch.manual_seed(0)
    return Net().eval()


@pytest.fixture(scope="module")
def exported(network: Net) -> onnx.ModelProto:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of torch's exporter, about torch
        program = torch.onnx.export(
            network, (INPUT,), input_names=["x"], output_names=["y"], opset_version=OPSET, dynamo=True, verbose=False
        )
    assert program is not None
    return program.model_proto


def run(model: onnx.ModelProto) -> np.ndarray:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return np.asarray(session.run(["y"], {"x": INPUT.numpy()})[0])


@pytest.mark.parametrize(("store", "size", "near"), [(halve, 0.55, 1e-3), (quarter, 0.33, 2e-2)])
def test_a_network_stored_small_computes_what_it_did(
    exported: onnx.ModelProto, store: Callable[[onnx.ModelProto], onnx.ModelProto], size: float, near: float
) -> None:
    model = onnx.ModelProto()
    model.CopyFrom(exported)
    whole = run(exported)
    assert np.abs(run(store(model)) - whole).max() < near * np.ptp(whole)
    assert 0 < model.ByteSize() < size * exported.ByteSize()
    again = model.SerializeToString()
    assert store(model).SerializeToString() == again  # what is small already stays as it is


def test_weights_are_read_back_as_they_are_stored(exported: onnx.ModelProto, network: Net, tmp_path: Path) -> None:
    model = onnx.ModelProto()
    model.CopyFrom(exported)
    onnx.save(quarter(model), tmp_path / "net.onnx")
    held, known = of_network(tmp_path / "net.onnx", ""), network.state_dict()
    assert known.keys() <= held.keys()
    for name, weight in known.items():
        assert held[name].shape == weight.shape
        assert torch.allclose(held[name], weight, atol=float(weight.abs().max()) / 200)
    restored = Net().eval()
    restored.load_state_dict({name: held[name] for name in known})
    with torch.inference_mode():
        assert np.allclose(restored(INPUT).numpy(), run(model), atol=1e-5)
