"""The melody of an answer, changed in its codes: what a voice does to be happy, sad or afraid.

In a product code book the F0 of a semantic code is a factor of its own, so the melody can be moved, widened and bent, and flow and
HiFT agree about it. Every code is a function of those before it: how the groups come in changes nothing.
"""

import math

import numpy as np
import numpy.typing as npt

from parley_models.prosody import Prosody
from parley_models.tokens import SEMANTIC_HZ, Codes
from parley_models.vocoders.config import VoiceConfig

TREMOR_HZ = 6.5
CLIMB_S = 2.5
"""So long after a phrase's first voiced sound its melody has climbed as far as it will."""

PAUSE_S = 0.24
"""A silence of the voice so long ends a phrase."""

Levels = npt.NDArray[np.int64]


class Melody:
    """One answer's melody on its way."""

    def __init__(self, prosody: Prosody, semitones: float, config: VoiceConfig) -> None:
        """`semitones`: how much higher than its codes the voice speaks anyway."""
        self._prosody, self._config = prosody, config
        self._moved = (semitones + prosody.pitch) / config.pitch_step_semitones
        asked = math.floor(self._moved + 0.5) or prosody.span != 1.0 or prosody.climb or prosody.tremor
        self._changes = bool(asked and config.pitch_details)  # a voice may lie lower though its codes hold no pitch
        self._codes = 0
        self._phrase = 0
        """Codes since the phrase's first voiced one, 0 before it."""

        self._unvoiced = 0
        """Codes since the last voiced one."""

    def feed(self, codes: Codes) -> Codes:
        """The next codes (groups, 5), with the F0 levels of the voiced ones changed; linguistic codes, details and unvoiced codes stay."""
        if not self._changes or not len(codes):
            return codes
        level, detail = np.divmod(codes[:, 2:].astype(np.int64).reshape(-1), self._config.pitch_details)
        voiced = (level >= 1) & (level <= self._config.pitch_levels)
        into = self._into_phrase(voiced)
        seconds = (self._codes + np.arange(len(level))) / SEMANTIC_HZ / self._prosody.rate
        self._codes += len(level)
        middle, step = self._config.pitch_middle, self._config.pitch_step_semitones
        melody = middle + (level - middle) * self._prosody.span + self._moved
        melody += self._prosody.climb / step * np.minimum(into / (CLIMB_S * SEMANTIC_HZ), 1.0)
        melody += self._prosody.tremor / step * np.sin(2 * np.pi * TREMOR_HZ * seconds)
        # np.round takes halves to even levels: of a melody moved by one and a half some intervals would be doubled, others gone
        moved = np.clip(np.floor(melody + 0.5), 1, self._config.pitch_levels).astype(np.int64) * self._config.pitch_details + detail
        changed = codes.copy()
        changed[:, 2:] = np.where(voiced, moved, codes[:, 2:].reshape(-1)).reshape(-1, 3)
        return changed

    def _into_phrase(self, voiced: npt.NDArray[np.bool_]) -> Levels:
        """How many codes into its phrase each code is."""
        places = np.zeros(len(voiced), np.int64)
        for at, sounds in enumerate(voiced):
            self._unvoiced = 0 if sounds else self._unvoiced + 1
            if self._unvoiced >= PAUSE_S * SEMANTIC_HZ:
                self._phrase = 0
            elif sounds or self._phrase:
                self._phrase += 1
            places[at] = self._phrase
        return places
