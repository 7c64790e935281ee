from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from parley_models.networks.flow import Flow, FlowConfig
from parley_models.networks.hift import Hift, HiftConfig

CHECKPOINT = "CosyVoice-300M-25Hz-mini"
REFERENCE_HIFT = HiftConfig(
    rate_hz=22_050, channels=32, f0_channels=24, upsample_rates=(8, 8), upsample_kernels=(16, 16), source_kernels=(7, 11)
)


def state_of(reference: Path, name: str) -> dict[str, torch.Tensor]:
    """A reference checkpoint, from the whole set or the compact part."""
    whole = reference / CHECKPOINT / f"{name}.pt"
    state: dict[str, torch.Tensor] = (
        torch.load(whole, weights_only=True) if whole.exists() else load_file(whole.with_suffix(".safetensors"))
    )
    return state


@pytest.fixture(scope="session")
def golden(reference: Path) -> dict[str, torch.Tensor]:
    """Upstream's numbers for the 22.05 kHz vocoder."""
    with np.load(reference / "golden" / "vocoder.npz", allow_pickle=False) as held:
        return {key: torch.from_numpy(held[key]) for key in held.files if held[key].dtype.kind != "U"}


@pytest.fixture(scope="session")
def reference_flow(reference: Path) -> Flow:
    state = state_of(reference, "flow")
    rows, width = state["input_embedding.weight"].shape
    flow = Flow(FlowConfig(vocab=rows, embedding=width, width=width, hidden=128, layers=2, channels=(32, 32), head_width=8))
    flow.load_state_dict(state)
    return flow.eval()


@pytest.fixture(scope="session")
def reference_hift(reference: Path) -> Hift:
    hift = Hift(REFERENCE_HIFT)
    hift.load_state_dict(state_of(reference, "hift"))
    return hift.eval()
