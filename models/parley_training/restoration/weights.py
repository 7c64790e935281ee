"""What the files of a bundle hold, as weights of the networks that they were made of."""

from pathlib import Path

import numpy as np
import onnx
import torch
from torch import Tensor

from parley_models.backbone.config import BackboneConfig, read_entries
from parley_models.backbone.convert import weight_shapes
from parley_models.backbone.loading import stored_quantization
from parley_models.backbone.model import StepOmni
from parley_models.backbone.weights import CONFIG_NAME, shards, tensors
from parley_models.errors import BundleCorrupt
from parley_models.networks.stored import BYTES, HALF, SCALE

FLOATS = (onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16)


def of_network(path: Path, prefix: str) -> dict[str, Tensor]:
    """The weights in an exported network whose names begin with `prefix`, float32, without it.

    The exporter leaves names as they are, but turns the matrix of a linear layer round and gives it a number. It is what stands in the
    product that the layer's bias is added to.
    """
    graph = onnx.load(path).graph
    stored = {each.name.removesuffix(HALF): onnx.numpy_helper.to_array(each) for each in graph.initializer if each.data_type in FLOATS}
    for each in (each for each in graph.initializer if each.data_type == onnx.TensorProto.INT8):
        name = each.name.removesuffix(BYTES)
        stored[name] = onnx.numpy_helper.to_array(each) * stored.pop(name + SCALE)
    held = {name: torch.from_numpy(array.astype(np.float32)) for name, array in stored.items()}
    products = {node.output[0]: node.input[1] for node in graph.node if node.op_type == "MatMul"}
    for node in (each for each in graph.node if each.op_type == "Add"):
        for bias, product in (node.input, reversed(node.input)):
            if bias.endswith(".bias") and products.get(product) in held:
                held[bias.removesuffix("bias") + "weight"] = held[products[product]].T.contiguous()
    return {name.removeprefix(prefix): weight for name, weight in held.items() if name.startswith(prefix)}


def of_backbone(folder: Path) -> StepOmni:
    """The model in a folder as floats to train on, however it is quantized there.

    Raises:
        BundleError: a file or a tensor is not what it should be.
    """
    entries = read_entries(folder / CONFIG_NAME)
    config, quantization = BackboneConfig.from_dict(entries), stored_quantization(entries)
    held = {name: tensor for _, name, tensor in tensors(shards(folder))}
    weights = dict[str, Tensor]()
    for key, shape in weight_shapes(config).items():
        names = quantization.stored(key, shape) if quantization else {key: None}
        if missing := [name for name in names if name not in held]:
            raise BundleCorrupt(f"{folder} lacks the tensor {missing[0]}.")
        parts = [held[name] for name in names]
        covered = quantization is not None and quantization.covers(key, shape)
        weights[key] = quantization.restore(key, parts, shape).weight() if quantization and covered else parts[0].float()
    model = StepOmni(config)
    model.load_state_dict(weights)
    return model
