"""What has been spoken of the answers, on disk: `audio.npy` and `index.npy` beside `lines.json` and `styles.json`.

Hours of synthesis are done in chunks, each a folder of its own that is there whole or not at all; when all are there they are joined
behind what was spoken before, which keeps its number.
"""

import json
import shutil
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from parley_models.pcm import Samples
from parley_models.style import Style
from parley_training.corpus import answers
from parley_training.corpus.exchange import Part
from parley_training.corpus.lines import style_line, style_of

PER_CHUNK = 500
SECOND_DOWN = -6.0
"""Semitones by which the second voice's pitch is lowered at most: its median is then 71 Hz, and the codes know none below 70."""

Pcm = npt.NDArray[np.int16]
Told = tuple[str, Style]
"""A text, and the style it is spoken in."""


def spoken_parts(folder: Path) -> list[Told]:
    """What the utterances of an answers' folder say, by number: the keys of the backbone's `Sounds`.

    A folder without `styles.json` (Mini 0's) is all in the voice's own style.
    """
    if not (folder / "lines.json").exists():
        return []
    texts: list[str] = json.loads((folder / "lines.json").read_text())
    styles = json.loads((folder / "styles.json").read_text()) if (folder / "styles.json").exists() else [{}] * len(texts)
    return [(text, style_of(style)) for text, style in zip(texts, styles, strict=True)]


def pcm16(samples: Samples) -> Pcm:
    """16 bit, clipped."""
    return np.round(np.clip(samples, -1, 1) * 32767).astype(np.int16)


def make_answers(folder: Path, parts: Iterable[Part], pool: Executor) -> None:
    """Speak every distinct part that has not been spoken yet, in the first voice, at 24 kHz."""
    folder.mkdir(parents=True, exist_ok=True)
    chunks = folder / "chunks"
    wanted = {(part.text, part.style): part for part in parts}
    finished = sorted(path for path in chunks.glob("*") if not path.suffix)
    known = {told for place in (folder, *finished) for told in spoken_parts(place)}
    missing = [wanted[told] for told in sorted(wanted.keys() - known, key=repr)]
    first = 1 + max((int(path.name) for path in finished), default=-1)
    for number in tqdm(range(0, len(missing), PER_CHUNK), desc="answers"):
        _speak_chunk(chunks / f"{first + number // PER_CHUNK:05}", missing[number : number + PER_CHUNK], pool)
    _join(folder, sorted(path for path in chunks.glob("*") if not path.suffix))
    shutil.rmtree(chunks, ignore_errors=True)


def save_sounds(folder: Path, sounds: Sequence[Pcm]) -> None:
    """Write `audio.npy` and `index.npy`, the index last: who finds it finds both."""
    folder.mkdir(parents=True, exist_ok=True)
    stops = np.cumsum([len(sound) for sound in sounds])
    np.save(folder / "audio.npy", np.concatenate(sounds))
    np.save(folder / "index.npy", np.stack([np.concatenate([[0], stops[:-1]]), stops], axis=1))


def _speak_chunk(folder: Path, parts: Sequence[Part], pool: Executor) -> None:
    unfinished = folder.with_suffix(".part")
    shutil.rmtree(unfinished, ignore_errors=True)
    save_sounds(unfinished, list(pool.map(_speak, parts, chunksize=8)))
    _save_parts(unfinished, [(part.text, part.style) for part in parts])
    unfinished.rename(folder)


def _save_parts(folder: Path, told: Sequence[Told]) -> None:
    (folder / "styles.json").write_text(json.dumps([style_line(style) for _, style in told]))
    (folder / "lines.json").write_text(json.dumps([text for text, _ in told]))


