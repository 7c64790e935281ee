"""Write a trained backbone again in 8, 4 or 3 bits, and say what that cost.

    python -m parley_training.quantize.recipe --backbone runs/backbone/backbone --out runs/quantized --linear int8

A matter of seconds for Mini, so a killed run is simply started again: a file takes its place only when it is whole.
"""

import argparse
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from parley_models.backbone.backbone import Backbone
from parley_models.backbone.convert import quantize_checkpoint
from parley_models.backbone.matrices import GROUP_SIZES
from parley_models.backbone.quantize import MINIMISED, PLAIN, Quantization
from parley_models.backbone.weights import shards
from parley_models.bundle import Bundle, find_bundle
from parley_training.quantize.asking import CALIBRATING, answers, mini_prompts
from parley_training.quantize.calibrated import quantize_calibrated


@dataclass(frozen=True, slots=True)
class Cost:
    """What became smaller and what became worse."""

    bytes_before: int
    bytes_after: int
    same_choice: float
    """Share of places where both models find the same id likeliest."""

    nats: float
    """Mean divergence of the quantized model's distribution from the float model's."""


def cost(before: Path, after: Path, *, ids: int = 400, seed: int = 0) -> Cost:
    """Compare two checkpoints on what the first says by itself, drawn at temperature 1."""
    exact, near = Backbone.load(before, context=ids + 1), Backbone.load(after, context=ids + 1)
    rng = np.random.default_rng(seed)
    token_id, same, nats = 1, 0, 0.0
    for _ in range(ids):
        wanted, given = (_log_softmax(backbone.step(token_id).astype(np.float64)) for backbone in (exact, near))
        same += int(wanted.argmax() == given.argmax())
        nats += float(np.sum(np.exp(wanted) * (wanted - given)))
        token_id = int(rng.choice(len(wanted), p=np.exp(wanted)))
    return Cost(_size(before), _size(after), same / ids, nats / ids)


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in shards(folder))


def _log_softmax(logits: np.ndarray) -> np.ndarray:
    shifted = logits - logits.max()
    normal: np.ndarray = shifted - np.log(np.exp(shifted).sum())
    return normal


def main() -> None:
    """Read the command line, quantize and compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backbone", type=Path, default=Path("runs/backbone/backbone"))
    parser.add_argument("--out", type=Path, default=Path("runs/quantized"))
    parser.add_argument("--linear", choices=["int8", "int4", "int3"], default="int8")
    parser.add_argument("--group-size", type=int, choices=GROUP_SIZES, default=64, help="columns that share a scale at 4 and 3 bits")
    parser.add_argument("--embedding", choices=["int8", "bfloat16"], default="int8")
    parser.add_argument("--rounding", choices=[MINIMISED, PLAIN], default=MINIMISED, help="how codes are chosen at 4 and 3 bits")
    parser.add_argument("--calibrate-as", metavar="BUNDLE", help="choose codes for what the model says, asked as this bundle's model is")
    options = parser.parse_args()
    quantization = Quantization(options.linear, options.group_size, options.embedding, options.rounding)
    if options.calibrate_as:
        prompts = mini_prompts(CALIBRATING, Bundle.open(find_bundle(options.calibrate_as)))
        quantize_calibrated(options.backbone, options.out, quantization, answers(options.backbone, prompts, seed=1))
    else:
        quantize_checkpoint(options.backbone, options.out, quantization)
    paid = cost(options.backbone, options.out)
    (options.out.parent / f"{options.out.name}.cost.json").write_text(json.dumps(asdict(paid)) + "\n", encoding="utf-8")
    print(f"{paid.bytes_before / 1e6:.1f} MB became {paid.bytes_after / 1e6:.1f} MB")
    print(f"the likeliest id stays in {paid.same_choice:.1%} of places; divergence {paid.nats:.4f} nats")


if __name__ == "__main__":
    main()
