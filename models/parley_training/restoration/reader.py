"""Teach restored ears to name phones again: a bundle has the encoder and its codes, but not the heads that phones are read by.

    python -m parley_training.restoration.reader --corpus runs/mini1/corpus --linguistic runs/linguistic --minutes 3

Only the heads learn, so no code changes. With them people's recordings can be aligned (`human.recipe`) and the ears be trained on
(`linguistic.recipe --like … --same-codes`).
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from parley_training.checkpoint import Pace, restore, save
from parley_training.linguistic.depth import layers_of
from parley_training.linguistic.features import FeatureSet, prepare
from parley_training.linguistic.recipe import FRAMES_PER_BATCH, PhoneReader, learn, phone_error

PEAK_RATE = 3e-3
"""Of linear heads, on frames that stand still."""


def encoder_of(folder: Path) -> PhoneReader:
    """A reader with the folder's encoder and code book, whose heads know nothing.

    Raises:
        FileNotFoundError: the folder is no run of the linguistic recipe, restored or not.
    """
    state = restore(folder / "checkpoint.pt")
    if state is None:
        raise FileNotFoundError(f"{folder} has no checkpoint.pt")
    reader, prefix = PhoneReader(state.get("lookahead", 0), layers_of(state["reader"])), "encoder."
    weights = {name.removeprefix(prefix): weight for name, weight in state["reader"].items() if name.startswith(prefix)}
    reader.encoder.load_state_dict({name: weight for name, weight in weights.items() if name in reader.encoder.state_dict()})
    with torch.no_grad():
        reader.quantizer.book.copy_(torch.from_numpy(np.load(folder / "codebook.npy")))
    return reader


def teach(reader: PhoneReader, data: FeatureSet, minutes: float) -> float:
    """Train the heads alone; the last loss of the phones read from codes."""
    for part in (reader.encoder, reader.quantizer):
        part.requires_grad_(requires_grad=False)
    heads = [weight for weight in reader.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(heads, lr=PEAK_RATE, weight_decay=0.02)
    pace, batches, loss = Pace(minutes), data.batches(FRAMES_PER_BATCH, seed=0), float("inf")
    while not pace.over:
        for group in optimizer.param_groups:
            group["lr"] = pace.learning_rate(PEAK_RATE)
        loss = learn(reader, [optimizer], *next(batches), quantized=True)
    return loss


def main() -> None:
    """Read the command line and teach."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, default=Path("runs/corpus"))
    parser.add_argument("--linguistic", type=Path, default=Path("runs/linguistic"))
    parser.add_argument("--minutes", type=float, default=3)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    shift, scale = np.load(options.linguistic / "cmvn.npy")
    features = options.linguistic / "features"
    data = replace(prepare({options.corpus / "questions": 1}, features), shift=shift, scale=scale)
    reader = encoder_of(options.linguistic)
    print(f"loss {teach(reader, data, options.minutes):.3f}")
    reader.requires_grad_(requires_grad=True).eval()
    print(phone_error(reader, prepare({options.corpus / "test": 1}, features, normalised_by=data)))
    save(options.linguistic / "checkpoint.pt", reader.saved)


if __name__ == "__main__":
    main()
