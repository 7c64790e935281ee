"""People's recordings of single words: what a bundle makes of them, on speakers that nobody learned from.

A folder of sets, as `parley_training.human` reads it: `SET/transcripts.tsv` (file, speaker, language, text) beside the recordings, and
`digits/D_NAME_K.wav`. Of the sets only bare words are asked: those that Mini is told in its curriculum.
"""

from __future__ import annotations

import csv
import random
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import soundfile
import soxr

from parley_models.answer import Answered
from parley_models.errors import InputError
from parley_models.evaluation.questions import normalize
from parley_models.pcm import AudioChunk, Samples

if TYPE_CHECKING:
    from parley_models.assistant import Assistant

RATE_HZ = 16_000
HELD_OUT_TENTHS = 1
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
HELD_OUT_DIGITS = "jackson"
"""One of the digits' three speakers: a hash of names would leave it to chance."""

WORD_SETS = ("digits", "speech_commands")
PAUSE_S = 0.4
"""Quiet around a recording: they are cut close, and who speaks to Parley is quiet before and after."""

DITHER = 3e-4
"""Amplitude of the noise in that quiet, -70 dBFS: no room is digitally silent."""


@dataclass(frozen=True, slots=True)
class Recording:
    """One person saying a known text."""

    path: Path
    collection: str
    speaker: str
    text: str

    @property
    def held_out(self) -> bool:
        """Whether this speaker is kept for measuring."""
        if self.collection == "digits":
            return self.speaker == HELD_OUT_DIGITS
        return zlib.crc32(self.speaker.encode()) % 10 < HELD_OUT_TENTHS

    @property
    def words(self) -> list[str]:
        """What is said, word by word."""
        return re.findall(r"[a-z']+", self.text.lower())

    def samples(self) -> Samples:
        """The sound at 16 kHz, peak at -6 dBFS."""
        sound, rate_hz = soundfile.read(self.path, dtype="float32")
        mono = soxr.resample(sound, rate_hz, RATE_HZ).astype(np.float32)
        level: Samples = mono * np.float32(0.5 / max(float(np.abs(mono).max(initial=0.0)), 1e-4))
        return level

    def question(self) -> AudioChunk:
        """The sound as a question: with quiet around it, the same each time."""
        samples = np.pad(self.samples(), round(PAUSE_S * RATE_HZ))
        noise = np.random.default_rng(zlib.crc32(self.path.name.encode())).normal(0, DITHER, len(samples))
        return AudioChunk((samples + noise).astype(np.float32), RATE_HZ)


def recordings(folder: Path) -> Iterator[Recording]:
    """Every English recording whose text is known."""
    for table in sorted(folder.glob("*/transcripts.tsv")):
        with table.open(encoding="utf-8") as file:
            for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
                if row["language"] == "en" and row["text"].strip():
                    yield Recording(table.parent / row["file"], table.parent.name, row["speaker"], row["text"])
    for path in sorted((folder / "digits").glob("*.wav")):
        digit, speaker, _ = path.stem.split("_")
        yield Recording(path, "digits", speaker, DIGITS[int(digit)])


def left_out(folder: Path, count: int | None) -> list[Recording]:
    """Single words by people whom nobody learned from: at most `count` of each set, the same each time.

    Raises:
        InputError: there are none in this folder.
    """
    chosen: list[Recording] = []
    for name in WORD_SETS:
        said = [each for each in recordings(folder) if each.collection == name and each.held_out and len(each.words) == 1]
        random.Random(0).shuffle(said)
        chosen += said[:count]
    if not chosen:
        raise InputError(f"{folder} has no recordings of people saying single words: it needs {' or '.join(WORD_SETS)}.")
    return chosen


@dataclass(frozen=True, slots=True)
class PersonMark:
    """What became of one recording."""

    collection: str
    wanted: str
    heard: str | None
    """What the model wrote along; None where it does not."""

    answer: str
    """What it answered."""

    @property
    def heard_right(self) -> bool:
        """That very word, and no other."""
        return self.heard is not None and normalize(self.heard) == normalize(self.wanted)

    @property
    def answered_right(self) -> bool:
        """The answer says the word, and of the words that may be said no other."""
        return says(self.wanted, self.answer)


def ask(assistant: Assistant, recording: Recording) -> PersonMark:
    """Put one recording to a bundle."""
    *_, last = assistant.ask(recording.question(), seed=0)
    assert isinstance(last, Answered)
    heard = last.question.text if assistant.bundle.manifest.chat.writes_along_groups else None
    return PersonMark(recording.collection, recording.words[0], heard, last.answer.text)


OTHERS = frozenset((*DIGITS, *"yes no up down left right on off stop go backward forward follow learn visual".split()))


def says(wanted: str, answer: str) -> bool:
    """Whether an answer names this word and no other that could have been said; what is declined names none."""
    said = normalize(answer).split()
    named: Sequence[str] = [word for word in said if word in OTHERS | {normalize(wanted)}]
    return set(named) == {normalize(wanted)} and len(said) <= len(normalize(wanted).split()) + 4
