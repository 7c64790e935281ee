"""How a voice is to perform an answer: pace, melody, loudness, colour and breath, as numbers that a vocoder understands.

Rate and pitch come from their sliders; a style that a bundle's voice performs itself adds its own (`style.Level.prosody`).
"""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

SLOWEST, FASTEST = 0.5, 2.0
FURTHEST_SEMITONES = 12.0


@dataclass(frozen=True, slots=True)
class Prosody:
    """Against the voice's own way of speaking, which is all of the defaults."""

    rate: Annotated[float, Field(gt=0)] = 1.0
    """2.0 is twice as fast."""

    pitch: float = 0.0
    """Semitones."""

    span: Annotated[float, Field(ge=0)] = 1.0
    """How many times as wide the melody is, in semitones about the voice's middle."""

    climb: float = 0.0
    """Semitones by which the melody climbs within every phrase, or falls."""

    tremor: float = 0.0
    """Semitones up and down, several times a second."""

    level_db: float = 0.0
    tilt_db: float = 0.0
    """dB an octave: above 0 is bright and pressed, below is dull and lax."""

    whispered: bool = False
    """Without any voice; the melody says nothing then."""

    @property
    def melody(self) -> bool:
        """Whether the melody is to be another one than the voice's own."""
        return bool(self.pitch or self.span != 1.0 or self.climb or self.tremor)

    def __add__(self, other: "Prosody") -> "Prosody":
        """Both at once; no faster, slower, higher or lower than any voice goes."""
        return Prosody(
            rate=min(max(self.rate * other.rate, SLOWEST), FASTEST),
            pitch=min(max(self.pitch + other.pitch, -FURTHEST_SEMITONES), FURTHEST_SEMITONES),
            span=self.span * other.span,
            climb=self.climb + other.climb,
            tremor=max(self.tremor, other.tremor),
            level_db=self.level_db + other.level_db,
            tilt_db=self.tilt_db + other.tilt_db,
            whispered=self.whispered or other.whispered,
        )

    def as_strong_as(self, strength: float) -> "Prosody":
        """So much of it: 0 is the voice's own way of speaking, 1 all of it."""
        return Prosody(
            rate=self.rate**strength,
            pitch=self.pitch * strength,
            span=self.span**strength,
            climb=self.climb * strength,
            tremor=self.tremor * strength,
            level_db=self.level_db * strength,
            tilt_db=self.tilt_db * strength,
            whispered=self.whispered and strength > 0,
        )


PLAIN = Prosody()
