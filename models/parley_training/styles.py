"""The styles that Mini 1 can be asked for, and the words that ask for them: one table for what it learns from and for its bundle.

What can be spoken is in `corpus.renditions`, the words are in the last columns of the tables in `corpus/facts`. Rate and pitch are not
here: they are the voice's affair and never reach the prompt (DESIGN §3).
"""

from collections.abc import Iterable, Mapping

from parley_models.style import Control, Level, Style
from parley_training.corpus.renditions import EMOTIONS, MANNERS
from parley_training.corpus.wide.chinese import DIALECT_SYSTEMS, DIALECTS
from parley_training.corpus.wide.styles import STYLES

LANGUAGES = {"en": "en", "cmn": "zh", "yue": "yue"}
"""What bundles and characters call the languages of the corpus."""


def _row(name: str, words: Mapping[str, str], languages: Iterable[str]) -> Control:
    levels = tuple(Level(level, instruction) for level, instruction in words.items())
    return Control(name, "discrete", levels, languages=tuple(LANGUAGES[language] for language in languages))


LABELS: dict[str, Style] = {name: named.style for name, named in STYLES.items()}
"""What stands before the words of an answer, and the style it names."""

STYLE_CONTROLS = (
    _row("emotion", {name: STYLES[name].system for name in EMOTIONS}, ("en",)),
    _row("manner", {name: STYLES[name].system for name in MANNERS}, ("en",)),
    _row("dialect", DIALECT_SYSTEMS, DIALECTS),
)
