"""What is asked while it is measured: Parley's sample questions, cut to the sample, also with a pause inside the sentence."""

import importlib.resources
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from parley.bench.sound_server import PULSE_HZ
from parley_models.pcm import Samples
from parley_models.sound_file import read_question

FRAME = PULSE_HZ // 100
SPEECH_DB = -35.0
"""Frames this far below the loudest one are no speech: the recordings have a little noise."""

WORD_DB, WORD_FRAMES = -20.0, 4
"""A word is this loud, against the loudest frame, for so many frames on end. A breath, a click of lips or the recording's noise is not."""

FADE = PULSE_HZ // 200
PAUSE_S = 0.6

PAUSES_S = {"2-capital": 1.07, "3-sum": 0.37, "4-day": 0.87, "5-legs": 0.86, "6-opposite": 1.02}
"""Where a speaker who looks for a word would pause: before what the question is about. Seconds after the first word's beginning (read off
a forced alignment by pocketsphinx)."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """Speech from its first sound to its last one, at 48 kHz."""

    name: str
    sound: Samples

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.sound) / PULSE_HZ

    @property
    def onset(self) -> int:
        """The sample at which the first word begins: some of the recordings have a breath of a quarter of a second before it."""
        loudness = _loudness(self.sound)
        loud = loudness > loudness.max() * 10 ** (WORD_DB / 20)
        runs = np.convolve(loud, np.ones(WORD_FRAMES), "valid")
        return int(np.argmax(runs == WORD_FRAMES)) * FRAME

    def paused(self, pause_s: float = PAUSE_S) -> "Spoken":
        """The same with a silence inside the sentence."""
        at = round(PAUSES_S[self.name] * PULSE_HZ)
        ramp = np.linspace(0, 1, FADE, dtype=np.float32)
        first, second = self.sound[:at].copy(), self.sound[at:].copy()
        first[-FADE:] *= ramp[::-1]
        second[:FADE] *= ramp
        return replace(self, sound=np.concatenate([first, np.zeros(round(pause_s * PULSE_HZ), np.float32), second]))


def questions() -> Sequence[Spoken]:
    """The sample questions."""
    folder = Path(str(importlib.resources.files("parley_assets"))) / "questions"
    return [Spoken(path.stem, speech_of(read_question(path, PULSE_HZ).samples)) for path in sorted(folder.glob("*.wav"))]


def speech_of(samples: Samples) -> Samples:
    """What is speech of a recording at 48 kHz."""
    loudness = _loudness(samples)
    speech = np.flatnonzero(loudness > loudness.max() * 10 ** (SPEECH_DB / 20))
    return samples[speech[0] * FRAME : (speech[-1] + 1) * FRAME]


def _loudness(samples: Samples) -> Samples:
    frames = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME)
    loudness: Samples = np.sqrt(np.mean(frames**2, axis=1))
    return loudness
