"""A whole bundle of the real networks, very small and with random weights: it hears, thinks and speaks, but says nothing."""

import json
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

from parley_models.backbone.config import BackboneConfig
from parley_models.backbone.model import StepOmni
from parley_models.networks.sanm import SanmConfig, SanmEncoder
from parley_models.networks.sanm_export import export_step
from parley_models.networks.semantic import SemanticConfig, SemanticEncoder
from parley_training.semantic.export import export
from tests.fakes.thimble import LAYOUT, train_pieces

SEED = 11


def write_ears(folder: Path) -> None:
    """`linguistic/` and `semantic.onnx`."""
    (folder / "linguistic").mkdir(parents=True)
    export_step(SanmEncoder(SanmConfig(width=16, layers=1, heads=2, ffn=16)).eval(), folder / "linguistic" / "encoder.onnx")
    rng = np.random.default_rng(SEED)
    np.save(folder / "linguistic" / "codebook.npy", rng.standard_normal((1024, 16)).astype(np.float32))
    np.save(folder / "linguistic" / "cmvn.npy", np.stack([np.full(560, -12.0), np.full(560, 0.3)]).astype(np.float32))
    export(SemanticEncoder(SemanticConfig(width=16, layers=1, heads=2)).eval(), folder / "semantic.onnx")


def write_backbone(folder: Path) -> None:
    """`backbone/` and `text.model`."""
    config = BackboneConfig(
        hidden_size=32,
        intermediate_size=64,
        num_attention_heads=4,
        num_attention_groups=2,
        num_hidden_layers=2,
        vocab_size=LAYOUT.vocab_size,
        max_seq_len=4096,
    )
    model = StepOmni(config)
    model.init_weights(torch.Generator().manual_seed(SEED))
    (folder / "backbone").mkdir(parents=True)
    (folder / "backbone" / "config.json").write_text(json.dumps(config.to_dict()))
    save_file({name: weight.contiguous() for name, weight in model.state_dict().items()}, folder / "backbone" / "model.safetensors")
    (folder / "text.model").write_bytes(train_pieces())
