"""What became of a network's weights when it was exported: one with known weights is exported the same way, and looked for.

The exporter renames, turns and folds, and keeps only one of two equal weights. The node that takes a weight of the known network takes the
same weight in a bundle's. A weight that is normed is sometimes folded with its norm; the known one's rows are as long as its norm says, so
what was folded looks like what was not.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import onnx
import torch
from torch import Tensor, nn

from parley_models.errors import UsageError
from parley_models.networks.convolution import NormedConv1d, NormedConvTranspose1d, row_norms
from parley_models.networks.mish import spell_mish

Floats = npt.NDArray[np.float32]
NEAR = 2e-3
"""Half precision, of numbers about 1."""

NORM, NORMED = "weight_g", "weight_v"

Network = TypeVar("Network", bound=nn.Module)


def restore(network: Network, export: Callable[[Network, Path], object], names: Sequence[str], folder: Path) -> Network:
    """Give `network` the weights that the files in `folder` hold, and return it.

    Args:
        network: of the shape that was exported; its own weights are lost.
        export: writes its files into a folder, as they were written.
        names: of the files.
        folder: whose weights are wanted.

    Raises:
        UsageError: the files are of another network than that, or lack some of its weights.
    """
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weight in network.parameters():
            weight.copy_(torch.randn(weight.shape, generator=generator))
        for layer in network.modules():
            if isinstance(layer, NormedConv1d | NormedConvTranspose1d):
                layer.weight_g.copy_(row_norms(layer.weight_v))
    with TemporaryDirectory() as draft:
        export(network, Path(draft))
        known = _taken(Path(draft), names)
    held = _taken(folder, names)
    if {place: array.shape for place, array in known.items()} != {place: array.shape for place, array in held.items()}:
        raise UsageError(f"The networks in {folder} are not those that are trained here.")
    found = dict[str, Tensor]()
    for name, weight in network.state_dict().items():
        there = _found(weight.numpy(force=True), known, held)
        if there is None and name.endswith(NORM):
            there = row_norms(found[name.removesuffix(NORM) + NORMED])
        if there is None:
            raise UsageError(f"An exported network does not hold its {name} any more.")
        found[name] = there
    network.load_state_dict(found)
    return network


Place = tuple[str, int, int]
"""A file, a node in it, and which of its inputs."""


def _taken(folder: Path, names: Sequence[str]) -> dict[Place, Floats]:
    """The numbers that the nodes of these networks take, by where."""
    taken = dict[Place, Floats]()
    for name in names:
        graph = spell_mish(onnx.load(folder / name)).graph  # as it is exported now; what was exported before holds it in one piece
        arrays = {each.name: onnx.numpy_helper.to_array(each) for each in graph.initializer}
        for number, node in enumerate(graph.node):
            for place, key in enumerate(node.input):
                if key in arrays and arrays[key].dtype in (np.float32, np.float16):
                    taken[name, number, place] = arrays[key].astype(np.float32)
    return taken


def _found(weight: Floats, known: Mapping[Place, Floats], held: Mapping[Place, Floats]) -> Tensor | None:
    """The weight that lies where `weight` lies among the known ones; None where it lies nowhere."""
    for place, array in known.items():
        if array.size != weight.size:
            continue
        if np.allclose(array.ravel(), weight.ravel(), NEAR, NEAR):
            return torch.from_numpy(held[place].reshape(weight.shape).copy())
        if weight.ndim == 2 and np.allclose(array.ravel(), weight.T.ravel(), NEAR, NEAR):
            return torch.from_numpy(held[place].reshape(weight.shape[::-1]).T.copy())
    return None
