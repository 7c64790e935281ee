"""Low frame rate: seven filter-bank frames side by side every six (60 ms), normalised by fixed means and deviations."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from parley_models.errors import BundleCorrupt, BundleMissing
from parley_models.tokenizers.spectrum import Frames

STACKED = 7
STRIDE = 6
AHEAD = STACKED // 2
"""Copies of a stream's first frame that stand before it."""


@dataclass(frozen=True, slots=True)
class Cmvn:
    """Normalisation (x + shift) · scale."""

    shift: Frames
    """(560,)"""

    scale: Frames
    """(560,)"""

    @staticmethod
    def read(path: Path) -> "Cmvn":
        """Read `cmvn.npy`, (2, 560) with shift and scale, or Kaldi's text `am.mvn`.

        Raises:
            BundleMissing: no such file.
            BundleCorrupt: neither of these.
        """
        try:
            rows = _read_mvn(path) if path.suffix == ".mvn" else np.load(path, allow_pickle=False)
            shift, scale = np.asarray(rows, np.float32)
            if shift.ndim != 1:
                raise ValueError(shift.shape)
        except FileNotFoundError:
            raise BundleMissing(f"There is no file {path}.") from None
        except Exception as error:  # numpy fails in many ways
            raise BundleCorrupt(f"{path} is damaged: it holds no shift and scale.") from error
        return Cmvn(shift, scale)

    def __call__(self, frames: Frames) -> Frames:
        """Normalise (m, 560)."""
        return (frames + self.shift) * self.scale


def _read_mvn(path: Path) -> list[list[float]]:
    text = path.read_text("ascii")
    found = [re.search(rf"<{name}>.*?<LearnRateCoef>\s*\S+\s*\[([^\]]*)\]", text, re.DOTALL) for name in ("AddShift", "Rescale")]
    return [[float(number) for number in match[1].split()] for match in found if match]


def stack(frames: Frames) -> Frames:
    """All complete stacks of a whole stream, the first frame three times ahead: (t, 80) → (m, 560)."""
    return LfrStream().feed(frames)


class LfrStream:
    """Stacking of frames that come in pieces, equal to stacking them at once."""

    def __init__(self) -> None:
        self._carried: Frames | None = None

    def feed(self, frames: Frames, *, final: bool = False) -> Frames:
        """The stacks that these frames (t, bands) complete, (m, 7 · bands).

        The final piece fills its last stack with copies of the last frame, and, as upstream, gives nothing at all when
        fewer than seven frames are left with the carried ones.
        """
        if self._carried is None and len(frames):
            self._carried = np.repeat(frames[:1], AHEAD, axis=0)
        line = frames if self._carried is None else np.concatenate([self._carried, frames])
        if len(line) < STACKED:
            self._carried = line if len(line) else None
            return np.zeros((0, STACKED * frames.shape[1]), np.float32)
        count = (len(line) - STACKED) // STRIDE + 1
        self._carried = line[count * STRIDE :]
        if final:
            # every frame past the third of a stride starts one more stack
            count = -(-(len(line) - AHEAD) // STRIDE)
            line = np.concatenate([line, np.repeat(line[-1:], STACKED, axis=0)])
        windows = np.lib.stride_tricks.sliding_window_view(line, STACKED, axis=0)[: count * STRIDE : STRIDE]
        return windows.swapaxes(1, 2).reshape(count, -1)
