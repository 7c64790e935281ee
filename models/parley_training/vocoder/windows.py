"""What the flow trains on: windows of the teacher's mel beside the tokens that a block may read."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from parley_models.tokens import Codes
from parley_models.vocoders.grid import FRAMES_PER_GROUP, Grid
from parley_models.vocoders.mel import FLOOR, Mel, MelConfig, mel_spectrogram
from parley_training.vocoder import recordings

SILENCE = float(np.log(FLOOR))
HELD_OUT = 40
"""Every 40th utterance is kept for measuring."""


@dataclass(frozen=True, slots=True)
class Windows:
    """Windows of B blocks."""

    tokens: Tensor
    """int64 (B, groups · 5)."""

    positions: Tensor
    """(B, T) where each frame reads among the tokens."""

    mel: Tensor
    """(B, mels, T), natural log; silence outside the utterance."""

    voice: Tensor
    """int64 (B,): whose they are."""


@dataclass(frozen=True, slots=True)
class TokenizedSpeech:
    """Utterances as mel and as codes."""

    mel: Mel
    """(frames, mels), utterance after utterance."""

    codes: Codes
    """(groups, 5), utterance after utterance."""

    first_frame: npt.NDArray[np.int64]
    first_group: npt.NDArray[np.int64]
    """Where each utterance begins; one more for the end."""

    voice: npt.NDArray[np.int64]
    """(utterances,)."""

    def draw(self, utterances: npt.NDArray[np.int64], grid: Grid, rng: np.random.Generator, size: int) -> Windows:
        """Windows from anywhere in some utterances; three of ten at another rate than 1, whose mel is stretched linearly."""
        lengths = np.diff(self.first_group)[utterances]
        drawn = rng.choice(utterances, size, p=lengths / lengths.sum())
        picked = [
            self._window(int(utterance), float(2 ** rng.uniform(-1, 1)) if rng.random() < 0.3 else 1.0, grid, rng) for utterance in drawn
        ]
        tokens, positions, mels = (torch.from_numpy(np.stack(column)) for column in zip(*picked, strict=True))
        return Windows(tokens, positions, mels.transpose(1, 2).contiguous(), torch.from_numpy(self.voice[drawn]))

    def _window(
        self, utterance: int, rate: float, grid: Grid, rng: np.random.Generator
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32], Mel]:
        codes = self.codes[self.first_group[utterance] : self.first_group[utterance + 1]]
        start = int(rng.integers(0, int(len(codes) * FRAMES_PER_GROUP / rate) + 1))
        if rate == 1.0:
            start -= start % FRAMES_PER_GROUP  # blocks of 18 frames begin with a group; at other rates they begin anywhere
        stop_group = int(np.ceil(round((start + grid.new) * rate / FRAMES_PER_GROUP, 6)))
        positions = grid.positions(start, rate, stop_group - grid.groups)
        return grid.tokens(codes, stop_group), positions, self._stretched(utterance, start - grid.finished, grid.window, rate)

    def _stretched(self, utterance: int, start: int, frames: int, rate: float) -> Mel:
        first, last = self.first_frame[utterance], self.first_frame[utterance + 1]
        at = (start + np.arange(frames) + 0.5) * rate - 0.5
        below = np.floor(at).astype(np.int64)
        share = (at - below)[:, None].astype(np.float32)

        def rows(index: npt.NDArray[np.int64]) -> Mel:
            inside = (index >= 0) & (index < last - first)
            return np.where(inside[:, None], self.mel[np.clip(index + first, first, last - 1)], np.float32(SILENCE))

        mixed: Mel = rows(below) * (1 - share) + rows(below + 1) * share
        return mixed


def load(folders: Collection[Path], config: MelConfig) -> TokenizedSpeech:
    """Read `audio.npy`, `index.npy`, `codes.npy` (groups, 5) and `code_index.npy` (utterances, 2) of each voice's folder; takes the mel."""
    teacher = recordings.load(folders)
    each = [(np.load(folder / "codes.npy"), np.load(folder / "code_index.npy")) for folder in folders]
    spoken: list[Codes] = [codes[start:stop] for codes, index in each for start, stop in index]
    mels = [mel_spectrogram(teacher.samples(i, 0, int(stop - start)), config) for i, (start, stop) in enumerate(teacher.index)]
    return TokenizedSpeech(
        np.concatenate(mels),
        np.concatenate(spoken),
        np.concatenate([[0], np.cumsum([len(mel) for mel in mels])]),
        np.concatenate([[0], np.cumsum([len(codes) for codes in spoken])]),
        np.repeat(np.arange(len(each)), [len(index) for _, index in each]),
    )
