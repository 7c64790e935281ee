"""People's recordings with their texts, read from a folder of sets (one folder a set, `transcripts.tsv` in it)."""

import csv
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr

from parley_models.pcm import Samples
from parley_training.corpus.speech import RATE_HZ

HELD_OUT_TENTHS = 1
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
HELD_OUT_DIGITS = "jackson"
"""One of the digits' three speakers: a hash of names would leave it to chance."""


@dataclass(frozen=True, slots=True)
class Recording:
    """One person saying a known text."""

    path: Path
    collection: str
    speaker: str
    text: str

    @property
    def held_out(self) -> bool:
        """Whether this speaker is kept for measuring."""
        if self.collection == "digits":
            return self.speaker == HELD_OUT_DIGITS
        return zlib.crc32(self.speaker.encode()) % 10 < HELD_OUT_TENTHS

    @property
    def words(self) -> list[str]:
        """What is said, word by word."""
        return re.findall(r"[a-z']+", self.text.lower())

    def samples(self) -> Samples:
        """The sound at 16 kHz, peak at -6 dBFS."""
        sound, rate_hz = soundfile.read(self.path, dtype="float32")
        mono = soxr.resample(sound, rate_hz, RATE_HZ).astype(np.float32)
        return mono * np.float32(0.5 / max(float(np.abs(mono).max(initial=0.0)), 1e-4))


def recordings(folder: Path) -> Iterator[Recording]:
    """Every English recording whose text is known."""
    for table in sorted(folder.glob("*/transcripts.tsv")):
        with table.open(encoding="utf-8") as file:
            for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
                if row["language"] == "en" and row["text"].strip():
                    yield Recording(table.parent / row["file"], table.parent.name, row["speaker"], row["text"])
    for path in sorted((folder / "digits").glob("*.wav")):
        digit, speaker, _ = path.stem.split("_")
        yield Recording(path, "digits", speaker, DIGITS[int(digit)])
