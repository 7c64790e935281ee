"""Layers that keep their weights quantized and multiply by the kernels that were found fastest."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from parley_models.backbone.kernels import WIDE_ROWS, choose
from parley_models.backbone.matrices import Int8Rows, Matrix


def _aligned(tensor: Tensor) -> Tensor:
    """A tensor as the vector units want it: safetensors hands out places in its file, and int8pack reads 16 bytes at a time or crashes."""
    return tensor.clone() if tensor.device.type == "cpu" and tensor.data_ptr() % 64 else tensor


class QuantizedLinear(nn.Module):
    """A linear layer with quantized weights. Its buffers are all it keeps of them."""

    def __init__(self, matrix: Matrix) -> None:
        super().__init__()
        step, wide = choose(matrix)
        self._few = WIDE_ROWS if matrix.tensors()[0].is_cuda else WIDE_ROWS - 1
        self._step, self._wide = step.product, wide.product
        self._packed = tuple(map(_aligned, step.pack(matrix)))
        for at, tensor in enumerate(self._packed):
            self.register_buffer(f"packed{at}", tensor)

    def forward(self, x: Tensor) -> Tensor:
        """(1, rows, columns) -> (1, rows, outputs) float32; for the head (rows, columns) -> (rows, outputs)."""
        rows = x if x.dim() == 2 else x[0]
        out = (self._step if rows.shape[0] <= self._few else self._wide)(rows, self._packed)
        return out if x.dim() == 2 else out[None]


class SideBySide(nn.Module):
    """Layers over the same input, kept in different ways, as one."""

    def __init__(self, layers: Sequence[QuantizedLinear]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)

    def forward(self, x: Tensor) -> Tensor:
        """Like `QuantizedLinear.forward`, outputs of all layers after each other."""
        return torch.cat([layer(x) for layer in self.layers], -1)


class QuantizedEmbedding(nn.Module):
    """A book of vectors in 8 bits, of which only the rows that are asked for become floats."""

    codes: Tensor
    scale: Tensor

    def __init__(self, matrix: Int8Rows) -> None:
        super().__init__()
        self.register_buffer("codes", matrix.codes)
        self.register_buffer("scale", matrix.scale)

    def forward(self, ids: Tensor) -> Tensor:
        """Ids (...) -> vectors (..., columns) float32."""
        return self.codes[ids].float() * self.scale[ids].float()[..., None]
