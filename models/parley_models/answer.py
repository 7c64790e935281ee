"""What comes out of a question while it is being answered."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from parley_models.calls import ToolCall
from parley_models.conversation import Turn
from parley_models.pcm import AudioChunk
from parley_models.style import Style


@dataclass(frozen=True, slots=True)
class TextPiece:
    """More of the answer's text."""

    text: str
    segment: int
    """Which stretch of the answer it belongs to, from 0."""

    style: Style = Style()
    """How that stretch is spoken."""


@dataclass(frozen=True, slots=True)
class SoundPiece:
    """More of the answer's sound; pieces abut."""

    sound: AudioChunk


@dataclass(frozen=True, slots=True)
class CallPiece:
    """The answer asks for a tool."""

    call: ToolCall


@dataclass(frozen=True, slots=True)
class SpokenSegment:
    """A stretch of an answer in one style."""

    text: str
    style: Style


@dataclass(frozen=True, slots=True)
class Timing:
    """How fast an answer came."""

    first_audio_ms: float | None
    """From the question's end to the first sound; None if there was none."""

    total_ms: float
    """From the question's end to the end of the work."""

    real_time_factor: float | None
    """Work per second of answer; None without sound."""

    heard_ms: float = 0.0
    """Until the whole question was in the model's context."""

    thought_ms: float | None = None
    """Until the first ids to be made sound of were there; None if there were none."""


@dataclass(frozen=True, slots=True)
class TokenCounts:
    """How many ids went in and came out."""

    heard: int
    text: int
    linguistic: int
    semantic: int


@dataclass(frozen=True, slots=True)
class Answered:
    """The end of an answer, and what is to be remembered of it."""

    question: Turn
    answer: Turn
    segments: tuple[SpokenSegment, ...]
    counts: TokenCounts
    timing: Timing


AnswerEvent = TextPiece | SoundPiece | CallPiece | Answered


def joined(pieces: Sequence[AudioChunk], rate_hz: int) -> AudioChunk:
    """Abutting pieces as one; nothing becomes no sound at `rate_hz`."""
    samples = np.concatenate([piece.samples for piece in pieces]) if pieces else np.zeros(0, np.float32)
    return AudioChunk(samples.astype(np.float32, copy=False), rate_hz)
