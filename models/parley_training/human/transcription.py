"""Texts for recordings that came without, read by Moonshine's smallest English model (MIT), which an npm package carries.

    .venv/bin/python -m pip install -c constraints.txt -e ".[transcription]"
    npm pack @moonshine-ai/moonshine-js@0.1.29 && tar xzf moonshine-ai-moonshine-js-0.1.29.tgz
    python -m parley_training.human.transcription --human DIR --model package/dist/model/tiny/quantized --out runs/recordings
    python -m parley_training.human.recipe --human DIR runs/recordings --linguistic runs/linguistic --out runs/corpus

Most recordings of people who say whole sentences came without a transcript. What the recogniser makes up is not learned: the
recipe aligns its text with the sound, and leaves out what doesn't fit.
"""

import argparse
import csv
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import soundfile
import soxr
from tqdm import tqdm

from parley_models.evaluation.large_numbers import in_words
from parley_models.pcm import Samples

RATE_HZ = 16_000
TOKENS_PER_S = 8
"""More than anybody says: a recogniser that says more repeats itself."""
SPEECH_S, AROUND_S = 0.05, 0.2
"""Over what the level is measured; what is kept before and behind speech."""
SPOKEN = 0.08
"""Of the loudest level: what is softer at the ends is no speech. Seconds of silence around an order made Moonshine hear nothing."""
PEAK = 0.7
SHORTENED = {"mr.": "mister", "mrs.": "missus", "dr.": "doctor", "st.": "saint"}

Recognise = Callable[[Samples], str]
"""Sound at 16 kHz to what is said in it."""


def speech_in(sound: Samples) -> Samples:
    """The sound without the quiet before and behind its speech, at a peak of 0.7."""
    window = round(SPEECH_S * RATE_HZ)
    level = np.sqrt(np.convolve(np.square(sound), np.ones(window) / window, "same"))
    spoken = np.flatnonzero(level > SPOKEN * level.max(initial=0.0))
    if not len(spoken):
        return sound
    around = round(AROUND_S * RATE_HZ)
    kept = sound[max(0, spoken[0] - around) : spoken[-1] + around]
    scaled: Samples = kept * np.float32(PEAK / np.abs(kept).max())
    return scaled


def said(text: str) -> str:
    """A recogniser's text as words: lower case, numbers and titles written out; empty where a number remains that nobody can read."""
    if re.search(r"\d[.,:]\d", text):
        return ""
    words = [SHORTENED.get(word, word) for word in text.lower().replace("’", "'").split()]
    written = " ".join(re.findall(r"[a-z0-9']+", in_words(" ".join(words))))
    return "" if re.search(r"\d", written) else written


def untold(folder: Path) -> Iterator[tuple[str, str]]:
    """Of a set of recordings the English files without a text, and who speaks."""
    with (folder / "transcripts.tsv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            if row["language"] == "en" and not row["text"].strip():
                yield row["file"], row["speaker"]


def make_set(out: Path, folder: Path, recognise: Recognise) -> int:
    """Write what is told of one set: its speech and, last, its texts; gives how many recordings there were."""
    out.mkdir(parents=True, exist_ok=True)
    told = []
    for name, speaker in tqdm(list(untold(folder)), desc=folder.name):
        sound, rate_hz = soundfile.read(folder / name, dtype="float32")
        speech = speech_in(soxr.resample(sound, rate_hz, RATE_HZ).astype(np.float32))
        if text := said(recognise(speech)):
            kept = Path(name).with_suffix(".flac").name
            soundfile.write(out / kept, speech, RATE_HZ)
            told.append([kept, speaker, "en", text])
    with (out / "transcripts.tsv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter="\t", lineterminator="\n").writerows([["file", "speaker", "language", "text"], *told])
    return len(told)


def moonshine(folder: Path) -> Recognise:
    """The recogniser whose weights lie in a folder.

    Raises:
        SystemExit: it is not installed.
    """
    try:
        from moonshine_onnx import MoonshineOnnxModel, load_tokenizer
    except ImportError:
        raise SystemExit("Moonshine is not installed; it is the extra `transcription`: pip install useful-moonshine-onnx") from None
    model, tokens = MoonshineOnnxModel(models_dir=str(folder), model_name="tiny"), load_tokenizer()

    def recognise(sound: Samples) -> str:
        text: str = tokens.decode_batch(model.generate(sound[None], max_len=TOKENS_PER_S * (1 + len(sound) // RATE_HZ)))[0]
        return text

    return recognise


def main() -> None:
    """Read the command line and write a set for each set that has recordings without texts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--human", type=Path, required=True, help="folder of sets of recordings")
    parser.add_argument("--model", type=Path, required=True, help="folder of Moonshine's two networks")
    parser.add_argument("--out", type=Path, default=Path("runs/recordings"))
    options = parser.parse_args()
    recognise = moonshine(options.model)
    for table in sorted(options.human.glob("*/transcripts.tsv")):
        if any(True for _ in untold(table.parent)):
            make_set(options.out / table.parent.name, table.parent, recognise)


if __name__ == "__main__":
    main()
