"""More who read: synthesizers made from people's speech that do not tell when they say what, as sets of recordings.

    .venv/bin/python -m pip install -c constraints.txt ttspico
    python -m parley_training.human.readers pico --count 4000
    apt-get install rhvoice rhvoice-english
    python -m parley_training.human.readers rhvoice --count 3200
    python -m parley_training.human.recipe --human DIR runs/recordings --linguistic runs/linguistic --out runs/corpus

Ears hear a new person the better the more people they know, and few synthesizers were made from people: SVOX Pico's two English women
(Apache-2.0), and of RHVoice (LGPL; Debian's non-free section) the English voices whose speech is free: CMU Arctic's bdl and clb, and Alan
Pope. Their sound is aligned as people's recordings are.
"""

import argparse
import csv
import random
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np
import soundfile
import soxr
from tqdm import tqdm

from parley_models.pcm import AudioChunk, Samples
from parley_training.corpus.recipe import lines_of

RATE_HZ = 16_000
TEMPO = (0.8, 1.4)

Speak = Callable[[str, str, int, int], AudioChunk]
"""Voice, text, and how fast and how high in percent of its own, to sound."""


@dataclass(frozen=True, slots=True)
class Engine:
    """A synthesizer, and how far its voices may be moved without sounding broken."""

    sizes: Mapping[str, tuple[float, float]]
    """By voice: how large a vocal tract against its own (as `Speaker.size`)."""

    pitch: tuple[int, int]
    """Percent."""

    first_seed: int
    """Of the lines that are read: no shard of the corpus begins there."""

    program: Callable[[], Speak]
    """The synthesizer itself. SystemExit, which says how to get it, if it is not installed."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One text, and how it is read."""

    text: str
    voice: str
    tempo: float
    size: float
    pitch: int

    def sound(self, speak: Speak) -> Samples:
        """The sound at 16 kHz, float32 (n,)."""
        said = speak(self.voice, self.text, round(100 * self.tempo / self.size), self.pitch)
        played: Samples = soxr.resample(said.samples, said.rate_hz * self.size, RATE_HZ)
        return played


def readings(engine: Engine, count: int) -> list[Reading]:
    """What is read; the same each time."""
    rng = random.Random(engine.first_seed)
    drawn = []
    for line in lines_of(engine.first_seed, count):
        voice = rng.choice(sorted(engine.sizes))
        drawn.append(Reading(line["question"], voice, rng.uniform(*TEMPO), rng.uniform(*engine.sizes[voice]), rng.randint(*engine.pitch)))
    return drawn


def make_set(folder: Path, wanted: list[Reading], speak: Speak) -> None:
    """Write the set: sounds, and `transcripts.tsv` last, by which it is known to be whole."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, reading in enumerate(tqdm(wanted, desc=folder.name)):
        soundfile.write(folder / f"{number:05}.flac", reading.sound(speak), RATE_HZ)
    with (folder / "transcripts.tsv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, delimiter="\t", lineterminator="\n")
        table.writerow(["file", "speaker", "language", "text"])
        # the engine's name besides: by their bare names two of these voices would be among the people left out (`Recording.held_out`)
        table.writerows([f"{number:05}.flac", f"{folder.name}:{each.voice}", "en", each.text] for number, each in enumerate(wanted))


def pico() -> Speak:
    """SVOX Pico, from Python."""
    try:
        import ttspico
    except ImportError:
        raise SystemExit("Pico is not installed; it is the extra `pico`: pip install ttspico") from None
    voices = {"lh0": ttspico.TtsEngine("en-US"), "kh0": ttspico.TtsEngine("en-GB")}

    def speak(voice: str, text: str, speed: int, pitch: int) -> AudioChunk:
        told = voices[voice].speak(f'<speed level="{speed}"><pitch level="{pitch}">{escape(text)}</pitch></speed>')
        return AudioChunk(np.frombuffer(told, "<i2").astype(np.float32) / np.float32(32768), RATE_HZ)

    return speak


def rhvoice() -> Speak:
    """RHVoice's own program, once a text: it loads a voice in a tenth of a second."""

    def speak(voice: str, text: str, speed: int, pitch: int) -> AudioChunk:
        with tempfile.NamedTemporaryFile(suffix=".wav") as file:
            command = ["RHVoice-test", "-p", voice, "-r", str(speed), "-t", str(pitch), "-o", file.name]
            try:
                subprocess.run(command, input=text, text=True, check=True, capture_output=True)
            except FileNotFoundError:
                raise SystemExit("RHVoice is not installed: apt-get install rhvoice rhvoice-english (Debian's section non-free)") from None
            samples, rate_hz = soundfile.read(file.name, dtype="float32")
        return AudioChunk(samples, rate_hz)

    return speak


ENGINES: dict[str, Engine] = {
    "pico": Engine({"lh0": (0.84, 1.18), "kh0": (0.84, 1.18)}, (85, 120), 700_000, pico),
    "rhvoice": Engine({"alan": (0.9, 1.3), "bdl": (0.9, 1.3), "clb": (0.8, 1.12)}, (85, 118), 710_000, rhvoice),
}


def main() -> None:
    """Read the command line and write the set."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("engine", choices=sorted(ENGINES))
    parser.add_argument("--count", type=int, default=4000)
    parser.add_argument("--out", type=Path, help="default: runs/recordings/ENGINE")
    options = parser.parse_args()
    engine = ENGINES[options.engine]
    make_set(options.out or Path("runs/recordings") / options.engine, readings(engine, options.count), engine.program())


if __name__ == "__main__":
    main()
