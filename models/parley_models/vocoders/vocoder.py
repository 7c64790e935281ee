"""What every vocoder promises, however it is made."""

from typing import Protocol

from parley_models.errors import UsageError
from parley_models.pcm import AudioChunk
from parley_models.tokens import SpeechTokens

SLOWEST, FASTEST = 0.5, 2.0
FURTHEST_SEMITONES = 12.0


class VocoderStream(Protocol):
    """One answer on its way from codes to sound. Any one thread at a time; a finished stream is over."""

    def feed(self, groups: SpeechTokens) -> list[AudioChunk]:
        """Take the next groups, any number; returns the sound that is ready, possibly none. Chunks abut.

        Raises:
            EngineError: a model failed.
        """
        ...

    def finish(self) -> list[AudioChunk]:
        """No more groups come: the sound that is left. The whole answer then has exactly `Vocoder.samples(groups, rate)` samples."""
        ...


class Vocoder(Protocol):
    """A bundle's voice. How the groups are split among `feed`s changes nothing in the sound but where chunks end."""

    @property
    def rate_hz(self) -> int:
        """Of the sound."""
        ...

    @property
    def voices(self) -> tuple[str, ...]:
        """Names that `stream` takes, sorted."""
        ...

    def samples(self, groups: int, rate: float) -> int:
        """The exact length of an answer: groups · 0.12 s / rate, rounded to a whole mel frame."""
        ...

    def stream(self, voice: str, rate: float = 1.0, pitch_semitones: float = 0.0, seed: int = 0) -> VocoderStream:
        """Begin an answer in a named voice, `rate` times as fast and so many semitones higher; the same seed gives the same sound.

        Raises:
            BundleMissing: no such voice.
            UsageError: rate outside 0.5 … 2, pitch outside ±12, or pitch asked of codes that hold none.
        """
        ...


def check_manner(rate: float, pitch_semitones: float) -> None:
    """Refuse what no vocoder does.

    Raises:
        UsageError: rate outside 0.5 … 2, or pitch outside ±12.
    """
    if not SLOWEST <= rate <= FASTEST:
        raise UsageError(f"The rate is {rate:g}; it can be {SLOWEST:g} to {FASTEST:g}.")
    if not -FURTHEST_SEMITONES <= pitch_semitones <= FURTHEST_SEMITONES:
        raise UsageError(f"The pitch is {pitch_semitones:g} semitones; it can be {-FURTHEST_SEMITONES:g} to {FURTHEST_SEMITONES:g}.")
