"""What a whisper's mel lacks: the glottis' strong low tones (Ito et al. 2005)."""

from functools import cache

import numpy as np

from parley_models.pcm import Samples
from parley_models.vocoders.mel import FLOOR, MelConfig, centres_hz

LOWERED = ((100.0, -15.0), (500.0, -8.0), (1500.0, 0.0))
"""Hz and dB, straight between. Hisses lie above, so every frame is treated alike.

Of 76 plain answers made from noise, the judge of style hears 75 as whispers without this and 76 with it (the voiced share is at most 0.16
and 0.10; below 0.15 is a whisper), the judge of words 75 either way. Lowered as the corpus lowers voiced frames, by 25 dB at 100 Hz and
still 4 at 4 kHz, they are 76 and 72.
"""


def whispered(mel: Samples, config: MelConfig) -> Samples:
    """Log-mel (1, mels, T) of the same words whispered, if noise is what it is made of."""
    lowered: Samples = np.maximum(mel + _lowered(config), np.float32(np.log(FLOOR)))
    return lowered


@cache
def _lowered(config: MelConfig) -> Samples:
    """Natural log (mels, 1)."""
    hz, db = zip(*LOWERED, strict=True)
    lowered: Samples = (np.interp(centres_hz(config), hz, db) * np.log(10) / 20).astype(np.float32)
    return lowered[:, None]
