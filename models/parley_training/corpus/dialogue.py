"""Writing dialogue: any number of exchanges from one seed.

rng = random.Random(1)
exchange = write(rng)
"""

import random

from parley_training.corpus.exchange import Exchange
from parley_training.corpus.writers import WRITERS

_INTENTS = list(WRITERS)
_WEIGHTS = [writer.weight for writer in WRITERS.values()]
_EXAMINED = {intent: frozenset(fact.answer for fact in writer.examined) for intent, writer in WRITERS.items()}


def write(rng: random.Random, intent: str | None = None) -> Exchange:
    """One exchange for training: of the intent named, or of any by its weight.

    Raises:
        KeyError: there is no such intent.
    """
    return WRITERS[intent or rng.choices(_INTENTS, _WEIGHTS)[0]].write(rng)


def holdout(exchange: Exchange) -> bool:
    """Whether the exchange is about a fact kept for the examination. Never true of what `write` gives."""
    return exchange.answer in _EXAMINED[exchange.intent]


def answers() -> list[str]:
    """Every answer that `write` can give, each once, sorted."""
    return sorted({fact.answer for writer in WRITERS.values() for fact in writer.facts})
