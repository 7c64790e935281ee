"""The teachers' sound: one long file of utterances a voice, cut into mel frames, with F0."""

import warnings
import zlib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

with warnings.catch_warnings():
    # pyworld 0.3.5 reads its version through setuptools' retired pkg_resources
    warnings.simplefilter("ignore", UserWarning)
    import pyworld

from parley_training.corpus.answers import FIRST, SECOND

RATE_HZ = 24_000
HOP = 480
LOWEST_HZ, HIGHEST_HZ = 60.0, 520.0


@dataclass(frozen=True, slots=True)
class Recordings:
    """Utterances one after another, of one voice and then of the next."""

    audio: npt.NDArray[np.int16]
    """(samples,), 24 kHz."""

    index: npt.NDArray[np.int64]
    """(utterances, 2): start and stop in samples."""

    @property
    def frames(self) -> npt.NDArray[np.int64]:
        """Whole mel frames in each utterance."""
        return (self.index[:, 1] - self.index[:, 0]) // HOP

    @property
    def first_frames(self) -> npt.NDArray[np.int64]:
        """Where each utterance's frames begin when all are laid end to end; one more for the end."""
        return np.concatenate([[0], np.cumsum(self.frames)])

    def samples(self, utterance: int, start: int, stop: int) -> npt.NDArray[np.float32]:
        """Samples [start, stop) of one utterance as float32; silence beyond its ends."""
        first, last = self.index[utterance]
        inside = self.audio[first + max(start, 0) : max(first, min(first + stop, last))]
        padding = (max(0, -start), max(0, stop - max(start, 0) - len(inside)))
        return np.pad(inside.astype(np.float32) / 32768, padding)


def voice_folders(data: Path) -> dict[str, Path]:
    """Where the voices are that there are: the first one's in `answers`, the second one's beside it."""
    second = data / SECOND
    return {FIRST: data / "answers"} | ({SECOND: second} if (second / "index.npy").exists() else {})


def load(folders: Collection[Path]) -> Recordings:
    """Read `audio.npy` (int16) and `index.npy` (int64 (n, 2)) of some folders."""
    sounds = [np.load(folder / "audio.npy", mmap_mode="r") for folder in folders]
    begins = np.cumsum([0, *map(len, sounds)])
    index = [np.load(folder / "index.npy") + begin for folder, begin in zip(folders, begins, strict=False)]
    return Recordings(sounds[0] if len(sounds) == 1 else np.concatenate(sounds), np.concatenate(index))


def f0_labels(recordings: Recordings) -> npt.NDArray[np.float32]:
    """F0 in Hz of every frame of every utterance, laid end to end (WORLD's DIO and StoneMask); 0 where unvoiced."""
    labels = [np.zeros(0, np.float32)]
    for utterance, (start, stop) in enumerate(recordings.index):
        sound = recordings.samples(utterance, 0, int(stop - start)).astype(np.float64)
        f0, times = pyworld.dio(sound, RATE_HZ, f0_floor=LOWEST_HZ, f0_ceil=HIGHEST_HZ, frame_period=10.0)
        f0 = pyworld.stonemask(sound, f0, times, RATE_HZ)
        centres = f0[1::2][: recordings.frames[utterance]]  # a frame of 20 ms is centred 10 ms after it begins
        labels.append(np.pad(centres, (0, recordings.frames[utterance] - len(centres))).astype(np.float32))
    return np.concatenate(labels)


def cached_f0(recordings: Recordings, path: Path) -> npt.NDArray[np.float32]:
    """`f0_labels`, kept in a file (.npz); made again when the file is of other recordings, be they as long."""
    of = zlib.crc32(recordings.index.tobytes(), zlib.crc32(recordings.audio.data))
    if path.exists():
        with np.load(path) as kept:
            if kept["of"] == of:
                known: npt.NDArray[np.float32] = kept["f0"]
                return known
    labels = f0_labels(recordings)
    unfinished = path.with_suffix(".part.npz")
    np.savez(unfinished, f0=labels, of=of)
    unfinished.replace(path)
    return labels
