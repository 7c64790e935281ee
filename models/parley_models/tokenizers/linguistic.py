"""The linguistic tokenizer: sound → fbank → stacked frames → SANM encoder, chunk by chunk → nearest centroid; 16.67 codes a second."""

from pathlib import Path

import numpy as np

from parley_models.errors import BundleCorrupt
from parley_models.onnx_session import THIS_MACHINE, Array, OnnxSession, SessionSettings
from parley_models.pcm import Samples
from parley_models.tokenizers.codebook import Codebook
from parley_models.tokenizers.config import BLOCK_SAMPLES, EarsConfig
from parley_models.tokenizers.fbank import FbankStream
from parley_models.tokenizers.lfr import Cmvn, LfrStream
from parley_models.tokenizers.spectrum import Frames
from parley_models.tokens import Codes

STEP_CACHES = ("position", "context", "keys", "values")
STEP_INPUTS = ("features", *STEP_CACHES)
STEP_OUTPUTS = ("encoded", *(f"next_{name}" for name in STEP_CACHES))
"""The encoder file's signature: one streaming step, its caches of fixed size (see `networks.sanm.SanmCaches`)."""


class LinguisticTokenizer:
    """The loaded encoder and its book; give every stream of sound a `stream()` of its own."""

    def __init__(self, encoder: OnnxSession, codebook: Codebook, cmvn: Cmvn, *, fbank_floor: float) -> None:
        if tuple(encoder.inputs) != STEP_INPUTS or tuple(encoder.outputs) != STEP_OUTPUTS:
            raise BundleCorrupt(f"The linguistic encoder takes {', '.join(encoder.inputs)}, not {', '.join(STEP_INPUTS)}.")
        widths = encoder.inputs["features"][-1], encoder.outputs["encoded"][-1]
        if widths != (len(cmvn.shift), codebook.width):
            raise BundleCorrupt(
                f"The linguistic encoder turns {widths[0]} features into {widths[1]}; "
                f"its normalisation has {len(cmvn.shift)} and its codebook {codebook.width}."
            )
        self.encoder = encoder
        self.codebook = codebook
        self.cmvn = cmvn
        self.fbank_floor = fbank_floor

    @staticmethod
    def open(folder: Path, config: EarsConfig, sessions: SessionSettings = THIS_MACHINE) -> "LinguisticTokenizer":
        """Load the files that a bundle's config names.

        Raises:
            BundleMissing: one is not there.
            BundleCorrupt: one is no such file, or they don't fit together.
        """
        encoder = OnnxSession(folder / config.linguistic_encoder, sessions)
        codebook = Codebook.read(folder / config.linguistic_codebook)
        return LinguisticTokenizer(encoder, codebook, Cmvn.read(folder / config.linguistic_cmvn), fbank_floor=config.fbank_floor)

    def __deepcopy__(self, _memo: dict[int, object]) -> "LinguisticTokenizer":
        return self  # a copied stream hears on by itself, with the same networks

    def stream(self) -> "LinguisticStream":
        """A new stream that has heard nothing."""
        return LinguisticStream(self)

    def codes(self, samples: Samples) -> Codes:
        """All codes of a whole clip at 16 kHz, its last chunk flushed as upstream does."""
        stream = self.stream()
        return np.concatenate([stream.feed(samples), stream.finish()])


class LinguisticStream:
    """One stream of 16 kHz sound on its way to codes. Any one thread at a time.

    The sound is cut into the same 240 ms chunks however it arrives, so codes depend on what was said alone.
    """

    def __init__(self, tokenizer: LinguisticTokenizer) -> None:
        self._tokenizer = tokenizer
        self._fbank = FbankStream(floor=tokenizer.fbank_floor)
        self._lfr = LfrStream()
        self._waiting: Samples = np.zeros(0, np.float32)
        zeros = tokenizer.encoder.zeros
        self._caches: dict[str, Array] = {name: zeros(name) for name in STEP_CACHES[1:]}
        self._caches["position"] = np.zeros(1, np.int64)

    def feed(self, samples: Samples) -> Codes:
        """The codes that these samples complete, four for every whole chunk."""
        return self._tokenizer.codebook.nearest(self.encode(samples))

    def finish(self) -> Codes:
        """The codes of what is left, often fewer than the sound would fill; the stream is over then."""
        return self._tokenizer.codebook.nearest(self.encode(np.zeros(0, np.float32), final=True))

    def encode(self, samples: Samples, *, final: bool = False) -> Frames:
        """The encoder's frames before they are named, (n, width)."""
        sound = np.concatenate([self._waiting, samples])
        whole = len(sound) // BLOCK_SAMPLES * BLOCK_SAMPLES
        chunks = [sound[first : first + BLOCK_SAMPLES] for first in range(0, whole, BLOCK_SAMPLES)]
        self._waiting = sound[whole:]
        encoded = [self._step(self._lfr.feed(self._fbank.feed(chunk))) for chunk in chunks]
        if final:
            encoded.append(self._step(self._lfr.feed(self._fbank.feed(self._waiting), final=True)))
        return np.concatenate([np.zeros((0, self._tokenizer.codebook.width), np.float32), *encoded])

    def _step(self, stacked: Frames) -> Frames:
        if len(stacked) == 0:
            return np.zeros((0, self._tokenizer.codebook.width), np.float32)
        features = self._tokenizer.cmvn(stacked)[None]
        encoded, *caches = self._tokenizer.encoder.run({"features": features, **self._caches}, STEP_OUTPUTS)
        self._caches = dict(zip(STEP_CACHES, caches, strict=True))
        return np.asarray(encoded[0], np.float32)
