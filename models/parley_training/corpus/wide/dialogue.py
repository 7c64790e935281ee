"""Writing Mini 1's dialogue; `corpus.dialogue` is the way in."""

import random

from parley_training.corpus.exchange import Exchange, Writer
from parley_training.corpus.wide import REPLACED, WIDE, WideWriter
from parley_training.corpus.wide.scene import SceneWriter
from parley_training.corpus.wide.surroundings import after_others, told
from parley_training.corpus.writers import WRITERS

MINI1: dict[str, Writer | WideWriter] = {**{intent: writer for intent, writer in WRITERS.items() if intent not in REPLACED}, **WIDE}
"""Every writer of Mini 1's world, by intent."""

_WEIGHTS = [writer.weight for writer in MINI1.values()]
_LONG = frozenset({"Creativity", "Gaming"})
_CHATTING = [
    writer
    for writer in MINI1.values()
    if isinstance(writer, Writer) or (isinstance(writer, SceneWriter) and writer.stands_alone and writer.category not in _LONG)
]
"""Writers of what may have been said before: whatever stands alone and is short, words in a style too. A model that had only heard facts
before a question said nothing but the whispered words again.
"""


def write(rng: random.Random, intent: str | None = None) -> Exchange:
    """One exchange, with what may surround it at run time.

    Raises:
        KeyError: there is no such intent.
    """
    writer = MINI1[intent or rng.choices(list(MINI1), _WEIGHTS)[0]]
    exchange = writer.write(rng)
    if isinstance(writer, Writer) or writer.stands_alone:
        exchange = after_others(exchange, _CHATTING, rng)
    return told(exchange, rng)


def holdout(exchange: Exchange) -> bool:
    """Whether the exchange is about something kept for the examination, by an intent that is not Mini 0's."""
    writer = WIDE.get(exchange.intent)
    return isinstance(writer, SceneWriter) and writer.held_out(exchange)
