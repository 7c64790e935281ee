"""The sound card as the conversation sees it: `parley.audio.desk.AudioDesk`, or the tests' simulated one."""

from collections.abc import Callable
from typing import Protocol

from parley.audio.events import AudioEvent
from parley_models.pcm import AudioChunk


class Desk(Protocol):
    """See `AudioDesk` for the promises. `turn` is the number of one playing, never used again."""

    def start(self) -> None:
        """Open the speaker."""

    def close(self) -> None:
        """Close everything; returns when the thread has ended."""

    def open_microphone(self) -> None:
        """Listen."""

    def close_microphone(self) -> None:
        """Stop listening."""

    def play(self, turn: int, chunk: AudioChunk) -> bool:
        """Queue sound."""

    def finish(self, turn: int) -> None:
        """Nothing more comes of it."""

    def stop(self, turn: int) -> float:
        """Silence it; seconds that were heard."""

    def played_s(self, turn: int) -> float:
        """Seconds heard so far."""

    @property
    def hears_itself(self) -> bool:
        """Whether what the microphone heard of late was the speaker's echo."""

    def unduck(self) -> None:
        """Back to full loudness."""


MakeDesk = Callable[[Callable[[AudioEvent], None]], Desk]
"""Makes the desk that tells its events to the given function."""
