"""Asked and achieved, side by side: what an answer's sound shows of its style (DESIGN §3)."""

import math

from parley_models.evaluation.expression import Expression
from parley_models.evaluation.measures import Measures
from parley_models.evaluation.style_judge import StyleJudge
from parley_models.manifest import VoiceEntry
from parley_models.pcm import AudioChunk
from parley_models.prosody import PLAIN, Prosody
from parley_models.style import Style
from parley_models.tokens import GROUP_SECONDS

FULL = 0.95
"""An emotion less intense than this lies between two that the judge knows."""


def achieved(sound: AudioChunk, groups: int, voice: VoiceEntry, own: Prosody = PLAIN) -> dict[str, float | str | None]:
    """Rate, pitch, emotion and manner as they are in the sound; it never sees what was asked for. None = nothing there to be measured.

    The rate is how long the words last in the sound against how long their tokens last at the voice's own pace: surer for a single
    answer than syllables a second, which depend on the words by some 15 %. A vocoder that ignores the rate shows as 1.

    Args:
        sound: the whole answer.
        groups: of its tokens.
        voice: who says it.
        own: what the answer's style does to rate and pitch by itself: a happy voice is quicker and higher than a slider says.
    """
    found = Measures().measure(sound)
    words_s = groups * GROUP_SECONDS - voice.quiet_s
    rate = words_s / found.span_s / own.rate if found.span_s > 0 and words_s > 0 else None
    pitch = 12 * math.log2(found.median_f0_hz / voice.median_f0_hz) - own.pitch if found.median_f0_hz else None
    heard = StyleJudge(Expression(**voice.plain)).hear(sound) if voice.plain else None
    return {
        "rate": None if rate is None else round(rate, 3),
        "pitch": None if pitch is None else round(pitch, 2),
        "emotion": None if heard is None else heard.emotion,
        "manner": None if heard is None else heard.manner,
    }


def proof(asked: Style, found: dict[str, float | str | None]) -> dict[str, float | str | None]:
    """What was found of the controls that were asked for; None where it can't be told.

    An emotion is made of the same figures as rate and pitch, and a manner of the same as some emotions: of two at once neither is proved.
    How far an emotion's wider melody lifts its median depends on the words, and a whisper has no pitch.
    """
    moved = asked.rate != 1.0 or asked.pitch != 0.0
    weak = asked.intensity is not None and asked.intensity < FULL
    toneless = asked.emotion is not None or found.get("manner") == "whisper"
    blurred = {"emotion": moved or weak or asked.manner is not None, "manner": asked.emotion is not None, "pitch": toneless}
    return {name: None if blurred.get(name) else found.get(name) for name in asked.asked()}
