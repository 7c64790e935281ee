"""How a question sounds: a speaker who can ask it as its answer demands, and a microphone that keeps what matters of it.

"Is my voice high or low?" has two answers, and the voice decides. What no answer depends on is left to chance, moods included: ears
that never heard an angry question would take anger for noise.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from parley_models.pcm import Samples
from parley_training.corpus import augment
from parley_training.corpus.exchange import Tone
from parley_training.corpus.prosody import PLAIN, Prosody, put_together, taken_apart
from parley_training.corpus.renditions import EMOTIONS, MANNERS, Rendition, stronger
from parley_training.corpus.speech import RATE_HZ, Speaker, Utterance, say

ANYHOW = Tone()
HIGH_HZ, LOW_HZ = (240.0, 330.0), (82.0, 112.0)
"""Median fundamentals of voices that everybody would call high or low."""

FAST, SLOW = (1.45, 1.8), (0.5, 0.66)
USUAL = (0.95, 1.1)
LOUD_PEAK_DB, QUIET_PEAK_DB = (-5.0, -0.5), (-36.0, -24.0)
"""Against full scale; others may come at anything between."""

SPIRITED_SHARE = 0.08
"""Questions that are asked in a mood or a manner for no reason at all."""

STRENGTH = (0.8, 1.3)
"""How strongly people show what they feel, against the answering voices."""

WHISPERERS = "+whisper"
"""espeak-ng's own way to whisper."""

CHINESE_VOICES = {"cmn": "sit/cmn-Latn-pinyin", "yue": "sit/yue-Latn-jyutping"}


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it sounds before any microphone."""

    utterance: Utterance
    speaker: Speaker
    tone: Tone
    peak_db: float | None
    """How loud it is to be, against full scale; None = however it comes."""


def ask(text: str, tone: Tone | None, draw: Callable[[random.Random], Speaker], rng: random.Random, language: str = "en") -> Asked:
    """Have a question asked.

    Args:
        text: as a synthesizer is given it.
        tone: how it must sound; None = any way, and now and then in a mood.
        draw: draws a speaker.
        rng: decides the rest.
        language: `en`, `cmn` (pinyin) or `yue` (jyutping).
    """
    wanted = tone or (_any_tone(rng) if rng.random() < SPIRITED_SHARE and language == "en" else ANYHOW)
    speaker = _fitting(_drawn(wanted, draw, rng), wanted, rng)
    if language in CHINESE_VOICES:
        variant = (
            speaker.voice.rpartition("+")[2]
            if speaker.engine == "espeak" and "+" in speaker.voice
            else rng.choice(("f2", "f4", "m3", "m7"))
        )
        speaker = replace(speaker, engine="espeak", voice=f"{CHINESE_VOICES[language]}+{variant}", tempo=min(speaker.tempo, 1.2))
    how = _rendition(wanted, rng)
    utterance = say(text, replace(speaker, tempo=speaker.tempo * how.tempo if wanted.pace is None else speaker.tempo))
    utterance = replace(utterance, samples=_toned(utterance.samples, wanted, how, rng))
    peaks = {"loud": LOUD_PEAK_DB, "quiet": QUIET_PEAK_DB, None: None}[wanted.loudness]
    return Asked(utterance, speaker, wanted, rng.uniform(*peaks) if peaks else None)


def heard(asked: Asked, samples: Samples, rng: np.random.Generator, *, test: bool) -> Samples:
    """What a microphone makes of the question (n,), silence around it included; in tests one with 20 dB of noise and nothing else."""
    if not test:
        return augment.heard(samples, rng, peak_db=asked.peak_db)
    if asked.peak_db is not None:
        samples = augment.at_peak(samples, asked.peak_db)
    return augment.noise(samples, rng, 20.0)


def _any_tone(rng: random.Random) -> Tone:
    return rng.choice((Tone(mood="happy"), Tone(mood="sad"), Tone(mood="angry"), Tone(whispered=True)))


def _drawn(tone: Tone, draw: Callable[[random.Random], Speaker], rng: random.Random) -> Speaker:
    """A speaker who does not whisper, unless that is wanted."""
    while WHISPERERS in (speaker := draw(rng)).voice and tone != ANYHOW and not tone.whispered:
        pass
    return speaker


def _fitting(speaker: Speaker, tone: Tone, rng: random.Random) -> Speaker:
    """The speaker at a pace that is wanted, and neither lively nor flat by nature where the mood is asked about."""
    if tone.pace is not None:
        return replace(speaker, tempo=rng.uniform(*(FAST if tone.pace == "fast" else SLOW)))
    if tone.mood is not None:
        return replace(speaker, tempo=rng.uniform(*USUAL), pitch_range=rng.randint(45, 60))
    return speaker


def _rendition(tone: Tone, rng: random.Random) -> Rendition:
    how = stronger(EMOTIONS[tone.mood or "neutral"], rng.uniform(*STRENGTH))
    effort = {"loud": MANNERS["loud"], "quiet": MANNERS["soft"], None: Rendition()}[tone.loudness]
    prosody = replace(
        how.prosody, tilt_db=how.prosody.tilt_db + effort.prosody.tilt_db, breath=max(how.prosody.breath, effort.prosody.breath)
    )
    return Rendition(how.tempo, replace(prosody, whispered=bool(tone.whispered)))


def _toned(samples: Samples, tone: Tone, how: Rendition, rng: random.Random) -> Samples:
    if how.prosody == PLAIN and tone.pitch is None:
        return samples
    anatomy = taken_apart(samples, RATE_HZ)
    prosody: Prosody = how.prosody
    voiced = anatomy.f0[anatomy.f0 > 0]
    if tone.pitch is not None and len(voiced):
        target = rng.uniform(*(HIGH_HZ if tone.pitch == "high" else LOW_HZ))
        factor = target / float(np.median(voiced))
        # who speaks so high is seldom tall: the vocal tract goes some of the way
        prosody = replace(prosody, pitch=float(12 * np.log2(factor)), size=float(np.clip(factor**0.25, 0.85, 1.2)))
    changed = put_together(anatomy, prosody)
    return augment.at_peak(changed, -6.0)
