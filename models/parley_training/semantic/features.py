"""What the semantic recipe trains on: windows of log-mel as heard, targets from the clean sound."""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soxr
import torch
from scipy.fft import dct
from torch import Tensor

from parley_models.networks.semantic import F0_LEVELS, SemanticConfig
from parley_models.pcm import Samples
from parley_models.tokenizers.logmel import block_logmel, silence
from parley_training.corpus import augment
from parley_training.corpus.answers import ANSWER_RATE_HZ
from parley_training.corpus.shard import Shard
from parley_training.corpus.speech import RATE_HZ

BLOCK_SAMPLES = 3840
CODE_SAMPLES = 640
F0_LOWEST_HZ = 70.0
STEPS_PER_OCTAVE = 16
"""0.75 semitones a step."""
SHAPE_COEFFICIENTS = 20


@dataclass(frozen=True, slots=True)
class Utterances:
    """Log-mel as heard beside pitch and spectral shape of the clean sound, utterance after utterance."""

    logmel: npt.NDArray[np.float16]
    """(frames, 128) at 10 ms, whole blocks."""

    f0: npt.NDArray[np.uint8]
    """(codes,) levels 0-47."""

    shape: npt.NDArray[np.float32]
    """(codes, 20): cosine transform of the clean log-mel under the code."""

    starts: npt.NDArray[np.int64]
    """Blocks (240 ms) before each utterance, and their total; (n + 1,)."""

    def windows(self, batch: int, config: SemanticConfig, seed: int) -> Iterator[tuple[Tensor, npt.NDArray[np.int64]]]:
        """Random windows without end: log-mel (batch, 128, T) and the numbers of their codes (batch, T / 4), -1 before the start."""
        rng = np.random.default_rng(seed)
        first_of = np.repeat(self.starts[:-1], np.diff(self.starts))
        while True:
            blocks = rng.integers(0, self.starts[-1], batch)
            stop = (blocks + 1) * config.block_frames
            frames = stop[:, None] - config.window_frames + np.arange(config.window_frames)
            early = frames < (first_of[blocks] * config.block_frames)[:, None]
            mel = self.logmel[np.maximum(frames, 0)].astype(np.float32)
            mel[early] = silence()
            codes = np.where(early, -1, frames // 4)[:, ::4]
            yield torch.from_numpy(mel.transpose(0, 2, 1).copy()), codes


def f0_levels(clean: Samples, codes: int) -> npt.NDArray[np.uint8]:
    """The pitch level in the middle of every 40 ms code; (codes,)."""
    import pyworld  # only this needs it, and it warns while it is imported

    f0, times = pyworld.dio(clean.astype(np.float64), RATE_HZ, f0_floor=60, f0_ceil=520, frame_period=10)
    f0 = pyworld.stonemask(clean.astype(np.float64), f0, times, RATE_HZ)
    middle = np.minimum(np.arange(codes) * 4 + 2, len(f0) - 1)
    hertz = f0[middle]
    steps = np.round(STEPS_PER_OCTAVE * np.log2(np.maximum(hertz, 1) / F0_LOWEST_HZ)) + 1
    return np.where(hertz > 0, np.clip(steps, 1, F0_LEVELS - 1), 0).astype(np.uint8)


def shapes(clean: Samples) -> npt.NDArray[np.float32]:
    """(codes, 20) spectral shape of every 40 ms."""
    mel = block_logmel(clean)
    return dct(mel.reshape(-1, 4, mel.shape[1]).mean(1), norm="ortho")[:, :SHAPE_COEFFICIENTS].astype(np.float32)


def _features(clean: Samples, heard: Samples) -> tuple[npt.NDArray[np.float16], npt.NDArray[np.uint8], npt.NDArray[np.float32]]:
    padding = -len(clean) % BLOCK_SAMPLES
    clean, heard = np.pad(clean, (0, padding)), np.pad(heard, (0, padding))
    return block_logmel(heard).astype(np.float16), f0_levels(clean, len(clean) // CODE_SAMPLES), shapes(clean)


def _of_shard(folder: Path) -> list[tuple[npt.NDArray[np.float16], npt.NDArray[np.uint8], npt.NDArray[np.float32]]]:
    shard = Shard.open(folder)
    return [
        _features(*(np.asarray(sound[start:stop], np.float32) / np.float32(32768) for sound in (shard.clean, shard.heard)))
        for start, stop, _, _ in shard.index
    ]


def _of_answer(job: tuple[Samples, int]) -> tuple[npt.NDArray[np.float16], npt.NDArray[np.uint8], npt.NDArray[np.float32]]:
    """An answer, most often as it is and sometimes as a microphone would hear it."""
    sound, seed = job
    rng = np.random.default_rng(seed)
    clean = soxr.resample(sound, ANSWER_RATE_HZ, RATE_HZ).astype(np.float32)
    return _features(clean, clean if rng.random() < 0.8 else augment.heard(clean, rng))


def prepare(folders: list[Path], out: Path, *, workers: int = 2) -> Utterances:
    """Features of some shards, made once and kept in the file `out`."""
    if not out.exists():
        with ProcessPoolExecutor(workers) as pool:
            _save(out, [item for items in pool.map(_of_shard, folders) for item in items])
    return _open(out)


def prepare_answers(answers: Path, out: Path, *, limit: int = 3000, workers: int = 2) -> Utterances:
    """Features of the answering voice."""
    if not out.exists():
        audio, index = np.load(answers / "audio.npy", mmap_mode="r"), np.load(answers / "index.npy")
        chosen = np.random.default_rng(0).permutation(len(index))[:limit]
        jobs = [(audio[index[n, 0] : index[n, 1]].astype(np.float32) / 32768, int(n)) for n in chosen]
        with ProcessPoolExecutor(workers) as pool:
            _save(out, list(pool.map(_of_answer, jobs, chunksize=16)))
    return _open(out)


def _save(out: Path, items: list[tuple[npt.NDArray[np.float16], npt.NDArray[np.uint8], npt.NDArray[np.float32]]]) -> None:
    starts = np.cumsum([0] + [len(f0) // 6 for _, f0, _ in items])
    unfinished = out.with_suffix(".part.npz")
    logmel, f0, shape = (np.concatenate([item[n] for item in items]) for n in range(3))
    np.savez(unfinished, logmel=logmel, f0=f0, shape=shape, starts=starts)
    unfinished.rename(out)


def _open(path: Path) -> Utterances:
    arrays = np.load(path)
    return Utterances(arrays["logmel"], arrays["f0"], arrays["shape"], arrays["starts"])
