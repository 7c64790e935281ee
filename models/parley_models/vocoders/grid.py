"""Mini's grid: which tokens a block of mel frames reads, and when it can be made.

A block is `new` output frames; its window is the `finished` frames before them and themselves. Output frame t reads token time t · rate.
Every block sees a fixed number of groups that end with the last one it needs, so it is a pure function of codes, rate and block number.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from parley_models.tokens import Codes

FRAMES_PER_GROUP = 6
TOKENS_PER_GROUP = 5
LINGUISTIC_SIZE = 1024
NOTHING = 5120
"""The token that stands before the first group and after the last."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Sizes of a block."""

    finished: int = 6
    """Frames before the block that are given as the flow's prompt condition."""

    new: int = 18
    """Frames that a block makes (0.36 s)."""

    groups: int = 10
    """Groups that the encoder hears: enough for the window at rate 2, and older ones at slower rates."""

    @property
    def window(self) -> int:
        """Frames that the networks run over."""
        return self.finished + self.new

    def groups_needed(self, block: int, rate: float) -> int:
        """Groups that must have come before a block can be made."""
        return math.ceil(round((block + 1) * self.new * rate / FRAMES_PER_GROUP, 6))

    def positions(self, start_frame: float, rate: float, first_group: int) -> npt.NDArray[np.float32]:
        """Where the window's frames (window,) read among the encoder's tokens; `start_frame` is the block's first output frame.

        Both ends of a frame count: its middle is read. Beyond the encoder's tokens the nearest one is read.
        """
        frames = start_frame - self.finished + np.arange(self.window) + 0.5
        tokens = (frames * rate / FRAMES_PER_GROUP - first_group) * TOKENS_PER_GROUP - 0.5
        return np.clip(tokens, 0, self.groups * TOKENS_PER_GROUP - 1).astype(np.float32)

    def tokens(self, codes: Codes, stop_group: int) -> npt.NDArray[np.int64]:
        """The flat tokens (groups · 5,) of the groups before `stop_group`, out of codes (n, 5); `NOTHING` outside."""
        flat = np.full((self.groups, TOKENS_PER_GROUP), NOTHING, np.int64)
        start = stop_group - self.groups
        low, high = max(start, 0), min(stop_group, len(codes))
        if high > low:
            flat[low - start : high - start] = codes[low:high].astype(np.int64) + np.array([0, 0] + [LINGUISTIC_SIZE] * 3)
        return flat.reshape(-1)


def output_frames(groups: int, rate: float) -> int:
    """Mel frames of a whole answer: the length rule. Samples are exactly this times the hop."""
    return math.floor(groups * FRAMES_PER_GROUP / rate + 0.5)
