"""Write what was trained as the bundle's vocoder folder.

    python -m parley_training.vocoder.export --flow runs/vocoder/flow --hift runs/vocoder/hift --out runs/vocoder/bundle

Makes OUT/{flow_encoder,flow_estimator,hift}.onnx and OUT/voices/slt.safetensors; run it again whenever a checkpoint is newer.
"""

import argparse
from pathlib import Path

import torch
from safetensors.torch import save_file

from parley_models.networks.flow import Flow
from parley_models.networks.hift import Hift
from parley_models.networks.vocoder_export import export_causal_hift, export_flow
from parley_models.vocoders.grid import TOKENS_PER_GROUP
from parley_training.vocoder import flow, hift

VOICE = "slt"


def export(speaks: Flow, sounds: Hift, out: Path) -> None:
    """Write both networks and the voice."""
    (out / "voices").mkdir(parents=True, exist_ok=True)
    window = flow.GRID.groups * TOKENS_PER_GROUP, flow.GRID.window
    export_flow(speaks.eval(), out / "flow_encoder.onnx", out / "flow_estimator.onnx", window)
    export_causal_hift(sounds.eval(), out / "hift.onnx")
    save_file({"speaker": flow.voice_vector(speaks.config.speaker)}, out / "voices" / f"{VOICE}.safetensors")


def learned(folder: Path, name: str) -> dict[str, torch.Tensor]:
    """The weights in a recipe's checkpoint."""
    state: dict[str, dict[str, torch.Tensor]] = torch.load(folder / "checkpoint.pt", map_location="cpu", weights_only=True)
    return state[name]


def main() -> None:
    """Read the command line and export."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--flow", type=Path, required=True, help="folder of the flow recipe's checkpoint")
    parser.add_argument("--hift", type=Path, required=True, help="folder of the HiFT recipe's checkpoint")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    speaks, sounds = Flow(flow.CONFIG), Hift(hift.CONFIG)
    speaks.load_state_dict(learned(options.flow, "flow"))
    sounds.load_state_dict(learned(options.hift, "hift"))
    export(speaks, sounds, options.out)


if __name__ == "__main__":
    main()
