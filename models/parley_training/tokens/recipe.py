"""Hear the whole corpus with the trained tokenizers and keep the codes: what the backbone and the flow learn from.

    python -m parley_training.tokens.recipe --linguistic runs/linguistic --semantic runs/semantic
    python -m parley_training.tokens.recipe --world mini1

Writes `answers.npz`, `voice.npz` and one file a shard in `questions/`, `human/` and `test/`: `codes` uint16 (groups, 5) and `index` int64
(n, 2) in groups; training questions also as the linguistic tokenizer hears them from other voices, `disguised` uint16
(1 or more, groups, 2). Finished files are skipped; the backbone may begin on the first of them. With `--semantic-of FOLDER` only the
linguistic codes are made anew. What the vocoder learns from at another pitch, and in a second voice, has the codes of the first voice's
own sound with their F0 levels moved, as the pitch control moves them.
"""

import argparse
import zlib
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from parley_models.tokenizers.fbank import fbank
from parley_models.tokens import Codes, merge
from parley_models.vocoders.config import VoiceConfig
from parley_models.vocoders.pitch import shift_pitch
from parley_training.corpus.answers import SECOND, SECOND_BELOW
from parley_training.corpus.shard import Shard
from parley_training.homes import add_folders, at_home
from parley_training.linguistic.disguise import disguise
from parley_training.linguistic.features import LOG_FLOOR, whole_blocks, with_silence_behind
from parley_training.tokens.ears import TrainedEars

ANSWERS_PER_JOB = 200
DISGUISES = 2
"""How often training questions are heard as from another voice: the backbone must read through the mistakes that new voices cause."""
PEOPLE_DISGUISES = 5
"""The same of people's recordings, which are few."""


Heard = tuple[list[Codes], list[Codes]]
"""Groups (n, 5) of every utterance, and the linguistic codes (disguises, n, 2) that other voices would have brought."""


def _shard_codes(folder: Path, ears: tuple[Path, Path], disguises: int, semantic_of: Path | None) -> Heard:
    shard, listener = Shard.open(folder), TrainedEars.open(*ears)
    rng = np.random.default_rng(zlib.crc32(folder.name.encode()))
    known = codes_of(semantic_of) if semantic_of else None
    heard, disguised = list[Codes](), list[Codes]()
    for number, (start, stop, _, _) in enumerate(shard.index):
        sound = whole_blocks(np.asarray(shard.heard[start:stop], np.float32) / np.float32(32768))
        banks = fbank(with_silence_behind(sound), floor=LOG_FLOOR)
        semantic = known[number][:, 2:].reshape(-1) if known else listener.semantic(sound)
        hearings = listener.linguistic_each([banks, *(disguise(banks, rng) for _ in range(disguises))])
        first, *others = (merge(codes, semantic).codes for codes in hearings)
        heard.append(first)
        disguised.append(np.stack([other[:, :2] for other in others]) if others else np.zeros((0, len(first), 2), np.uint16))
    return heard, disguised


def _answer_codes(folder: Path, first: int, ears: tuple[Path, Path]) -> list[Codes]:
    """Codes of some answers."""
    audio, index = np.load(folder / "audio.npy", mmap_mode="r"), np.load(folder / "index.npy")[first : first + ANSWERS_PER_JOB]
    listener = TrainedEars.open(*ears)
    return [listener.hear_answer(audio[start:stop].astype(np.float32) / 32768) for start, stop in index]


def save_codes(path: Path, codes: Sequence[Codes], disguised: Sequence[Codes] | None = None) -> None:
    """Write a file that `codes_of` and `hearings_of` read; a kill in between leaves the one before."""
    stops = np.cumsum([len(part) for part in codes])
    unfinished = path.with_suffix(".part.npz")
    others = np.concatenate(disguised, axis=1) if disguised else np.zeros((0, int(stops[-1]), 2), np.uint16)
    index = np.stack([np.concatenate([[0], stops[:-1]]), stops], axis=1)
    np.savez(unfinished, codes=np.concatenate(codes), disguised=others, index=index)
    unfinished.rename(path)


def _save_shards(jobs: Mapping[Path, Future[Heard]], out: Path) -> None:
    for folder, job in tqdm(jobs.items(), desc=out.name):
        save_codes(out / f"{folder.name}.npz", *job.result())


