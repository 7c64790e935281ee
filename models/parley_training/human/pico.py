"""Two more who read: SVOX Pico's English women (Apache-2.0), as a set of recordings.

    .venv/bin/python -m pip install -c constraints.txt ttspico
    python -m parley_training.human.pico --count 4000 --out runs/recordings/pico
    python -m parley_training.human.recipe --human DIR runs/recordings --linguistic runs/linguistic --out runs/corpus

Few synthesizers were made from people, and ears hear a new person the better the more of them they know. Pico does not say when it says
what, so its sound is aligned as people's recordings are.
"""

import argparse
import csv
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np
import soundfile
import soxr
from tqdm import tqdm

from parley_models.pcm import Samples
from parley_training.corpus.recipe import lines_of

RATE_HZ = 16_000
VOICES = {"en-US": "lh0", "en-GB": "kh0"}
TEMPO, SIZE, PITCH = (0.8, 1.4), (0.84, 1.18), (85, 120)
"""How fast, how large a vocal tract against hers (as `Speaker.size`), and Pico's own pitch in percent."""

FIRST_SEED = 700_000
"""Of the lines that are read: no shard of the corpus begins there."""

Speak = Callable[[str, str], bytes]
"""Language and marked-up text to PCM16 at 16 kHz."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One text, and how it is read."""

    text: str
    language: str
    tempo: float
    size: float
    pitch: int

    def sound(self, speak: Speak) -> Samples:
        """The sound at 16 kHz, float32 (n,)."""
        speed = round(100 * self.tempo / self.size)
        told = speak(self.language, f'<speed level="{speed}"><pitch level="{self.pitch}">{escape(self.text)}</pitch></speed>')
        samples = np.frombuffer(told, "<i2").astype(np.float32) / np.float32(32768)
        played: Samples = soxr.resample(samples, RATE_HZ * self.size, RATE_HZ)
        return played


def readings(count: int) -> list[Reading]:
    """What is read; the same each time."""
    rng = random.Random(FIRST_SEED)
    return [
        Reading(line["question"], rng.choice(sorted(VOICES)), rng.uniform(*TEMPO), rng.uniform(*SIZE), rng.randint(*PITCH))
        for line in lines_of(FIRST_SEED, count)
    ]


def make_set(folder: Path, count: int, speak: Speak) -> None:
    """Write the set: sounds, and `transcripts.tsv` last, by which it is known to be whole."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = readings(count)
    for number, reading in enumerate(tqdm(wanted, desc=folder.name)):
        soundfile.write(folder / f"{number:05}.flac", reading.sound(speak), RATE_HZ)
    with (folder / "transcripts.tsv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, delimiter="\t", lineterminator="\n")
        table.writerow(["file", "speaker", "language", "text"])
        table.writerows([f"{number:05}.flac", VOICES[each.language], "en", each.text] for number, each in enumerate(wanted))


def pico() -> Speak:
    """The synthesizer itself.

    Raises:
        SystemExit: it is not installed.
    """
    try:
        import ttspico
    except ImportError:
        raise SystemExit("Pico is not installed; it is the extra `pico`: pip install ttspico") from None
    engines = {language: ttspico.TtsEngine(language) for language in VOICES}
    return lambda language, text: engines[language].speak(text)


def main() -> None:
    """Read the command line and write the set."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=4000)
    parser.add_argument("--out", type=Path, default=Path("runs/recordings/pico"))
    options = parser.parse_args()
    make_set(options.out, options.count, pico())


if __name__ == "__main__":
    main()
