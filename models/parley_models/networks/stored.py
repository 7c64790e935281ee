"""ONNX files whose weights are stored small and made float32 again where the graph begins: smaller files, float32 arithmetic.

ONNX Runtime folds what makes them large again into constants while it loads, so a step costs what it did.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper, numpy_helper

SMALLEST = 256
"""Tensors with fewer numbers stay float32: there is nothing to be saved."""
HALF, BYTES, SCALE = ".float16", ".int8", ".scale"
"""What is put behind a tensor's name."""
MOST = 127
"""The largest of the whole numbers that a column is stored in."""


class _Stored(NamedTuple):
    tensors: list[onnx.TensorProto]
    nodes: list[onnx.NodeProto]
    """What makes the tensor of them, by its own name."""


def halve(model: onnx.ModelProto) -> onnx.ModelProto:
    """Store large float32 weights as float16; gives the model."""
    return _store(model, _halved)


def quarter(model: onnx.ModelProto) -> onnx.ModelProto:
    """Store large float32 matrices as int8 with a float32 scale for each column, and what else is large as float16; gives the model."""
    return _store(model, lambda name, weight: _in_bytes(name, weight) if weight.ndim == 2 else _halved(name, weight))


def _store(model: onnx.ModelProto, how: Callable[[str, npt.NDArray[np.float32]], _Stored]) -> onnx.ModelProto:
    graph = model.graph
    kept, nodes = [], []
    for tensor in graph.initializer:
        if tensor.data_type != onnx.TensorProto.FLOAT or np.prod(tensor.dims) < SMALLEST or tensor.name.endswith(SCALE):
            kept.append(tensor)
            continue
        stored = how(tensor.name, numpy_helper.to_array(tensor))
        kept += stored.tensors
        nodes += stored.nodes
    nodes += graph.node
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend(kept)
    graph.node.extend(nodes)
    return model


def _halved(name: str, weight: npt.NDArray[np.float32]) -> _Stored:
    half = name + HALF
    return _Stored([numpy_helper.from_array(weight.astype(np.float16), half)], [_cast(half, name)])


def _in_bytes(name: str, weight: npt.NDArray[np.float32]) -> _Stored:
    scale = np.maximum(np.abs(weight).max(0), np.finfo(np.float32).tiny) / np.float32(MOST)
    numbers = np.rint(weight / scale).astype(np.int8)
    small, scales, wide = name + BYTES, name + SCALE, name + ".wide"
    return _Stored(
        [numpy_helper.from_array(numbers, small), numpy_helper.from_array(scale, scales)],
        [_cast(small, wide), helper.make_node("Mul", [wide, scales], [name])],
    )


def _cast(stored: str, name: str) -> onnx.NodeProto:
    return helper.make_node("Cast", [stored], [name], to=onnx.TensorProto.FLOAT)
