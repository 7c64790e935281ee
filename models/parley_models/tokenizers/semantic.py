"""The semantic tokenizer: sound → log mel → encoder with its own book; 25 codes a second, one for every four mel frames."""

from pathlib import Path

import numpy as np

from parley_models.errors import BundleCorrupt
from parley_models.onnx_session import THIS_MACHINE, OnnxSession, SessionSettings
from parley_models.pcm import Samples
from parley_models.tokenizers import logmel
from parley_models.tokenizers.config import BLOCK_SAMPLES, EarsConfig
from parley_models.tokenizers.spectrum import Frames
from parley_models.tokens import Codes

CODE_FRAMES = 4
BLOCK_CODES = BLOCK_SAMPLES // logmel.HOP_SAMPLES // CODE_FRAMES
LONGEST_CLIP = 480_000
"""30 s: upstream cuts longer sound there, and what one piece holds does not reach the next."""

SHORTEST_CLIP = 480
"""Upstream drops shorter rests."""


class SemanticTokenizer:
    """The loaded encoder. `codes` hears a clip as upstream does, `stream` hears blocks as Mini does."""

    def __init__(self, encoder: OnnxSession, *, logmel_floor: float, context_frames: int) -> None:
        if len(encoder.inputs) != 2 or len(encoder.outputs) != 1:
            raise BundleCorrupt(f"The semantic tokenizer takes {', '.join(encoder.inputs)}, not a log mel and its length.")
        bands, frames = next(iter(encoder.inputs.values()))[-2:]
        window = context_frames + BLOCK_CODES * CODE_FRAMES
        if bands != logmel.BANDS or (isinstance(frames, int) and frames != window):
            raise BundleCorrupt(f"The semantic tokenizer takes {bands} bands and {frames} frames, not {logmel.BANDS} and {window}.")
        self.encoder = encoder
        self.logmel_floor = logmel_floor
        self.context_frames = context_frames

    @staticmethod
    def open(folder: Path, config: EarsConfig, sessions: SessionSettings = THIS_MACHINE) -> "SemanticTokenizer":
        """Load the file that a bundle's config names.

        Raises:
            BundleMissing: it is not there.
            BundleCorrupt: it is no such file.
        """
        encoder = OnnxSession(folder / config.semantic, sessions)
        return SemanticTokenizer(encoder, logmel_floor=config.logmel_floor, context_frames=config.context_frames)

    def __deepcopy__(self, _memo: dict[int, object]) -> "SemanticTokenizer":
        return self  # a copied stream hears on by itself, with the same networks

    def stream(self) -> "SemanticStream":
        """A new stream that has heard nothing."""
        return SemanticStream(self)

    def codes(self, samples: Samples) -> Codes:
        """All codes of a whole clip at 16 kHz, in pieces of 30 s."""
        pieces = [samples[first : first + LONGEST_CLIP] for first in range(0, len(samples), LONGEST_CLIP)]
        heard = [self.name(logmel.clip_logmel(piece)) for piece in pieces if len(piece) >= SHORTEST_CLIP]
        return np.concatenate([np.zeros(0, np.uint16), *heard])

    def name(self, mel: Frames) -> Codes:
        """The codes of a log mel (frames, 128), every one having seen all of it."""
        inputs = zip(self.encoder.inputs, (mel.T[None], np.array([len(mel)], np.int32)), strict=True)
        (indices,) = self.encoder.run(dict(inputs))
        return indices.reshape(-1).astype(np.uint16)


class SemanticStream:
    """One stream of 16 kHz sound on its way to codes, block by block. Any one thread at a time.

    The six codes of a block are a function of its 240 ms and the context before it, never of what comes later.
    """

    def __init__(self, tokenizer: SemanticTokenizer) -> None:
        self._tokenizer = tokenizer
        self._logmel = logmel.LogmelStream(floor=tokenizer.logmel_floor)
        self._waiting: Samples = np.zeros(0, np.float32)
        self._context: Frames = np.full((tokenizer.context_frames, logmel.BANDS), logmel.silence(tokenizer.logmel_floor), np.float32)

    def feed(self, samples: Samples) -> Codes:
        """The codes that these samples complete, six for every whole block."""
        sound = np.concatenate([self._waiting, samples])
        whole = len(sound) // BLOCK_SAMPLES * BLOCK_SAMPLES
        self._waiting = sound[whole:]
        blocks = [self._block(sound[first : first + BLOCK_SAMPLES]) for first in range(0, whole, BLOCK_SAMPLES)]
        return np.concatenate([np.zeros(0, np.uint16), *blocks])

    def _block(self, samples: Samples) -> Codes:
        window = np.concatenate([self._context, self._logmel.feed(samples)])
        self._context = window[len(window) - self._tokenizer.context_frames :]
        return self._tokenizer.name(window)[-BLOCK_CODES:]
