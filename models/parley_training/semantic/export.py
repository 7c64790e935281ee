"""Writing the semantic tokenizer as an ONNX file."""

import warnings
from pathlib import Path

import torch

from parley_models.networks.semantic import SemanticCodes, SemanticEncoder


def export(encoder: SemanticEncoder, path: Path) -> None:
    """Write `feats` (1, 128, 72), `feats_length` (1,) → `indices` (1, 18), self-contained."""
    config = encoder.config
    feats = torch.zeros(1, config.mels, config.window_frames)
    length = torch.tensor([config.window_frames], dtype=torch.int32)
    with warnings.catch_warnings():
        # torch 2.13's exporter trips over a deprecation of its own.
        warnings.simplefilter("ignore", FutureWarning)
        program = torch.onnx.export(
            SemanticCodes(encoder).eval(),
            (feats, length),
            input_names=["feats", "feats_length"],
            output_names=["indices"],
            opset_version=18,
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    program.save(path, external_data=False)
