"""A tiny backbone on disk, with random weights."""

from pathlib import Path

import pytest
import torch

from parley_models.backbone.config import BackboneConfig
from parley_models.backbone.convert import save_checkpoint
from parley_models.backbone.model import StepOmni

TINY = BackboneConfig(
    hidden_size=96,
    intermediate_size=128,
    num_attention_heads=6,
    num_attention_groups=2,
    num_hidden_layers=2,
    vocab_size=300,
    max_seq_len=400,
)


@pytest.fixture(scope="session")
def tiny_model() -> StepOmni:
    torch.set_num_threads(1)
    model = StepOmni(TINY)
    model.init_weights(torch.Generator().manual_seed(5))
    with torch.no_grad():  # drawn so small that a layer hardly shows; grown, an error anywhere does
        for name, weight in model.named_parameters():
            weight.mul_(4.0 if "layers" in name and weight.dim() == 2 else 1.0)
    return model.requires_grad_(False).eval()


@pytest.fixture(scope="session")
def tiny_folder(tiny_model: StepOmni, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("backbone")
    save_checkpoint(tiny_model, folder)
    return folder
