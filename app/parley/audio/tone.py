"""The sound that says: this is the speaker."""

import numpy as np

from parley_models.pcm import AudioChunk

NOTES_HZ = (523.25, 783.99)
NOTE_S = 0.35
TONE_HZ = 24_000


def test_tone() -> AudioChunk:
    """Two soft notes, a fifth apart, each struck and dying away."""
    time_s = np.arange(int(NOTE_S * TONE_HZ)) / TONE_HZ
    swell = np.minimum(time_s / 0.01, 1) * np.exp(-time_s / 0.12)
    notes = [0.25 * swell * np.sin(2 * np.pi * hz * time_s) for hz in NOTES_HZ]
    return AudioChunk(np.concatenate(notes).astype(np.float32), TONE_HZ)