def _join(folder: Path, chunks: Sequence[Path]) -> None:
    """Put the chunks behind what is there; on disk, because they don't fit into memory. Killed at any point, it can be done again."""
    if not chunks:
        return
    known = [folder] if (folder / "index.npy").exists() else []
    told = spoken_parts(folder) if known else []
    indices = [np.load(place / "index.npy") for place in (*known, *chunks)]
    lengths = [int(index[-1, 1]) for index in indices]
    audio = np.lib.format.open_memmap(folder / "audio.part.npy", "w+", np.int16, (sum(lengths),))
    starts = np.concatenate([[0], np.cumsum(lengths)])
    for place, start, length in zip((*known, *chunks), starts, lengths, strict=False):
        audio[start : start + length] = np.load(place / "audio.npy", mmap_mode="r")[:length]
    audio.flush()
    np.save(folder / "index.part.npy", np.concatenate([index + start for index, start in zip(indices, starts, strict=False)]))
    # longer sound under the old index is harmless, the other way round is not
    for name in ("audio", "index"):
        (folder / f"{name}.part.npy").replace(folder / f"{name}.npy")
    _save_parts(folder, [*told, *(each for chunk in chunks for each in spoken_parts(chunk))])


def _speak(part: Part) -> Pcm:
    return pcm16(answers.speak(part.sound or part.text, part.style))


def make_voice(folder: Path, spoken: Path, plain: int, styled: int, shifted: int, pool: Executor) -> None:
    """What the first voice's vocoder learns from: some answers as they are, styled ones among them, others at another pitch.

    Writes `chosen.npy` and `shifts.npy` too: which answer each utterance is, and by how many semitones its pitch was changed.
    """
    if (folder / "index.npy").exists():
        return
    audio, index = np.load(spoken / "audio.npy", mmap_mode="r"), np.load(spoken / "index.npy")
    rng = np.random.default_rng(3)
    in_style = np.array([style != Style() for _, style in spoken_parts(spoken)])
    order = rng.permutation(len(index))
    some = order[~in_style[order]][: plain + shifted]
    as_they_are = round(len(some) * plain / (plain + shifted))  # also where there are fewer answers than that
    chosen = np.concatenate([some[:as_they_are], order[in_style[order]][:styled], some[as_they_are:]])
    shifts = np.concatenate([np.zeros(len(chosen) - len(some[as_they_are:])), rng.uniform(-7, 7, len(some[as_they_are:]))])
    jobs = [(audio[index[n, 0] : index[n, 1]], float(shift)) for n, shift in zip(chosen, shifts, strict=True)]
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "chosen.npy", chosen)
    np.save(folder / "shifts.npy", shifts)
    save_sounds(folder, list(tqdm(pool.map(_shift, jobs, chunksize=16), total=len(jobs), desc="voice")))


def make_second_voice(folder: Path, first: Path, spoken: Path, count: int, pool: Executor) -> None:
    """The second voice saying some of what the first one says in `first`, sample for sample at the same time and at the same other pitch.

    Writes `twins.npy` too: which utterance of `first` each one goes with; the codes are that one's, `answers.SECOND_BELOW` lower.
    """
    if (folder / "index.npy").exists():
        return
    told, chosen, shifts = spoken_parts(spoken), np.load(first / "chosen.npy"), np.load(first / "shifts.npy")
    twins = [place for place, number in enumerate(chosen) if shifts[place] >= SECOND_DOWN and told[number][1].dialect is None]
    twins = sorted(np.random.default_rng(4).permutation(twins)[:count])
    jobs = [(told[chosen[place]], float(shifts[place])) for place in twins]
    speaking = pool.map(partial(_speak_second, voice=answers.SECOND), jobs, chunksize=8)
    sounds = list(tqdm(speaking, total=len(twins), desc=answers.SECOND))
    there = [place for place, sound in enumerate(sounds) if sound is not None]
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "twins.npy", np.array([twins[place] for place in there]))
    save_sounds(folder, [sound for sound in sounds if sound is not None])


def _speak_second(job: tuple[Told, float], voice: str) -> Pcm | None:
    """None where the two voices read the text differently, which is rare."""
    (text, style), semitones = job
    try:
        return _shift((pcm16(answers.speak(text, style, voice)), semitones))
    except ValueError:
        return None


def _shift(job: tuple[Pcm, float]) -> Pcm:
    sound, semitones = job
    return sound if semitones == 0 else pcm16(answers.shifted(sound.astype(np.float32) / np.float32(32768), semitones))
