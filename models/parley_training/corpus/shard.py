"""The corpus on disk: shards of a few hundred utterances, each a folder that is there whole or not at all."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from parley_training.corpus.lines import Line


@dataclass(frozen=True, slots=True)
class Shard:
    """Utterances one after the other."""

    clean: npt.NDArray[np.int16]
    """As spoken, 16 kHz (samples,)."""

    heard: npt.NDArray[np.int16]
    """As a microphone heard it, the same length."""

    labels: npt.NDArray[np.uint8]
    """Phones on the 20 ms grid (slots,)."""

    index: npt.NDArray[np.int64]
    """(n, 4): start and stop in samples, start and stop in label slots."""

    lines: list[Line]
    """What was said, by whom, and what the answer is; `lines.exchange_of` makes an exchange of it."""

    def __len__(self) -> int:
        return len(self.index)

    def save(self, folder: Path) -> None:
        """Write the shard; a kill in between leaves no half shard behind."""
        unfinished = folder.with_suffix(".part")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        for name in ("clean", "heard", "labels", "index"):
            np.save(unfinished / f"{name}.npy", getattr(self, name))
        (unfinished / "lines.jsonl").write_text("".join(json.dumps(line) + "\n" for line in self.lines))
        unfinished.rename(folder)

    @staticmethod
    def open(folder: Path) -> "Shard":
        """Open a shard; the sound stays on disk until it is read."""
        clean, heard, labels, index = (np.load(folder / f"{name}.npy", mmap_mode="r") for name in ("clean", "heard", "labels", "index"))
        lines = [json.loads(line) for line in (folder / "lines.jsonl").read_text().splitlines()]
        return Shard(clean, heard, labels, index, lines)


def shards(folder: Path) -> Iterator[Shard]:
    """The finished shards of a corpus, in order."""
    for path in sorted(folder.glob("shard_[0-9]*[0-9]")):
        yield Shard.open(path)
