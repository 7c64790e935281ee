"""What every vocoder promises, however it is made."""

from typing import Protocol

from parley_models.errors import UsageError
from parley_models.pcm import AudioChunk
from parley_models.prosody import FASTEST, FURTHEST_SEMITONES, PLAIN, SLOWEST, Prosody
from parley_models.tokens import SpeechTokens
from parley_models.vocoders.config import VoiceConfig


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

    def stream(self, voice: str, prosody: Prosody = PLAIN, seed: int = 0) -> VocoderStream:
        """Begin an answer in a named voice; the same seed gives the same sound.

        Raises:
            BundleMissing: no such voice.
            BundleCorrupt: the voice's file is not what it should be.
            UsageError: rate outside 0.5 … 2, pitch outside ±12, another melody asked of codes that hold none, or a whisper of a voice that
                has none.
        """
        ...


def check_prosody(prosody: Prosody, config: VoiceConfig, *, can_whisper: bool = False) -> None:
    """Refuse what a vocoder does not do.

    Raises:
        UsageError: rate outside 0.5 … 2, pitch outside ±12, another melody asked of codes that hold none, or a whisper.
    """
    rate, pitch = prosody.rate, prosody.pitch
    if not SLOWEST <= rate <= FASTEST:
        raise UsageError(f"The rate is {rate:g}; it can be {SLOWEST:g} to {FASTEST:g}.")
    if not -FURTHEST_SEMITONES <= pitch <= FURTHEST_SEMITONES:
        raise UsageError(f"The pitch is {pitch:g} semitones; it can be {-FURTHEST_SEMITONES:g} to {FURTHEST_SEMITONES:g}.")
    if prosody.melody and not config.pitch_details:
        raise UsageError("This voice's codes hold no pitch that could be shifted.")
    if prosody.whispered and not can_whisper:
        raise UsageError("This voice can't whisper.")
