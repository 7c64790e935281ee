"""The voice that answers: flite's `slt` (a woman recorded for CMU ARCTIC), trimmed, level and, for the vocoder's sake, shifted in pitch."""

import numpy as np
import soxr

from parley_models.pcm import Samples
from parley_training.corpus.phones import SILENCE
from parley_training.corpus.speech import RATE_HZ, Speaker, say

TEACHER = Speaker("flite", "slt")
ANSWER_RATE_HZ = 24_000
LEAD_S, TAIL_S = 0.04, 0.16
"""Silence kept before and after: what is kept before is heard as latency."""


def speak(text: str) -> Samples:
    """One answer at 24 kHz, trimmed, RMS of its voiced middle at -20 dBFS."""
    utterance = say(text, TEACHER)
    spoken = [start for start, phone in utterance.phones if phone != SILENCE]
    after = [start for start, phone in utterance.phones if phone == SILENCE and start > spoken[-1]]
    begin = max(0, round((spoken[0] - LEAD_S) * RATE_HZ))
    end = round((after[0] + TAIL_S) * RATE_HZ) if after else len(utterance.samples)
    samples = utterance.samples[begin:end]
    samples = np.pad(samples, (0, max(0, end - begin - len(samples))))
    level = float(np.sqrt(np.mean(np.sort(samples**2)[len(samples) // 2 :]))) + 1e-6
    return np.clip(soxr.resample(samples * (0.14 / level), RATE_HZ, ANSWER_RATE_HZ), -0.99, 0.99).astype(np.float32)


def shifted(samples: Samples, semitones: float) -> Samples:
    """The same speech at another pitch and the same formants (WORLD: Morise et al. 2016)."""
    import pyworld  # only who shifts needs it, and it warns while it is imported

    sound = samples.astype(np.float64)
    f0, times = pyworld.dio(sound, ANSWER_RATE_HZ, f0_floor=60, f0_ceil=520)
    f0 = pyworld.stonemask(sound, f0, times, ANSWER_RATE_HZ)
    envelope = pyworld.cheaptrick(sound, f0, times, ANSWER_RATE_HZ)
    aperiodicity = pyworld.d4c(sound, f0, times, ANSWER_RATE_HZ)
    out = pyworld.synthesize(f0 * 2 ** (semitones / 12), envelope, aperiodicity, ANSWER_RATE_HZ)[: len(samples)]
    return np.clip(np.pad(out, (0, len(samples) - len(out))), -0.99, 0.99).astype(np.float32)
