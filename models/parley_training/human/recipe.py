"""People's recordings as shards of the corpus: phones aligned by a reader that has learned from synthesizers, then heard many ways.

    python -m parley_training.human.recipe --human DIR --linguistic runs/linguistic --out runs/corpus

Writes `human/shard_NNNN` for training and `human_test/shard_NNNN` (speakers left out of training, heard as recorded). The recordings are
not ours to ship: only what is learned from them is. The linguistic recipe takes the shards when it is run again. In Mini 1's world
(`--world mini1`) a person's bare word is a question, and has its answer.
"""

import argparse
import random
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from parley_models.evaluation.people import Recording, recordings
from parley_models.pcm import Samples
from parley_models.tokenizers.fbank import fbank
from parley_models.tokenizers.lfr import stack
from parley_training.corpus import augment
from parley_training.corpus.dialogue import World
from parley_training.corpus.lines import Line, line_of
from parley_training.corpus.shard import Shard
from parley_training.corpus.wide.human_words import bare_word
from parley_training.human.alignment import align
from parley_training.linguistic.features import LOG_FLOOR, with_silence_behind
from parley_training.linguistic.recipe import PhoneReader

PER_SHARD = 400
UNLIKELY = -2.4
"""Mean log probability a slot under which the text is not believed to be what is said."""


def read_phones(reader: PhoneReader, cmvn: np.ndarray, samples: Samples) -> np.ndarray:
    """Log probabilities (slots, phones) of every 20 ms slot of a sound at 16 kHz."""
    features = (stack(fbank(with_silence_behind(samples), floor=LOG_FLOOR)) + cmvn[0]) * cmvn[1]
    with torch.inference_mode():
        logits = reader(reader.encoder.in_time(torch.from_numpy(features.astype(np.float32))[None]))[0]
    # slot j of frame f is at 3 f + j - 1 on the corpus' grid (features.targets)
    return torch.log_softmax(logits.float(), -1).flatten(0, 1)[1:].numpy()


def said_line(recording: Recording, world: World) -> Line:
    """What the recording says; in Mini 1's world a word that it knows is answered."""
    if world == "mini1" and len(recording.words) == 1 and (exchange := bare_word(recording.words[0])) is not None:
        return line_of(exchange)
    return {"intent": "human", "question": " ".join(recording.words), "answer": "", "key": ""}


def make_shard(folder: Path, part: list[Recording], linguistic: Path, seed: int, *, test: bool, world: World = "mini0") -> int:
    """Write one shard; gives how many recordings were believed."""
    torch.set_num_threads(1)
    reader = PhoneReader.of(torch.load(linguistic / "checkpoint.pt", weights_only=True)).eval()
    cmvn, rng = np.load(linguistic / "cmvn.npy"), np.random.default_rng(seed)
    clean, heard, labels, lines, index = [], [], [], [], []
    samples = slots = 0
    for recording in part:
        sound = recording.samples()
        count = -(-len(sound) // 320)
        phones, likelihood = align(read_phones(reader, cmvn, sound)[:count], recording.words)
        if likelihood < UNLIKELY and not test:
            continue
        noisy = sound if test else augment.heard(sound, rng)
        clean.append(np.round(sound * 32767).astype(np.int16))
        heard.append(np.round(np.clip(noisy, -1, 1) * 32767).astype(np.int16))
        labels.append(np.pad(phones, (0, count - len(phones))))
        index.append((samples, samples + len(sound), slots, slots + count))
        lines.append({**said_line(recording, world), "speaker": f"{recording.collection}:{recording.speaker}"})
        samples, slots = samples + len(sound), slots + count
    Shard(np.concatenate(clean), np.concatenate(heard), np.concatenate(labels), np.array(index, np.int64), lines).save(folder)
    return len(lines)


def main() -> None:
    """Read the command line and make what is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--human", type=Path, required=True, nargs="+", help="folders of sets of recordings")
    parser.add_argument("--linguistic", type=Path, default=Path("runs/linguistic"))
    parser.add_argument("--out", type=Path, default=Path("runs/corpus"))
    parser.add_argument("--world", choices=("mini0", "mini1"), default="mini0")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    everyone = [recording for folder in options.human for recording in recordings(folder) if recording.words]
    random.Random(0).shuffle(everyone)
    jobs = []
    with ProcessPoolExecutor(options.workers) as pool:
        for name, test in (("human", False), ("human_test", True)):
            chosen = [recording for recording in everyone if recording.held_out == test]
            (options.out / name).mkdir(parents=True, exist_ok=True)
            for number, first in enumerate(range(0, len(chosen), PER_SHARD)):
                folder = options.out / name / f"shard_{number:04}"
                if not folder.exists():
                    part = chosen[first : first + PER_SHARD]
                    jobs.append(
                        (
                            pool.submit(make_shard, folder, part, options.linguistic, number, test=test, world=options.world),
                            len(part),
                            folder,
                        )
                    )
        for job, given, folder in tqdm(jobs):
            tqdm.write(f"{folder.parent.name}/{folder.name}: {job.result()} of {given}")


if __name__ == "__main__":
    main()
