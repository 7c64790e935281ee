"""Asked and achieved, side by side: what an answer's sound shows of its style (DESIGN §3)."""

import math

from parley_models.evaluation.measures import Measures
from parley_models.manifest import VoiceEntry
from parley_models.pcm import AudioChunk
from parley_models.tokens import GROUP_SECONDS


def achieved(sound: AudioChunk, groups: int, voice: VoiceEntry) -> dict[str, float | None]:
    """Rate and pitch as they are in the sound; it never sees what was asked for. None = nothing there to be measured.

    The rate is how long the words last in the sound against how long their tokens last at the voice's own pace: surer for a single
    answer than syllables a second, which depend on the words by some 15 %. A vocoder that ignores the rate shows as 1.
    """
    found = Measures().measure(sound)
    words_s = groups * GROUP_SECONDS - voice.quiet_s
    rate = words_s / found.span_s if found.span_s > 0 and words_s > 0 else None
    pitch = 12 * math.log2(found.median_f0_hz / voice.median_f0_hz) if found.median_f0_hz else None
    return {"rate": None if rate is None else round(rate, 3), "pitch": None if pitch is None else round(pitch, 2)}
