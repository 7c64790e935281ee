"""What each style is in sound: pace, melody, loudness, colour and breath.

The directions are those that studies of acted speech agree on (Scherer 2003; Juslin and Laukka 2003, table 7): joy is high, lively and
bright, sorrow low, flat, slow and dull, anger loud, bright and quick, fear high, quick and unsteady. The amounts are chosen so that a
measurement tells any two apart (tests/parley_training/corpus/test_renditions.py).

What can't be rendered, and so is in no control: a British or Sichuanese accent of the answering voices (no freely licensed human-derived
voice speaks them), rap, and singing (nobody has written tunes into the corpus yet; the melody itself could be set).
"""

from dataclasses import dataclass, replace

from parley_models.style import Style
from parley_training.corpus.prosody import PLAIN, Prosody


@dataclass(frozen=True, slots=True)
class Rendition:
    """How a style is spoken."""

    tempo: float = 1.0
    """2.0 speaks twice as fast; the synthesizer's own affair."""

    prosody: Prosody = PLAIN


EMOTIONS: dict[str, Rendition] = {
    "neutral": Rendition(),
    "happy": Rendition(1.12, Prosody(pitch=3.0, span=2.0, level_db=1.5, tilt_db=1.0)),
    "sad": Rendition(0.74, Prosody(pitch=-2.5, span=0.45, level_db=-5.0, tilt_db=-2.5, breath=0.3)),
    "angry": Rendition(1.15, Prosody(pitch=0.5, span=1.6, level_db=4.5, tilt_db=3.0, rise=-2.0)),
    "surprised": Rendition(0.96, Prosody(pitch=4.5, span=2.6, level_db=1.0, tilt_db=0.5, rise=7.0)),
    "fearful": Rendition(1.3, Prosody(pitch=4.5, span=0.7, level_db=-3.0, tilt_db=-1.0, breath=0.4, tremor=0.9)),
    "calm": Rendition(0.88, Prosody(pitch=-1.0, span=0.75, level_db=-2.5, tilt_db=-1.5)),
}
MANNERS: dict[str, Rendition] = {
    "loud": Rendition(0.97, Prosody(pitch=1.0, span=1.2, level_db=6.0, tilt_db=2.0)),
    "soft": Rendition(1.0, Prosody(pitch=-0.5, span=0.9, level_db=-8.0, tilt_db=-2.0, breath=0.3)),
    "whisper": Rendition(0.95, Prosody(level_db=-6.0, whispered=True)),
}


def rendition(style: Style) -> Rendition:
    """How a style is spoken; an emotion, a manner, a rate and a pitch add up.

    Raises:
        KeyError: nobody knows how this emotion or manner sounds.
    """
    found = EMOTIONS[style.emotion or "neutral"]
    manner = MANNERS[style.manner] if style.manner else Rendition()
    one, two = found.prosody, manner.prosody
    prosody = Prosody(
        pitch=one.pitch + two.pitch + style.pitch,
        span=one.span * two.span,
        level_db=one.level_db + two.level_db,
        tilt_db=one.tilt_db + two.tilt_db,
        breath=max(one.breath, two.breath),
        whispered=two.whispered,
        tremor=one.tremor,
        rise=one.rise,
    )
    return Rendition(found.tempo * manner.tempo * style.rate, prosody)


def stronger(how: Rendition, strength: float) -> Rendition:
    """The same, so much as strong; 0 is plain speech."""
    it = how.prosody
    prosody = replace(
        it,
        pitch=it.pitch * strength,
        span=it.span**strength,
        level_db=it.level_db * strength,
        tilt_db=it.tilt_db * strength,
        breath=min(1.0, it.breath * strength),
        tremor=it.tremor * strength,
        rise=it.rise * strength,
    )
    return Rendition(how.tempo**strength, prosody)
