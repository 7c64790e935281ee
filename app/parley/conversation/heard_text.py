"""About how much of an answer's text has been heard. The engine's own estimate replaces this one where there is one (`parley.text`)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from parley.conversation.waveform import FRAMES_PER_S, Peaks

LETTERS_PER_S = 14.0
"""Of speech at its usual pace, for an answer whose sound is not complete."""

_WORD = re.compile(r"\S+\s*|\s+")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


@dataclass(frozen=True, slots=True)
class Stretch:
    """Words of an answer that are spoken at one pace."""

    text: str
    pace: float = 1.0
    """How many times as fast as the voice's own way."""


def heard_characters(stretches: Sequence[Stretch], peaks: Peaks, heard_s: float, *, complete: bool) -> int:
    """How many characters of an answer had been said after `heard_s` of its sound; a cut lies between words.

    The words lie along the part of the sound that is not silence. While sound is still to come (`complete` is False) nobody knows how
    long it will be, and a usual pace is assumed, times that of each stretch.
    """
    sounding = peaks.sounding()
    frames = min(len(sounding), round(heard_s * FRAMES_PER_S))
    if complete and frames >= len(sounding):
        return sum(len(stretch.text) for stretch in stretches)
    heard, whole = float(sounding[:frames].sum()), float(sounding.sum())
    if complete:
        time = sum(_weight(stretch.text) / stretch.pace for stretch in stretches) * (heard / whole if whole else 1.0)
    else:
        time = heard / FRAMES_PER_S * LETTERS_PER_S
    return _cut(stretches, time)


def _weight(text: str) -> float:
    """About how long it takes to say, in letters."""
    return sum(4.0 if _CJK.match(letter) else 1.0 for letter in text if letter.isalnum())


def _cut(stretches: Sequence[Stretch], time: float) -> int:
    """Whole words until `time`, in letters at the voice's own pace, is used up; the word in which it ends counts if at least half of it
    was said.
    """
    said, at = 0.0, 0
    for piece, pace in ((piece, stretch.pace) for stretch in stretches for piece in _pieces(stretch.text)):
        size = _weight(piece) / pace
        if size and said + size / 2 > time:
            break
        said += size
        at += len(piece)
    return at


def _pieces(text: str) -> list[str]:
    pieces: list[str] = []
    for word in _WORD.findall(text):
        pieces += list(word) if _CJK.search(word) else [word]
    return pieces
