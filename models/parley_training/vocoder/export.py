"""Write what was trained as the bundle's vocoder folder.

    python -m parley_training.vocoder.export --flow runs/vocoder/flow --hift runs/vocoder/hift --out runs/vocoder/bundle
    python -m parley_training.vocoder.export --flow runs/vocoder/flow --out runs/vocoder/bundle

Makes OUT/{flow_encoder,flow_estimator,hift}.onnx and a file in OUT/voices for each voice that the flow has learned; run it again whenever
a checkpoint is newer. Without a HiFT the one that is in OUT stays.
"""

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from parley_models.networks.flow import Flow
from parley_models.networks.hift import Hift
from parley_models.networks.vocoder_export import export_causal_hift, export_flow
from parley_models.vocoders.grid import TOKENS_PER_GROUP
from parley_training.corpus.answers import FIRST, SECOND, SECOND_BELOW
from parley_training.vocoder import flow, hift

LOWER = {FIRST: 0.0, SECOND: -SECOND_BELOW}
"""Where each voice lies, in semitones from what the codes say: the codes are those of the first one."""


CALLED = {FIRST: "clear", SECOND: "low"}
"""What a bundle calls them: `slt` says nothing to anybody."""

LARGER = "deep"
LARGER_SEMITONES, LARGER_FORMANTS = -2.25, 0.87
"""The first speaker, but larger: resonances 13 % lower, and a fundamental of 130 Hz. A HiFT that has learned the first speaker
alone sounds none below 120: at −3.75 semitones that is where the voice would lie, and it could not be sad."""

HIFT = "hift.onnx"


def export(speaks: Flow, sounds: Hift | None, out: Path, voices: Iterable[str] = (FIRST,)) -> None:
    """Write both networks, or the flow alone, and the voices."""
    out.mkdir(parents=True, exist_ok=True)
    window = flow.GRID.groups * TOKENS_PER_GROUP, flow.GRID.window
    export_flow(speaks.eval(), out / "flow_encoder.onnx", out / "flow_estimator.onnx", window)
    if sounds is not None:
        export_causal_hift(sounds.eval(), out / HIFT)
    write_voices(voices, speaks.config.speaker, out / "voices")


def write_voices(voices: Iterable[str], size: int, folder: Path) -> None:
    """Write a file for each voice: its speaker vector (size,), and how much lower than its codes it speaks; and the larger first one."""
    folder.mkdir(exist_ok=True)
    for voice in voices:
        held = {"speaker": flow.voice_vector(voice, size)}
        if LOWER[voice]:
            held["semitones"] = torch.tensor([LOWER[voice]])
        save_file(held, folder / f"{CALLED[voice]}.safetensors")
    larger = {"speaker": flow.voice_vector(FIRST, size), "semitones": torch.tensor([LARGER_SEMITONES])}
    save_file({**larger, "formants": torch.tensor([LARGER_FORMANTS])}, folder / f"{LARGER}.safetensors")


def learned(folder: Path) -> dict[str, Any]:
    """What a recipe's checkpoint holds."""
    state: dict[str, Any] = torch.load(folder / "checkpoint.pt", map_location="cpu", weights_only=True)
    return state


def main() -> None:
    """Read the command line and export."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--flow", type=Path, required=True, help="folder of the flow recipe's checkpoint")
    parser.add_argument("--hift", type=Path, help="folder of the HiFT recipe's checkpoint")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    if options.hift is None and not (options.out / HIFT).exists():
        parser.error(f"{options.out} has no {HIFT} yet: name a --hift.")
    speaks, sounds = Flow(flow.CONFIG), Hift(hift.CONFIG) if options.hift else None
    told = learned(options.flow)
    speaks.load_state_dict(told["flow"])
    if sounds is not None:
        sounds.load_state_dict(learned(options.hift)["hift"])
    export(speaks, sounds, options.out, told.get("voices", (FIRST,)))  # the first flows knew one voice and did not say so


if __name__ == "__main__":
    main()
