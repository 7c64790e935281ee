"""The three networks of a vocoder as ONNX graphs of a few nodes: noise as long as the answer, with the real signatures."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

MELS, HARMONICS, SPEAKER, STATE = 80, 8, 16, 4
TOKENS, FRAMES = 50, 24
FLOAT = TensorProto.FLOAT


def write_vocoder(folder: Path) -> None:
    """`flow_encoder.onnx`, `flow_estimator.onnx`, `hift.onnx`."""
    folder.mkdir(parents=True)
    _write(
        folder / "flow_encoder.onnx",
        [
            helper.make_node("Unsqueeze", ["positions", "axis"], ["places"]),
            helper.make_node("Mul", ["places", "slopes"], ["sloped"]),
            helper.make_node("Cast", ["tokens"], ["codes"], to=FLOAT),
            helper.make_node("ReduceMean", ["codes"], ["mean"], keepdims=0),
            helper.make_node("Mul", ["mean", "small"], ["level"]),
            helper.make_node("Add", ["sloped", "level"], ["mu"]),
            helper.make_node("ReduceMean", ["speaker"], ["who"], keepdims=0),
            helper.make_node("Mul", ["who", "ones"], ["projected"]),
        ],
        {"tokens": (TensorProto.INT64, [1, TOKENS]), "positions": (FLOAT, [1, FRAMES]), "speaker": (FLOAT, [1, SPEAKER])},
        {"mu": (FLOAT, [1, MELS, FRAMES]), "projected": (FLOAT, [1, MELS])},
        {"axis": np.array([1]), "slopes": np.linspace(0, 0.02, MELS)[None, :, None], "small": np.array(1e-4), "ones": np.ones((1, MELS))},
    )
    mel = (FLOAT, [2, MELS, FRAMES])
    _write(
        folder / "flow_estimator.onnx",
        [helper.make_node("Sub", ["mu", "x"], ["toward"]), helper.make_node("Add", ["toward", "cond"], ["velocity"])],
        {"x": mel, "mu": mel, "time": (FLOAT, [2]), "speaker": (FLOAT, [2, MELS]), "cond": mel},
        {"velocity": mel},
        {},
    )
    _write(
        folder / "hift.onnx",
        [
            helper.make_node("ReduceMean", ["mel", "mels"], ["mean"], keepdims=0),
            helper.make_node("Add", ["mean", "pitch"], ["f0_predicted"]),
            helper.make_node("Mul", ["f0_predicted", "voicing"], ["f0"]),
            helper.make_node("Gather", ["noise", "first"], ["one"], axis=1),
            helper.make_node("Mul", ["one", "quiet"], ["soft"]),
            helper.make_node("Tanh", ["soft"], ["sound"]),
            helper.make_node("Identity", ["state"], ["next_state"]),
        ],
        {
            "mel": (FLOAT, [1, MELS, "frames"]),
            "noise": (FLOAT, [1, HARMONICS + 1, "samples"]),
            "cycles": (TensorProto.DOUBLE, [1, 1]),
            "voicing": (FLOAT, [1, 1]),
            "state": (FLOAT, [1, STATE]),
        },
        {"sound": (FLOAT, [1, "samples"]), "f0": (FLOAT, [1, "frames"]), "next_state": (FLOAT, [1, STATE])},
        {"mels": np.array([1]), "pitch": np.array(200.0), "first": np.array(0), "quiet": np.array(0.1)},
    )


Shapes = dict[str, tuple[int, list[Any]]]


def _write(path: Path, nodes: Sequence[onnx.NodeProto], inputs: Shapes, outputs: Shapes, constants: dict[str, Any]) -> None:
    held = [
        numpy_helper.from_array(value if value.dtype == np.int64 else value.astype(np.float32), name) for name, value in constants.items()
    ]
    given, made = ([helper.make_tensor_value_info(name, kind, shape) for name, (kind, shape) in each.items()] for each in (inputs, outputs))
    graph = helper.make_graph(list(nodes), path.stem, given, made, held)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model)
    onnx.save(model, path)
