"""Pitch as a factor of the semantic codes: a shift of the voice is a shift of levels, and mel and source agree about it."""

import math

import numpy as np

from parley_models.tokens import Codes
from parley_models.vocoders.config import VoiceConfig


def shift_pitch(codes: Codes, semitones: float, config: VoiceConfig) -> Codes:
    """Codes (groups, 5) with every voiced F0 level moved by `semitones`, to the nearest step (halves go up) and no further than the lowest
    and highest level; linguistic codes, details and unvoiced codes stay.
    """
    steps = math.floor(semitones / config.pitch_step_semitones + 0.5)
    if steps == 0:
        return codes
    semantic = codes[:, 2:].astype(np.int64)
    level, detail = np.divmod(semantic, config.pitch_details)
    moved = np.clip(level + steps, 1, config.pitch_levels) * config.pitch_details + detail
    voiced = (level >= 1) & (level <= config.pitch_levels)
    shifted = codes.copy()
    shifted[:, 2:] = np.where(voiced, moved, semantic)
    return shifted
