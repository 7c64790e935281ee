"""The same sound as it would have come a moment later, or through a brighter or duller microphone (`parley_models.rehearing`)."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from pydantic import ConfigDict, Field

from parley_models.pcm import Samples


@dataclass(frozen=True, slots=True)
class View:
    """One way to hear a sound; the default changes nothing."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", allow_inf_nan=False)

    delay_samples: Annotated[int, Field(ge=0)] = 0
    """Silence before it, at 16 kHz: the tokenizers' blocks begin at other places of the words."""

    tilt: Annotated[float, Field(gt=-1, lt=1)] = 0.0
    """How much of the sample before is taken off each; above 0 it sounds brighter, below 0 duller. Low tones stay as loud as they are."""


class Viewing:
    """One stream of sound, seen so. The same samples, however they are cut."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._before: Samples = np.zeros(view.delay_samples, np.float32)
        self._last = np.zeros(1, np.float32)

    def feed(self, samples: Samples) -> Samples:
        """More of it."""
        sound = np.concatenate([self._before, samples])
        self._before = self._before[:0]
        tilt = np.float32(self._view.tilt)
        if not tilt or not len(sound):
            return sound
        shifted = np.concatenate([self._last, sound[:-1]])
        self._last = sound[-1:]
        tilted: Samples = (sound - tilt * shifted) / (1 - tilt)
        return tilted