def save_answers(folder: Path, out: Path, ears: tuple[Path, Path], pool: Executor) -> None:
    """Hear the answers that have no codes yet; new ones are spoken behind the old (`corpus.spoken`)."""
    if not (folder / "index.npy").exists():
        return
    known = codes_of(out) if out.exists() else []
    firsts = range(len(known), len(np.load(folder / "index.npy")), ANSWERS_PER_JOB)
    jobs = [pool.submit(_answer_codes, folder, first, ears) for first in firsts]
    if jobs:
        save_codes(out, [*known, *(codes for job in tqdm(jobs, desc=out.stem) for codes in job.result())])


def save_voice_codes(voice: Path, heard: Path, answers: Path) -> None:
    """`codes.npy` and `code_index.npy` beside the first voice's sound, where the flow's recipe reads them.

    Args:
        voice: the folder of its sound.
        heard: its codes as the ears heard them.
        answers: the same of the answers it was chosen from; where the pitch was changed, these count, with their F0 levels moved. Ears hear
            other sounds in a voice that was changed, and the flow would read the pitch from those.
    """
    codes, spoken = codes_of(heard), codes_of(answers)
    for place, (number, shift) in enumerate(zip(np.load(voice / "chosen.npy"), np.load(voice / "shifts.npy"), strict=True)):
        if shift:
            codes[place] = shift_pitch(spoken[number], shift, VoiceConfig())
    _save_beside(voice, codes)


def _save_beside(folder: Path, codes: list[Codes]) -> None:
    stops = np.cumsum([len(part) for part in codes])
    np.save(folder / "codes.npy", np.concatenate(codes))
    np.save(folder / "code_index.npy", np.stack([np.concatenate([[0], stops[:-1]]), stops], axis=1))


def save_second_voice(second: Path, first: Path) -> None:
    """`codes.npy` and `code_index.npy` of the second voice's folder, from the first one's; nothing where there is no second voice."""
    if not (second / "twins.npy").exists():
        return
    codes, index = np.load(first / "codes.npy"), np.load(first / "code_index.npy")
    moved = [shift_pitch(codes[start:stop], -SECOND_BELOW, VoiceConfig()) for start, stop in index[np.load(second / "twins.npy")]]
    _save_beside(second, moved)


def shard_folders(folder: Path) -> list[Path]:
    """The finished shards of a corpus folder, in order."""
    return sorted(path for path in folder.glob("shard_*") if not path.suffix)


def codes_of(path: Path) -> list[npt.NDArray[np.uint16]]:
    """What this recipe wrote, utterance by utterance: (groups, 5) each."""
    saved = np.load(path)
    codes = saved["codes"]
    return [codes[start:stop] for start, stop in saved["index"]]


def hearings_of(path: Path) -> list[tuple[Codes, ...]]:
    """Utterance by utterance what the ears heard, and what they heard in disguise: (groups, 5) each."""
    saved = np.load(path)
    codes = saved["codes"]
    hearings = (codes, *(np.concatenate([other, codes[:, 2:]], axis=1) for other in saved["disguised"]))
    return [tuple(hearing[start:stop] for hearing in hearings) for start, stop in saved["index"]]


def main() -> None:
    """Read the command line and make what is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_folders(parser, corpus="corpus", out="tokens")
    parser.add_argument("--linguistic", type=Path, default=Path("runs/linguistic"))
    parser.add_argument("--semantic", type=Path, default=Path("runs/semantic"))
    parser.add_argument("--semantic-of", type=Path, help="an earlier run of this recipe with the same semantic tokenizer")
    parser.add_argument("--workers", type=int, default=2)
    options = at_home(parser.parse_args())
    options.out.mkdir(parents=True, exist_ok=True)
    ears = (options.linguistic, options.semantic)
    with ProcessPoolExecutor(options.workers) as pool:
        save_answers(options.corpus / "answers", options.out / "answers.npz", ears, pool)
        voice = options.corpus / "voice" / "answers"
        if (voice / "index.npy").exists():
            save_answers(voice, options.out / "voice.npz", ears, pool)
            save_voice_codes(voice, options.out / "voice.npz", options.out / "answers.npz")
            save_second_voice(options.corpus / "voice" / SECOND, voice)
        for name, disguises in (("test", 0), ("questions", DISGUISES), ("human", PEOPLE_DISGUISES)):
            (options.out / name).mkdir(exist_ok=True)
            missing = [
                folder for folder in shard_folders(options.corpus / name) if not (options.out / name / f"{folder.name}.npz").exists()
            ]
            known = {folder: options.semantic_of / name / f"{folder.name}.npz" if options.semantic_of else None for folder in missing}
            jobs = {folder: pool.submit(_shard_codes, folder, ears, disguises, known[folder]) for folder in missing}
            _save_shards(jobs, options.out / name)


if __name__ == "__main__":
    main()
