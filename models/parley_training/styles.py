"""The styles that Mini can be asked for, how its voice performs them, and the labels by which it names them itself.

No style reaches the prompt: the voice performs emotions and manners as it does rate and pitch (DESIGN §3 has the first two in the model's
sound ids; docs/architecture/mini.md says why not here). The amounts follow `corpus.renditions`, which is how the teacher does it with
WORLD, and were moved until `vocoder.styles` heard each style in nearly every answer.
"""

from parley_models.prosody import Prosody
from parley_models.style import Control, Level, Style
from parley_training.corpus.wide.chinese import DIALECT_SYSTEMS, DIALECTS
from parley_training.corpus.wide.styles import STYLES

LANGUAGES = {"en": "en", "cmn": "zh", "yue": "yue"}
"""What bundles and characters call the languages of the corpus."""

EMOTIONS = {
    "happy": Prosody(rate=1.14, pitch=3.0, span=2.4, level_db=2.0, tilt_db=1.0),
    "sad": Prosody(rate=0.76, pitch=-2.5, span=0.45, level_db=-5.0, tilt_db=-2.0),
    "angry": Prosody(rate=1.15, pitch=0.5, span=1.6, climb=-1.5, level_db=4.5, tilt_db=2.5),
    "surprised": Prosody(rate=0.96, pitch=5.0, span=2.4, climb=7.0, level_db=1.5, tilt_db=0.5),
    "fearful": Prosody(rate=1.25, pitch=4.5, span=0.7, level_db=-3.0, tilt_db=-1.0, tremor=0.9),
    "calm": Prosody(rate=0.86, pitch=-1.2, span=0.7, level_db=-2.5, tilt_db=-1.5),
}
MANNERS = {
    "loud": Prosody(rate=0.97, pitch=1.0, span=1.2, level_db=6.0, tilt_db=1.5),
    "soft": Prosody(pitch=-0.5, span=0.9, level_db=-7.0, tilt_db=-1.5),
    "whisper": Prosody(rate=0.95, level_db=4.0, whispered=True),
}

LABELS: dict[str, Style] = {name: named.style for name, named in STYLES.items()}
"""What stands before the words of an answer, and the style it names."""

NEUTRAL = Level("neutral")
"""Plain speech, also where the model would choose an emotion."""


def performed(*, chooses: bool) -> tuple[Control, ...]:
    """The rows of the control table that the voice performs; `chooses`: the model labels its answers."""
    emotions = tuple(Level(name, prosody=prosody) for name, prosody in EMOTIONS.items())
    return (
        Control("emotion", "discrete", (NEUTRAL, *emotions) if chooses else emotions),
        Control("intensity", "continuous", minimum=0.0, maximum=1.0, default=1.0),
        Control("manner", "discrete", tuple(Level(name, prosody=prosody) for name, prosody in MANNERS.items())),
    )


DIALECT = Control(
    "dialect",
    "discrete",
    tuple(Level(name, instruction) for name, instruction in DIALECT_SYSTEMS.items()),
    languages=tuple(LANGUAGES[language] for language in DIALECTS),
)
"""Which Chinese is spoken: that is in the words, so the prompt asks for it."""
