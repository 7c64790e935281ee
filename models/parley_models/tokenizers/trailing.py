"""The end of a clip that is still going on: what has become old enough leaves as final groups, the rest is heard again with what comes.

Step-Audio-Tokenizer hears whole clips, so the same sound has other codes here than there. What differs from upstream:

* the peak is the loudest sample so far, not the whole clip's: what was frozen before somebody became louder was heard louder than upstream
  hears it (a second of silence before the first word by up to 40 dB), and where the peak rises the linguistic stream holds a step of gain;
* a log mel lies within 8 decades of the loudest band so far, not of the loudest in its 30 s;
* a semantic code has seen 2.4 s before its step of 0.48 s and 0.72 s behind it, not the whole of its 30 s, and its window's positions begin
  anew, as upstream's do every 30 s. Whoever hears long sound with this family of networks takes windows that overlap too
  (xingchensong/S3Tokenizer: 30 s, 4 s shared). How far that goes at full size nobody measured here: there are no real weights.

The linguistic encoder is causal: given the gain its codes are upstream's, and it hears every sample once.
"""

import numpy as np

from parley_models.pcm import Samples
from parley_models.tokenizers import logmel
from parley_models.tokenizers.config import BLOCK_SAMPLES, RATE_HZ
from parley_models.tokenizers.linguistic import LinguisticTokenizer
from parley_models.tokenizers.loudness import SMALLEST_PEAK, normalise_peak, peak_of
from parley_models.tokenizers.resample import ResampleStream
from parley_models.tokenizers.semantic import BLOCK_CODES, SemanticTokenizer
from parley_models.tokens import Codes, SpeechTokens, merge

STEP_SAMPLES = 2 * BLOCK_SAMPLES
"""480 ms, four groups, are frozen at a time: each costs a run of the semantic tokenizer."""

AHEAD_SAMPLES = 3 * BLOCK_SAMPLES
"""0.72 s: so much must have followed a code before it is frozen."""

HELD_SAMPLES = STEP_SAMPLES + AHEAD_SAMPLES
"""1.2 s: with so much heard, the oldest step is frozen. Less is never more than ten groups, 50 ids: of the 64 that may be left to read
at the end of speech, 14 are the template's."""

CONTEXT_SAMPLES = 10 * BLOCK_SAMPLES
"""2.4 s before a step: a second of speech costs the semantic tokenizer (2.4 + 1.2) / 0.48 = 7.5 seconds."""

_CODE_SAMPLES = BLOCK_SAMPLES // BLOCK_CODES


class TrailingWindow:
    """A live clip's last seconds. Any one thread at a time; a copy hears on by itself.

    What leaves depends on the sound alone, not on the pieces in which it comes.
    """

    def __init__(self, linguistic: LinguisticTokenizer, semantic: SemanticTokenizer, rate_hz: int) -> None:
        """Begin with nothing heard, of sound at this rate."""
        self._linguistic = linguistic.stream()
        self._semantic = semantic
        self._resampler = ResampleStream(rate_hz, RATE_HZ)
        self._sound: Samples = np.zeros(0, np.float32)  # 16 kHz, as loud as it came
        self._frozen = 0  # samples at its beginning whose groups have left
        self._peak = np.float32(0)
        self._loudest_log = np.float32(-np.inf)  # of a mel band, in sound whose peak is 1

    def feed(self, samples: Samples) -> SpeechTokens:
        """Hear more, (n,) at the clip's rate; the groups that became old enough, final.

        Raises:
            EngineError: a model failed.
        """
        return self._take(self._resampler.feed(samples))

    def finish(self) -> SpeechTokens:
        """Nothing more comes: the groups of what is left, leftovers of either stream dropped. Raises EngineError."""
        left = self._take(self._resampler.finish())
        sound, semantic = self._heard(self._sound)
        linguistic = np.concatenate([self._linguistic.feed(sound[self._frozen :]), self._linguistic.finish()])
        return SpeechTokens(np.concatenate([left.codes, merge(linguistic, semantic).codes]))

    def _take(self, sound: Samples) -> SpeechTokens:
        self._sound = np.concatenate([self._sound, sound])
        steps = [SpeechTokens.empty().codes]
        while len(self._sound) - self._frozen >= HELD_SAMPLES:
            steps.append(self._freeze().codes)
        return SpeechTokens(np.concatenate(steps))

    def _freeze(self) -> SpeechTokens:
        """The oldest step's groups, heard with what follows it; what no later step will see is forgotten."""
        sound, semantic = self._heard(self._sound[: self._frozen + HELD_SAMPLES])
        step = sound[self._frozen : self._frozen + STEP_SAMPLES]
        groups = merge(self._linguistic.feed(step), semantic[: STEP_SAMPLES // _CODE_SAMPLES])
        surplus = max(0, self._frozen + STEP_SAMPLES - CONTEXT_SAMPLES)
        self._sound = self._sound[surplus:]
        self._frozen += STEP_SAMPLES - surplus
        return groups

    def _heard(self, window: Samples) -> tuple[Samples, Codes]:
        """A window at upstream's level, and the semantic codes of what is not frozen in it."""
        self._peak = peak_of(window, self._peak)
        sound = normalise_peak(window, self._peak)
        logs = logmel.clip_logs(sound)
        lowered = 2 * np.log10(max(self._peak, SMALLEST_PEAK))  # power goes with the square
        self._loudest_log = max(self._loudest_log, logs.max() + lowered)
        codes = self._semantic.name(logmel.within_range(logs, self._loudest_log - lowered))
        return sound, codes[self._frozen // _CODE_SAMPLES :]
