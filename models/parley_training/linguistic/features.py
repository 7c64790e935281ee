"""What the linguistic recipe trains on: filter banks of the corpus, kept on disk, and their phone targets."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from parley_models.pcm import Samples
from parley_models.tokenizers.fbank import fbank
from parley_models.tokenizers.lfr import STACKED, stack
from parley_training.corpus.phones import FOREIGN, PHONES, SILENCE
from parley_training.corpus.shard import Shard
from parley_training.linguistic.disguise import BLOCK_BANKS, Banks, disguise, paced

BLOCK_SAMPLES, BLOCK_FRAMES = 3840, 4
LOG_FLOOR = 8.0
"""Fixed floor of a log filter-bank energy (16-bit scale): about -80 dBFS, so digital silence and a quiet room sound alike."""
UNTRAINED = 255
ROOM_SHARE = 0.5
"""Of the utterances for training: behind so many the microphone is still open."""

PACES = (0.8, 1.25)
"""How much slower or faster a disguised voice may speak."""
Part = tuple[npt.NDArray[np.float16], npt.NDArray[np.uint8], npt.NDArray[np.int64]]
"""Filter banks, phones and index of some utterances."""


@dataclass(frozen=True, slots=True)
class FeatureSet:
    """Utterances as filter banks with targets, all of them one after the other."""

    banks: npt.NDArray[np.float16]
    """(frames, 80) at 10 ms; an utterance of c blocks has 24 c - 2."""

    targets: npt.NDArray[np.uint8]
    """(60 ms frames, 3) phones."""

    index: npt.NDArray[np.int64]
    """(n, 4): start and stop in banks, start and stop in targets."""

    shift: npt.NDArray[np.float32]
    scale: npt.NDArray[np.float32]
    """CMVN over 560: (x + shift) · scale."""

    def features(self, number: int, rng: np.random.Generator | None = None) -> tuple[Tensor, Tensor]:
        """Utterance `number`: normalised stacks (T + 4, 560) and targets (T, 3); with `rng` as another voice might have said it.

        The last four stacks are quiet: what lies behind the utterance, for ears that look ahead.
        """
        start, stop, first, last = self.index[number]
        banks, slots = self.banks[start:stop].astype(np.float32), self.targets[first:last].reshape(-1)
        if rng is not None:
            banks, slots = paced(disguise(banks, rng), slots, rng.uniform(*PACES))
        phones = slots.reshape(-1, 3)
        stacked = stack(np.concatenate([banks, _quiet(banks, rng)]))[: len(phones) + BLOCK_FRAMES]
        return torch.from_numpy((stacked + self.shift) * self.scale), torch.from_numpy(phones.astype(np.int64))

    def utterances(self, *, shuffled: bool = False) -> Iterator[tuple[Tensor, Tensor]]:
        """Every utterance once."""
        order = np.random.default_rng(0).permutation(len(self.index)) if shuffled else np.arange(len(self.index))
        for number in order:
            yield self.features(int(number))

    def batches(self, frames: int, seed: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Batches of like lengths without end, about `frames` 60 ms frames each; padding has the target 255. Shapes as of `features`."""
        rng = np.random.default_rng(seed)
        lengths = self.index[:, 3] - self.index[:, 2]
        while True:
            order = np.argsort(lengths + rng.uniform(0, 8, len(lengths)))
            groups = np.split(order, np.nonzero(np.diff(np.cumsum(lengths[order]) // frames))[0] + 1)
            for group in rng.permutation(len(groups)):
                items = [self.features(int(number), rng) for number in groups[group]]
                features = torch.nn.utils.rnn.pad_sequence([item[0] for item in items], batch_first=True)
                targets = torch.nn.utils.rnn.pad_sequence([item[1] for item in items], batch_first=True, padding_value=UNTRAINED)
                yield features, targets


def whole_blocks(samples: Samples) -> Samples:
    """The sound with zeros up to a whole number of 240 ms blocks."""
    return np.pad(samples, (0, -len(samples) % BLOCK_SAMPLES))


def with_silence_behind(samples: Samples) -> Samples:
    """Whole blocks, and one of zeros that ears which look ahead look into at the end."""
    return np.pad(whole_blocks(samples), (0, BLOCK_SAMPLES))


def _quiet(banks: Banks, rng: np.random.Generator | None) -> Banks:
    """A block of filter banks behind an utterance: digital silence, or half of the time the room that is heard in its quietest moments."""
    if rng is None or rng.random() >= ROOM_SHARE:
        return np.full((BLOCK_BANKS, banks.shape[1]), LOG_FLOOR, np.float32)
    room = np.quantile(banks, 0.03, axis=0) + rng.normal(0.0, 0.4, (BLOCK_BANKS, banks.shape[1]))
    return room.astype(np.float32)


def targets(labels: npt.NDArray[np.uint8], frames: int) -> npt.NDArray[np.uint8]:
    """Phones of slots 3 j - 1 … 3 j + 1 for every frame j, 255 where nothing is learned: (frames, 3)."""
    silence = PHONES.index(SILENCE)
    padded = np.full(3 * frames + 1, silence, np.uint8)
    count = min(len(labels), 3 * frames)
    padded[1 : 1 + count] = np.where(labels[:count] < FOREIGN, labels[:count], UNTRAINED)
    return padded[: 3 * frames].reshape(frames, 3)


def _shard_features(folder: Path, out: Path) -> None:
    shard = Shard.open(folder)
    banks, phones, index = [], [], []
    position = frames_so_far = 0
    for start, stop, first, last in shard.index:
        sound = whole_blocks(np.asarray(shard.heard[start:stop], np.float32) / np.float32(32768))
        bank = fbank(sound, floor=LOG_FLOOR).astype(np.float16)
        frames = len(sound) // 960
        banks.append(bank)
        phones.append(targets(np.asarray(shard.labels[first:last]), frames))
        index.append((position, position + len(bank), frames_so_far, frames_so_far + frames))
        position, frames_so_far = position + len(bank), frames_so_far + frames
    unfinished = out.with_suffix(".part.npz")
    np.savez(unfinished, banks=np.concatenate(banks), targets=np.concatenate(phones), index=np.array(index, np.int64))
    unfinished.rename(out)


def prepare(corpora: Mapping[Path, int], out: Path, *, normalised_by: FeatureSet | None = None, workers: int = 2) -> FeatureSet:
    """Features of every shard of some corpora, made once and kept in `out`; a corpus is heard as often an epoch as its number says."""
    out.mkdir(parents=True, exist_ok=True)
    kept = {
        folder: (out / f"{corpus.name}_{folder.name}.npz", times)
        for corpus, times in corpora.items()
        for folder in sorted(path for path in corpus.glob("shard_*") if not path.suffix)
    }
    missing = [(folder, path) for folder, (path, _) in kept.items() if not path.exists()]
    with ProcessPoolExecutor(workers) as pool:
        for job in [pool.submit(_shard_features, *pair) for pair in missing]:
            job.result()
    parts = [(np.load(path), times) for path, times in kept.values()]
    return _joined([(part["banks"], part["targets"], np.tile(part["index"], (times, 1))) for part, times in parts], normalised_by)


def _joined(parts: list[Part], like: FeatureSet | None) -> FeatureSet:
    offsets = np.cumsum([(0, 0)] + [(len(banks), len(phones)) for banks, phones, _ in parts], axis=0)
    index = np.concatenate([part[2] + np.repeat(offset, 2) for part, offset in zip(parts, offsets, strict=False)])
    banks = np.concatenate([part[0] for part in parts])
    phones = np.concatenate([part[1] for part in parts])
    if like is not None:
        return FeatureSet(banks, phones, index, like.shift, like.scale)
    some = banks[:: max(1, len(banks) // 500_000)].astype(np.float32)
    shift, scale = -some.mean(0), 1 / some.std(0)
    return FeatureSet(banks, phones, index, np.tile(shift, STACKED), np.tile(scale, STACKED))
