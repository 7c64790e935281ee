"""How a test voice asks where the answer depends on its sound: high or low, fast or slow, loud or quiet, whispering, in a mood.

Everything is done by other means than in training (there WORLD, here the synthesizers' own parameters, a resampler and noise), so that a
model can't have learned the trick instead of the tone.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import soxr

from parley_models.evaluation.fundamental import RATE_HZ, f0_track
from parley_models.pcm import Samples

if TYPE_CHECKING:
    from parley_models.evaluation.speakers import Speaker

LOWEST_HIGH_HZ, HIGHEST_LOW_HZ = 235.0, 112.0
"""Median fundamentals that anybody would call high, or low."""

MOST_RESIZED = 1.6
"""A voice may be played so much faster or slower, which moves its formants too: beyond, nobody would take it for a voice."""

FRAME, HOP = 512, 128
ENVELOPE_S = 0.0015
"""Whispering keeps of the spectrum what lies below this quefrency: the mouth, not the voice."""


@dataclass(frozen=True, slots=True)
class Asking:
    """A tone, as it is made."""

    tempo: float = 1.0
    pitch: int = 50
    span: int = 50
    level_db: float = 0.0
    """Against how loud a question usually is."""

    lift_to_hz: float | None = None
    """The least median fundamental."""

    drop_to_hz: float | None = None
    """The most."""

    whispered: bool = False
    voices: Collection[str] = ()
    """Names (without the accent) of the test voices that can do it; none = any."""

    def suits(self, voice: Speaker) -> bool:
        """Whether a voice can speak so."""
        return not self.voices or voice.name.rpartition("+")[2] in self.voices

    def spoken_by(self, voice: Speaker) -> Speaker:
        """The voice with what its synthesizer is told."""
        return replace(voice, tempo=voice.tempo * self.tempo, pitch=self.pitch, span=self.span)

    def factor(self, speech: Samples) -> float:
        """How many times as fast the voice must be played to be as high or as low as wanted, within reason; 16 kHz."""
        if self.lift_to_hz is None and self.drop_to_hz is None:
            return 1.0
        voiced = f0_track(speech)
        if not voiced.any():
            return 1.0
        median = float(np.median(voiced[voiced > 0]))
        factor = max(1.0, self.lift_to_hz / median) if self.lift_to_hz else min(1.0, (self.drop_to_hz or median) / median)
        return float(np.clip(factor, 1 / MOST_RESIZED, MOST_RESIZED))


def resized(speech: Samples, factor: float) -> Samples:
    """Speech at 16 kHz played so many times as fast."""
    return np.asarray(soxr.resample(speech, RATE_HZ * factor, RATE_HZ), np.float32)


_ACTORS = ("Andy", "linda", "john", "shelby", "Michael")
"""espeak-ng's: the only ones whose melody can be made livelier and flatter."""

PLAIN = Asking()
TONES: dict[str, Asking] = {
    "pitch=high": Asking(pitch=95, lift_to_hz=LOWEST_HIGH_HZ, voices=("linda", "shelby")),
    "pitch=low": Asking(pitch=30, drop_to_hz=HIGHEST_LOW_HZ, voices=("kal", "kal16", "kal_diphone", "Andy", "Michael", "john")),
    "pace=fast": Asking(tempo=1.6),
    "pace=slow": Asking(tempo=0.6),
    "loudness=loud": Asking(level_db=5.0),
    "loudness=quiet": Asking(level_db=-22.0),
    "whispered=true": Asking(whispered=True),
    "whispered=false": PLAIN,
    "mood=happy": Asking(tempo=1.12, pitch=68, span=95, level_db=1.0, voices=_ACTORS),
    "mood=sad": Asking(tempo=0.74, pitch=36, span=15, level_db=-5.0, voices=_ACTORS),
    "mood=angry": Asking(tempo=1.18, pitch=54, span=80, level_db=4.5, voices=_ACTORS),
    "mood=neutral": replace(PLAIN, voices=_ACTORS),
}
"""By what `questions_wide.tsv` calls them."""


def whispered(speech: Samples) -> Samples:
    """The same mouth without a voice: noise of the smoothed spectrum, weak where a voice would be strongest; at the same peak."""
    padded = np.pad(speech.astype(np.float64), FRAME)
    windows = np.lib.stride_tricks.sliding_window_view(padded, FRAME)[::HOP] * np.hanning(FRAME)
    cepstrum = np.fft.irfft(np.log(np.abs(np.fft.rfft(windows, axis=1)) + 1e-6), axis=1)
    kept = round(ENVELOPE_S * RATE_HZ)
    cepstrum[:, kept : FRAME - kept + 1] = 0
    envelope = np.exp(np.fft.rfft(cepstrum, axis=1).real)
    hz = np.fft.rfftfreq(FRAME, 1 / RATE_HZ)
    envelope *= 10 ** (np.interp(hz, [0, 300, 1000, 3000], [-40.0, -25.0, -8.0, 0.0]) / 20)
    rng = np.random.default_rng(len(speech))
    noise = np.fft.rfft(
        np.lib.stride_tricks.sliding_window_view(rng.standard_normal(len(padded)), FRAME)[::HOP] * np.hanning(FRAME), axis=1
    )
    frames = np.fft.irfft(noise * envelope, axis=1) * np.hanning(FRAME)
    out = np.zeros(len(padded))
    for number, frame in enumerate(frames):
        out[number * HOP : number * HOP + FRAME] += frame
    out = out[FRAME : FRAME + len(speech)]
    peak = float(np.abs(speech).max(initial=1e-4))
    return np.asarray(out * (peak / max(float(np.abs(out).max(initial=0.0)), 1e-9)), np.float32)
