"""From a folder to a model that answers."""

from pathlib import Path

import torch
from torch import Tensor, nn

from parley_models.backbone.config import BackboneConfig
from parley_models.backbone.model import StepOmni
from parley_models.backbone.weights import CONFIG_NAME, checked, tensors
from parley_models.errors import BundleCorrupt


def load_model(folder: Path) -> StepOmni:
    """Read a checkpoint into float32. Raises BundleError."""
    config = BackboneConfig.from_file(folder / CONFIG_NAME)
    with torch.device("meta"):
        model = StepOmni(config)
    expected = {key: tensor.shape for key, tensor in model.state_dict().items()}
    state: dict[str, Tensor] = {}
    for path, key, tensor in tensors(folder):
        if key in expected:
            state[key] = nn.Parameter(checked(path, key, tensor, expected[key]).float(), requires_grad=False)
    absent = sorted(expected.keys() - state.keys())
    if absent:
        raise BundleCorrupt(f"{folder} lacks the tensor {absent[0]} and {len(absent) - 1} more.")
    model.load_state_dict(state, assign=True)
    model.slopes = StepOmni(config).slopes
    return model.eval()
