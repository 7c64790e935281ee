"""Write what was trained as the bundle's vocoder folder.

    python -m parley_training.vocoder.export --flow runs/vocoder/flow --hift runs/vocoder/hift --out runs/vocoder/bundle

Makes OUT/{flow_encoder,flow_estimator,hift}.onnx and OUT/voices/slt.safetensors; run it again whenever a checkpoint is newer.
"""

import argparse
from pathlib import Path

import torch
from safetensors.torch import save_file

from parley_models.networks.flow import Flow, FlowConfig
from parley_models.networks.hift import Hift, HiftConfig
from parley_models.networks.vocoder_export import export_causal_hift, export_flow
from parley_models.vocoders.grid import TOKENS_PER_GROUP
from parley_training.vocoder import flow, hift

VOICE = "slt"


def export(
    flow_state: dict[str, torch.Tensor], hift_state: dict[str, torch.Tensor], out: Path, flow_config: FlowConfig, hift_config: HiftConfig
) -> None:
    """Write both networks and the voice; sizes as in the configs."""
    (out / "voices").mkdir(parents=True, exist_ok=True)
    speaks, sounds = Flow(flow_config), Hift(hift_config)
    speaks.load_state_dict(flow_state)
    sounds.load_state_dict(hift_state)
    grid = flow.GRID
    export_flow(speaks.eval(), out / "flow_encoder.onnx", out / "flow_estimator.onnx", (grid.groups * TOKENS_PER_GROUP, grid.window))
    export_causal_hift(sounds.eval(), out / "hift.onnx")
    save_file({"speaker": flow.voice_vector(flow_config.speaker)}, out / "voices" / f"{VOICE}.safetensors")


def main() -> None:
    """Read the command line and export."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--flow", type=Path, required=True, help="folder of the flow recipe's checkpoint")
    parser.add_argument("--hift", type=Path, required=True, help="folder of the HiFT recipe's checkpoint")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    learned = {
        name: torch.load(getattr(options, name) / "checkpoint.pt", map_location="cpu", weights_only=True)[name] for name in ("flow", "hift")
    }
    export(learned["flow"], learned["hift"], options.out, flow.CONFIG, hift.CONFIG)


if __name__ == "__main__":
    main()
