"""The voices that answer, in every style: trimmed, level, and the second one on the first one's time.

The first is flite's `slt`, a woman recorded for CMU ARCTIC; the second flite's `rms`, a man recorded for the same: of the freely licensed
human-derived voices that installer/run.py can install and that may be trained on, none is further from the first (docs: RESULTS.md beside
this file). Both come under Carnegie Mellon's permission in NOTICE.

The second voice says what the first one says, phone by phone at the same time and with the same melody, `SECOND_BELOW` lower. So an
answer's codes, with that many F0 levels taken off, are the codes of both, and whoever learns to speak codes learns to speak them in either.

Chinese is spoken by espeak-ng, moved to the first voice's pitch: nothing better is free. It is the first voice's only.
"""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import soxr

from parley_models.pcm import Samples
from parley_models.style import Style
from parley_training.corpus.phones import SILENCE
from parley_training.corpus.prosody import FRAME_S, PLAIN, Anatomy, Prosody, levelled, put_together, taken_apart
from parley_training.corpus.renditions import rendition
from parley_training.corpus.speech import RATE_HZ, Speaker, Utterance, say

VOICES = {"slt": Speaker("flite", "slt"), "rms": Speaker("flite", "rms")}
FIRST, SECOND = VOICES
CHINESE_VOICES = {
    "mandarin": Speaker("espeak", "sit/cmn-Latn-pinyin+f2", tempo=0.95),
    "cantonese": Speaker("espeak", "sit/yue-Latn-jyutping+f2", tempo=0.95),
}
"""By dialect, as `Style` names it."""

ANSWER_RATE_HZ = 24_000
LEAD_S, TAIL_S = 0.04, 0.16
"""Silence kept before and after: what is kept before is heard as latency."""

RMS = 0.14
"""Of the louder half, spoken plainly."""

FIRST_HZ = 170.0
"""The first voice's median fundamental."""

SECOND_BELOW = 9.0
"""Semitones from the first voice's median to the second one's (170 and 103 Hz are 8.7), in whole levels of the semantic code book."""


def speak(text: str, style: Style = Style(), voice: str = FIRST) -> Samples:
    """One answer at 24 kHz: the same length in either voice.

    Args:
        text: English; or pinyin or jyutping, where the style's dialect says so.
        style: how; its `voice` says nothing here.
        voice: a row of `VOICES`.

    Raises:
        ValueError: the voice can't say that: nothing sounds, or the second voice was asked for another language than English.
    """
    how = rendition(style)
    chinese = CHINESE_VOICES.get(style.dialect or "")
    if chinese and voice != FIRST:
        raise ValueError(f"The voice {voice} speaks English only.")
    speaker = chinese or VOICES[FIRST]
    utterance = say(text, replace(speaker, tempo=speaker.tempo * how.tempo))
    samples = utterance.samples
    if voice != FIRST:
        other = say(text, replace(VOICES[voice], tempo=how.tempo))
        samples = put_together(_twin(utterance, other), how.prosody)
    elif chinese:
        anatomy = taken_apart(samples, RATE_HZ)
        samples = put_together(anatomy, replace(how.prosody, pitch=how.prosody.pitch + _up_to(anatomy, FIRST_HZ)))
    elif how.prosody != PLAIN:
        samples = put_together(taken_apart(samples, RATE_HZ), how.prosody)
    level = RMS * 10 ** (how.prosody.level_db / 20)
    return _at_answer_rate(levelled(_trimmed(samples, utterance), level))


def shifted(samples: Samples, semitones: float) -> Samples:
    """The same speech, at 24 kHz, at another pitch and with the same formants."""
    sound = put_together(taken_apart(samples, ANSWER_RATE_HZ), Prosody(pitch=semitones))
    return np.clip(sound, -0.99, 0.99).astype(np.float32)


def _trimmed(samples: Samples, utterance: Utterance) -> Samples:
    spoken = [start for start, phone in utterance.phones if phone != SILENCE]
    if not spoken:
        raise ValueError("There is no speech in the answer.")
    after = [start for start, phone in utterance.phones if phone == SILENCE and start > spoken[-1]]
    begin = max(0, round((spoken[0] - LEAD_S) * RATE_HZ))
    end = round((after[0] + TAIL_S) * RATE_HZ) if after else len(samples)
    return np.pad(samples[begin:end], (0, max(0, end - max(begin, len(samples)))))


def _at_answer_rate(samples: Samples) -> Samples:
    return np.clip(soxr.resample(samples, RATE_HZ, ANSWER_RATE_HZ), -0.99, 0.99).astype(np.float32)


def _up_to(anatomy: Anatomy, median_hz: float) -> float:
    """Semitones from the speech's median fundamental to this one."""
    voiced = anatomy.f0[anatomy.f0 > 0]
    return float(12 * np.log2(median_hz / np.median(voiced))) if len(voiced) else 0.0


def _twin(first: Utterance, other: Utterance) -> Anatomy:
    """The other's speech on the first one's time, with the first one's melody, `SECOND_BELOW` lower."""
    melody, colour = taken_apart(first.samples, RATE_HZ), taken_apart(other.samples, RATE_HZ)
    frames = np.arange(len(melody.f0)) * FRAME_S
    at = np.interp(frames, *_same_moments(first, other)) / FRAME_S
    rows = np.clip(np.round(at).astype(int), 0, len(colour.f0) - 1)
    voiced = melody.f0 > 0
    # where only the first one is voiced, the other's frame is all noise: the first one's own share of noise stands in
    lent = voiced & (colour.f0[rows] == 0)
    aperiodicity = np.where(lent[:, None], melody.aperiodicity, colour.aperiodicity[rows])
    return Anatomy(melody.f0 * 2 ** (-SECOND_BELOW / 12), colour.envelope[rows], aperiodicity, RATE_HZ, len(first.samples))


def _same_moments(first: Utterance, other: Utterance) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Moments of the first one's time, in order, and those of the other's at which the same phones begin.

    Raises:
        ValueError: they don't say the same phones.
    """
    ours, theirs = (_without_pauses(each) for each in (first, other))
    if [phone for _, phone in ours] != [phone for _, phone in theirs]:
        raise ValueError("The voices say different phones.")
    ends = (len(first.samples) / RATE_HZ, len(other.samples) / RATE_HZ)
    moments = [(0.0, 0.0), *((a, b) for (a, _), (b, _) in zip(ours, theirs, strict=True) if a > 0 and b > 0), ends]
    here, there = (np.array(column) for column in zip(*moments, strict=True))
    return here, np.maximum.accumulate(there)


def _without_pauses(utterance: Utterance) -> list[tuple[float, str]]:
    return [(start, phone) for start, phone in utterance.phones if phone != SILENCE]
