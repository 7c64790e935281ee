"""Carry a backbone's training over to other ears.

    python -m parley_training.backbone.recode --like runs/backbone --before runs/tokens --after runs/tokens2 --out runs/backbone2

Both token folders hold the same recordings. Rows of the embedding follow the codes of the questions, rows of the head those of the
answers: one is what Mini hears, the other what it says. Everything else, the optimizers too, stays as it is; training goes on as if so
many minutes of it were over.
"""

import argparse
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from parley_training.checkpoint import restore, save
from parley_training.code_books import carried_over
from parley_training.text.recipe import LAYOUT
from parley_training.tokens.recipe import codes_of
from parley_training.vocoder.code_embedding import LINGUISTIC


def linguistic_pairs(before: Iterable[Path], after: Path) -> tuple[npt.NDArray[np.uint16], npt.NDArray[np.uint16]]:
    """The linguistic codes (n,) of all utterances that two token folders share, in one book and in the other."""
    pairs = [
        (old[:, :2].reshape(-1), new[:, :2].reshape(-1))
        for path in before
        if (after / path.name).exists()
        for old, new in zip(codes_of(path), codes_of(after / path.name), strict=False)  # answers are added at the end
    ]
    return np.concatenate([old for old, _ in pairs]), np.concatenate([new for _, new in pairs])


def main() -> None:
    """Read the command line and write OUT/checkpoint.pt."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--like", type=Path, required=True, help="the earlier run")
    parser.add_argument("--before", type=Path, required=True, help="tokens that it learned from")
    parser.add_argument("--after", type=Path, required=True, help="tokens of the same recordings by the new ears")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--elapsed", type=float, default=0.0, help="minutes of training that count as over")
    options = parser.parse_args()
    state = restore(options.like / "checkpoint.pt")
    if state is None:
        raise SystemExit(f"{options.like} has no checkpoint.pt")
    books = {
        "model.embed_tokens.weight": linguistic_pairs(sorted((options.before / "questions").glob("*.npz")), options.after / "questions"),
        "lm_head.weight": linguistic_pairs([options.before / "answers.npz"], options.after),
    }
    rows = slice(LAYOUT.audio_offset, LAYOUT.audio_offset + LINGUISTIC)
    for name, (old, new) in books.items():
        weight = state["model"][name]
        weight[rows] = carried_over(weight[rows], old, new)
        print(f"{name}: {np.mean(old == new):.0%} of {len(old)} frames kept their number")
    options.out.mkdir(parents=True, exist_ok=True)
    save(options.out / "checkpoint.pt", {**state, "step": 0, "elapsed_s": options.elapsed * 60})


if __name__ == "__main__":
    main()
