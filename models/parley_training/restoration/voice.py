"""A bundle's flow and HiFT as they are trained on, out of its ONNX files.

    python -m parley_training.restoration.voice --bundle mini --elapsed 20

Writes checkpoints into OUT/flow and OUT/hift, from which `vocoder.flow` and `vocoder.hift` go on; the optimizers begin anew.
"""

import argparse
from pathlib import Path

import torch
from torch import Tensor

from parley_models.bundle import Bundle, find_bundle
from parley_models.errors import ParleyError, UsageError
from parley_models.networks.flow import Flow
from parley_models.networks.hift import Hift
from parley_models.networks.vocoder_export import export_causal_hift, export_flow
from parley_models.vocoders.grid import TOKENS_PER_GROUP
from parley_training.checkpoint import save
from parley_training.homes import HOMES
from parley_training.restoration.probe import restore
from parley_training.vocoder import flow, hift
from parley_training.vocoder.code_embedding import DETAILS, LEVELS, LINGUISTIC, NOTHING, CodeEmbedding
from parley_training.vocoder.export import HIFT

FILES = ("flow_encoder.onnx", "flow_estimator.onnx")


def flow_of(folder: Path) -> Flow:
    """The flow in a bundle's vocoder folder."""
    window = flow.GRID.groups * TOKENS_PER_GROUP, flow.GRID.window

    def export(network: Flow, out: Path) -> None:
        encoder, estimator = (out / name for name in FILES)
        export_flow(network.eval(), encoder, estimator, window)

    return restore(Flow(flow.CONFIG), export, FILES, folder)


def hift_of(folder: Path) -> Hift:
    """The HiFT in a bundle's vocoder folder."""

    def export(network: Hift, out: Path) -> None:
        export_causal_hift(network.eval(), out / HIFT)

    return restore(Hift(hift.CONFIG), export, (HIFT,), folder)


def codes_of(table: Tensor) -> CodeEmbedding:
    """The embedding whose table (5121, channels) this is: semantic rows taken apart into level and detail."""
    codes = CodeEmbedding(table.shape[1])
    pairs = table[LINGUISTIC:NOTHING] / 0.5**0.5
    whole = pairs[: (LEVELS - 1) * DETAILS].view(LEVELS - 1, DETAILS, -1)
    detail = whole.mean(0) - whole.mean((0, 1))
    begun = pairs[(LEVELS - 1) * DETAILS :]  # of the last level there are only a few
    with torch.no_grad():
        codes.linguistic.copy_(table[:LINGUISTIC])
        codes.nothing.copy_(table[NOTHING:])
        codes.detail.copy_(detail)
        codes.level.copy_(torch.cat([whole.mean(1), (begun - detail[: len(begun)]).mean(0, keepdim=True)]))
    return codes


def main() -> None:
    """Read the command line and restore."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bundle", default="mini", help="name or folder")
    parser.add_argument("--out", type=Path, default=HOMES["mini0"] / "vocoder")
    parser.add_argument("--elapsed", type=float, default=0.0, help="minutes of the training that count as over")
    options = parser.parse_args()
    flow_run, hift_run = options.out / "flow", options.out / "hift"
    try:
        for run in (flow_run, hift_run):
            if run.exists():
                raise UsageError(f"{run} is there already: move it away.")
        folder = Bundle.open(find_bundle(options.bundle)).path(f"vocoder/{HIFT}").parent
        speaks, sounds = flow_of(folder), hift_of(folder)
    except ParleyError as error:
        parser.exit(error.exit_code, f"{error}\n")
    begun = {"step": 0, "spent_s": 60 * options.elapsed}
    codes = codes_of(speaks.input_embedding.weight.detach())
    save(flow_run / "checkpoint.pt", {"flow": speaks.state_dict(), "codes": codes.state_dict(), **begun})
    save(hift_run / "checkpoint.pt", {"hift": sounds.state_dict(), **begun})
    print(f"flow and HiFT go on in {options.out}")


if __name__ == "__main__":
    main()
