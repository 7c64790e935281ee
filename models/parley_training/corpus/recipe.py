"""Make the spoken corpus: exchanges written by the world's writers, spoken by many voices, heard through many microphones.

    python -m parley_training.corpus.recipe --out runs/corpus --shards 100 --workers 2

Writes `questions/shard_NNNN` (training voices), `test/shard_NNNN` (test voices, for measuring only) and
`answers/` (every distinct answer in the answering voice) and `voice/answers/` (some of them, and some at another pitch). What is finished is skipped, so a killed run goes on.
"""

import argparse
import json
import random
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from parley_models.pcm import Samples
from parley_training.corpus import answers, augment, speakers, speech
from parley_training.corpus.dialogue import write
from parley_training.corpus.disturbance import disturbed, plain
from parley_training.corpus.shard import Shard
from parley_training.corpus.vocabulary import random_words

VOICE_PLAIN, VOICE_SHIFTED = 1500, 900
OPEN_SHARE = 0.2
"""Utterances that are strings of dictionary words: ears must hear more than Mini's world."""
DISTURBED_SHARE = 0.3
"""Questions with small words around and between, or without some of theirs: who guesses wordings instead of listening will be wrong."""


def _line(rng: random.Random) -> dict[str, str]:
    if rng.random() < OPEN_SHARE:
        return {"intent": "words", "question": random_words(rng), "answer": "", "key": ""}
    exchange = write(rng)
    question = disturbed(plain(exchange.question), rng) if rng.random() < DISTURBED_SHARE else exchange.question
    return {"intent": exchange.intent, "question": question, "answer": exchange.answer, "key": exchange.key}


def make_shard(folder: Path, seed: int, *, test: bool, utterances: int) -> None:
    """Write one shard; the same seed gives the same shard."""
    rng, noise_rng = random.Random(seed), np.random.default_rng(seed)
    clean, heard, labels, index = [], [], [], []
    lines: list[dict[str, str]] = []
    samples = slots = 0
    while len(lines) < utterances:
        speaker = (speakers.draw_test if test else speakers.draw)(rng)
        line = _line(rng)
        utterance = speech.padded(speech.say(line["question"], speaker), rng.uniform(0.0, 0.35), rng.uniform(0.05, 0.5))
        sound = augment.noise(utterance.samples, noise_rng, 20.0) if test else augment.heard(utterance.samples, noise_rng)
        marks = utterance.labels()
        clean.append(_pcm16(utterance.samples))
        heard.append(_pcm16(sound))
        labels.append(marks)
        index.append((samples, samples + len(sound), slots, slots + len(marks)))
        lines.append({**line, "speaker": f"{speaker.engine}:{speaker.voice}"})
        samples, slots = samples + len(sound), slots + len(marks)
    Shard(np.concatenate(clean), np.concatenate(heard), np.concatenate(labels), np.array(index, np.int64), lines).save(folder)


def _pcm16(samples: Samples) -> npt.NDArray[np.int16]:
    return np.round(np.clip(samples, -1, 1) * 32767).astype(np.int16)


def make_answers(folder: Path, texts: list[str]) -> None:
    """Speak every distinct answer in the answering voice: 24 kHz `audio.npy` with `index.npy`, texts in `lines.json`.

    What was spoken before is kept and keeps its number; what is new comes behind it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    known: list[str] = json.loads((folder / "lines.json").read_text()) if (folder / "lines.json").exists() else []
    missing = sorted(set(texts) - set(known))
    if not missing:
        return
    with ProcessPoolExecutor() as pool:
        spoken = list(tqdm(pool.map(_speak_answer, missing, chunksize=32), total=len(missing), desc="answers"))
    stops = np.cumsum([len(sound) for sound in spoken])
    index = np.stack([np.concatenate([[0], stops[:-1]]), stops], axis=1)
    if known:
        before, index_before = np.load(folder / "audio.npy"), np.load(folder / "index.npy")
        spoken, index = [before, *spoken], np.concatenate([index_before, index + len(before)])
    np.save(folder / "audio.npy", np.concatenate(spoken))
    np.save(folder / "index.npy", index)
    (folder / "lines.json").write_text(json.dumps(known + missing))


def make_voice(folder: Path, answers_folder: Path) -> None:
    """What the voice learns from: some answers as they are, others at another pitch, because pitch is a control."""
    if (folder / "index.npy").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    audio, index = np.load(answers_folder / "audio.npy", mmap_mode="r"), np.load(answers_folder / "index.npy")
    rng = np.random.default_rng(3)
    chosen = rng.permutation(len(index))[: VOICE_PLAIN + VOICE_SHIFTED]
    shifts = np.where(np.arange(len(chosen)) < VOICE_PLAIN, 0.0, rng.uniform(-7, 7, len(chosen)))
    jobs = [(audio[index[n, 0] : index[n, 1]], float(shift)) for n, shift in zip(chosen, shifts, strict=True)]
    with ProcessPoolExecutor() as pool:
        sounds = list(tqdm(pool.map(_shift_answer, jobs, chunksize=16), total=len(jobs), desc="voice"))
    stops = np.cumsum([len(sound) for sound in sounds])
    np.save(folder / "audio.npy", np.concatenate(sounds))
    np.save(folder / "index.npy", np.stack([np.concatenate([[0], stops[:-1]]), stops], axis=1))


def _shift_answer(job: tuple[npt.NDArray[np.int16], float]) -> npt.NDArray[np.int16]:
    sound, semitones = job
    return sound if semitones == 0 else _pcm16(answers.shifted(sound.astype(np.float32) / np.float32(32768), semitones))


def _speak_answer(text: str) -> npt.NDArray[np.int16]:
    return _pcm16(answers.speak(text))


def main() -> None:
    """Read the command line and make what is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("runs/corpus"))
    parser.add_argument("--shards", type=int, default=100, help="training shards (about 0.3 h each)")
    parser.add_argument("--utterances", type=int, default=400, help="in a shard")
    parser.add_argument("--answers", type=int, default=80_000, help="exchanges drawn to find the answers that are spoken")
    parser.add_argument("--test-shards", type=int, default=2)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()

    rng = random.Random(-1)
    texts = sorted({write(rng).answer for _ in range(options.answers)})
    make_answers(options.out / "answers", texts)
    make_voice(options.out / "voice" / "answers", options.out / "answers")
    (options.out / "questions").mkdir(parents=True, exist_ok=True)
    (options.out / "test").mkdir(parents=True, exist_ok=True)
    wanted = [(options.out / "test" / f"shard_{n:04}", 900_000 + n, True) for n in range(options.test_shards)]
    wanted += [(options.out / "questions" / f"shard_{n:04}", n, False) for n in range(options.shards)]
    missing = [(folder, seed, test) for folder, seed, test in wanted if not folder.exists()]
    with ProcessPoolExecutor(options.workers) as pool:
        jobs = [pool.submit(make_shard, folder, seed, test=test, utterances=options.utterances) for folder, seed, test in missing]
        for job in tqdm(jobs, desc="shards"):
            job.result()


if __name__ == "__main__":
    main()
