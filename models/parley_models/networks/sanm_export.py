"""Writing the linguistic tokenizer's streaming step as an ONNX file."""

import warnings
from pathlib import Path

import torch
from torch import Tensor, nn

from parley_models.networks.sanm import SanmCaches, SanmEncoder
from parley_models.tokenizers.linguistic import STEP_CACHES, STEP_INPUTS, STEP_OUTPUTS

OPSET = 18


class SanmStep(nn.Module):
    """The step with its caches as plain tensors, as ONNX wants them."""

    def __init__(self, encoder: SanmEncoder) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, features: Tensor, position: Tensor, context: Tensor, keys: Tensor, values: Tensor) -> tuple[Tensor, ...]:
        """One step; shapes as in `SanmCaches`."""
        encoded, caches = self.encoder.step(features, SanmCaches(position, context, keys, values))
        return (encoded, *caches)


def export_step(encoder: SanmEncoder, path: Path) -> None:
    """Write the step to path, self-contained; the count of new frames stays open (1 … chunk), every cache has a fixed size."""
    step = SanmStep(encoder).eval()
    features = torch.zeros(1, encoder.config.chunk, encoder.config.input_size)
    new = torch.export.Dim("new", min=1, max=encoder.config.chunk)
    fixed = dict.fromkeys(STEP_CACHES)
    with warnings.catch_warnings():
        # torch 2.13's exporter trips over a deprecation of its own.
        warnings.simplefilter("ignore", FutureWarning)
        program = torch.onnx.export(
            step,
            (features, *encoder.start()),
            input_names=STEP_INPUTS,
            output_names=STEP_OUTPUTS,
            opset_version=OPSET,
            dynamo=True,
            dynamic_shapes={"features": {1: new}, **fixed},
            verbose=False,
        )
    assert program is not None
    program.save(path, external_data=False)
