"""A bundle's flow as it is trained on, out of its ONNX files.

    python -m parley_training.restoration.voice --bundle mini --elapsed 20

Writes a checkpoint into OUT, from which `vocoder.flow` goes on; the optimizer begins anew. HiFT is used as it is: its weights are normed
where it is exported.
"""

import argparse
from pathlib import Path

import torch
from torch import Tensor

from parley_models.bundle import Bundle, find_bundle
from parley_models.errors import ParleyError, UsageError
from parley_models.networks.flow import Flow
from parley_models.networks.vocoder_export import export_flow
from parley_models.vocoders.grid import TOKENS_PER_GROUP
from parley_training.checkpoint import save
from parley_training.homes import HOMES
from parley_training.restoration.probe import restore
from parley_training.vocoder import flow
from parley_training.vocoder.code_embedding import DETAILS, LEVELS, LINGUISTIC, NOTHING, CodeEmbedding

FILES = ("flow_encoder.onnx", "flow_estimator.onnx")


def flow_of(folder: Path) -> Flow:
    """The flow in a bundle's vocoder folder."""
    window = flow.GRID.groups * TOKENS_PER_GROUP, flow.GRID.window

    def export(network: Flow, out: Path) -> None:
        encoder, estimator = (out / name for name in FILES)
        export_flow(network.eval(), encoder, estimator, window)

    return restore(Flow(flow.CONFIG), export, FILES, folder)


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
    parser.add_argument("--out", type=Path, default=HOMES["mini0"] / "vocoder" / "flow")
    parser.add_argument("--elapsed", type=float, default=0.0, help="minutes of the training that count as over")
    options = parser.parse_args()
    try:
        if options.out.exists():
            raise UsageError(f"{options.out} is there already: move it away.")
        speaks = flow_of(Bundle.open(find_bundle(options.bundle)).path(f"vocoder/{FILES[0]}").parent)
    except ParleyError as error:
        parser.exit(error.exit_code, f"{error}\n")
    codes = codes_of(speaks.input_embedding.weight.detach())
    begun = {"flow": speaks.state_dict(), "codes": codes.state_dict(), "step": 0, "spent_s": 60 * options.elapsed}
    save(options.out / "checkpoint.pt", begun)
    print(f"the flow goes on in {options.out}")


if __name__ == "__main__":
    main()
