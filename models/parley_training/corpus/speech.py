"""Speech from the synthesizers, with the time of every phone.

Engines: espeak-ng in this process, flite and festival as programs; each says where every phone begins.
"""

import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import soundfile
import soxr

from parley_models.pcm import AudioChunk, Samples
from parley_training.corpus.espeak import Espeak
from parley_training.corpus.festival import festival
from parley_training.corpus.phones import NUMBER, SILENCE, SYLLABLE_ENDS, from_chinese, from_espeak, label
from parley_training.corpus.world import respelled

RATE_HZ = 16_000
SLOT_S = 0.02
"""Phone labels come on this grid."""

CHINESE = "sit/"
"""Espeak-ng's voices whose texts are pinyin (`sit/cmn-Latn-pinyin`) or jyutping (`sit/yue-Latn-jyutping`)."""


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who speaks, and how."""

    engine: str
    """A row of `ENGINES`."""

    voice: str
    tempo: float = 1.0
    """2.0 speaks twice as fast."""

    pitch: int = 50
    """espeak-ng's pitch, 0-99, and Festival's foreign voices'; the others have none."""

    pitch_range: int = 50
    size: float = 1.0
    """Vocal tract: 1.2 plays everything 1.2 times as high (pitch and formants), at unchanged tempo."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """Speech and its phones."""

    samples: Samples
    """float32 (n,) at 16 kHz."""

    phones: list[tuple[float, str]]
    """(start in seconds, ARPABET phone), in order."""

    syllables: list[float] = field(default_factory=list)
    """Where each syllable ends, in seconds: of pinyin and jyutping only, whose characters are one syllable each."""

    def labels(self) -> "np.typing.NDArray[np.uint8]":
        """The phone in the middle of every 20 ms slot, as `phones.label` numbers it; (ceil(seconds / 0.02),)."""
        slots = int(np.ceil(len(self.samples) / RATE_HZ / SLOT_S))
        if not self.phones:
            return np.zeros(slots, np.uint8)
        starts = np.array([start for start, _ in self.phones])
        numbers = np.array([NUMBER[SILENCE]] + [label(phone) for _, phone in self.phones], np.uint8)
        middles = (np.arange(slots) + 0.5) * SLOT_S
        return numbers[np.searchsorted(starts, middles, side="right")]


@dataclass(frozen=True, slots=True)
class Said:
    """What an engine gives, in its own time: `size` has not been played yet."""

    sound: AudioChunk
    phones: list[tuple[float, str]]
    syllables: list[float] = field(default_factory=list)


@cache
def _espeak() -> Espeak:
    return Espeak()


def _say_espeak(text: str, speaker: Speaker) -> Said:
    tempo = speaker.tempo / speaker.size
    sound = _espeak().say(
        text,
        speaker.voice,
        words_per_minute=int(np.clip(175 * tempo, 80, 400)),
        pitch=speaker.pitch,
        pitch_range=speaker.pitch_range,
    )
    chinese = speaker.voice[len(CHINESE) :][:3] if speaker.voice.startswith(CHINESE) else ""
    rhotic = "US" in speaker.voice or "scotland" in speaker.voice
    phones: list[tuple[float, str]] = []
    marks = [*sound.phones, (len(sound.samples) / sound.rate_hz, "_")]
    for (start, mnemonic), (end, _) in pairwise(marks):
        parts = from_chinese(mnemonic, chinese) if chinese else from_espeak(mnemonic, rhotic=rhotic)
        for number, phone in enumerate(parts or ()):
            phones.append((start + 0.6 * number * (end - start), phone))
    syllables = [start for start, mnemonic in sound.phones if mnemonic == SYLLABLE_ENDS] if chinese else []
    return Said(AudioChunk(sound.samples.astype(np.float32) / np.float32(32768), sound.rate_hz), phones, syllables)


def _say_flite(text: str, speaker: Speaker) -> Said:
    stretch = speaker.size / speaker.tempo
    with tempfile.NamedTemporaryFile(suffix=".wav", dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as file:
        command = [
            "flite",
            "-voice",
            speaker.voice,
            "--setf",
            f"duration_stretch={stretch:.3f}",
            "-psdur",
            "-t",
            respelled(text),
            "-o",
            file.name,
        ]
        told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        samples, rate_hz = soundfile.read(file.name, dtype="float32")
    phones, start = [], 0.0
    for item in told.split():
        phone, _, end = item.rpartition(":")
        phones.append((start, phone if phone in NUMBER else SILENCE))
        start = float(end)
    return Said(AudioChunk(samples, rate_hz), phones)


def _say_festival(text: str, speaker: Speaker) -> Said:
    return Said(*festival().say(text, speaker.voice, speaker.size / speaker.tempo, speaker.pitch))


ENGINES: dict[str, Callable[[str, Speaker], Said]] = {
    "espeak": _say_espeak,
    "flite": _say_flite,
    "festival": _say_festival,
}


def say(text: str, speaker: Speaker) -> Utterance:
    """Speak `text` at 16 kHz, peak at -6 dBFS. ValueError or CalledProcessError if the synthesizer has no such voice."""
    said = ENGINES[speaker.engine](text, speaker)
    # Played `size` times as fast, speech is that much higher; the engines were told to speak that much slower.
    samples = soxr.resample(said.sound.samples, said.sound.rate_hz * speaker.size, RATE_HZ).astype(np.float32)
    peak = max(float(np.abs(samples).max(initial=0.0)), 1e-4)
    phones = [(start / speaker.size, phone) for start, phone in said.phones]
    return Utterance(samples / peak * 0.5, phones, [end / speaker.size for end in said.syllables])


def padded(utterance: Utterance, before_s: float, after_s: float) -> Utterance:
    """The same utterance with silence around it."""
    samples = np.pad(utterance.samples, (round(before_s * RATE_HZ), round(after_s * RATE_HZ)))
    end_s = before_s + len(utterance.samples) / RATE_HZ
    phones = [(start + before_s, phone) for start, phone in utterance.phones] + [(end_s, SILENCE)]
    return replace(utterance, samples=samples, phones=phones, syllables=[end + before_s for end in utterance.syllables])
