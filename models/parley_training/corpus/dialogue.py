"""Writing dialogue: any number of exchanges from one seed.

rng = random.Random(1)
exchange = write(rng)
exchange = write(rng, world="mini1")

Mini 0's world is `corpus.writers`; Mini 1's is most of that and `corpus.wide`. An exchange of Mini 1 may have a system turn, turns before
it, an answer in several styles, a call of a tool, and demands on how its question sounds.
"""

import random
from collections import defaultdict
from functools import cache
from typing import Literal

from parley_training.corpus.exchange import Exchange, Fact
from parley_training.corpus.writers import WRITERS

World = Literal["mini0", "mini1"]

_INTENTS = list(WRITERS)
_WEIGHTS = [writer.weight for writer in WRITERS.values()]
_EXAMINED = {intent: frozenset(fact.answer for fact in writer.examined) for intent, writer in WRITERS.items()}


def write(rng: random.Random, intent: str | None = None, world: World = "mini0") -> Exchange:
    """One exchange for training: of the intent named, or of any by its weight.

    Raises:
        KeyError: there is no such intent in this world.
    """
    if world == "mini1":
        from parley_training.corpus.wide import dialogue as wide  # who stays in the small world need not build the wide one

        return wide.write(rng, intent)
    return WRITERS[intent or rng.choices(_INTENTS, _WEIGHTS)[0]].write(rng)


def write_by_word(rng: random.Random) -> Exchange:
    """One exchange of Mini 0's world in which every word that must be right in some answer is as likely as any other."""
    intent, fact = rng.choice(rng.choice(_by_word()))
    return WRITERS[intent].write(rng, fact)


@cache
def _by_word() -> list[list[tuple[str, Fact]]]:
    keyed = defaultdict[str, list[tuple[str, Fact]]](list)
    for intent, writer in WRITERS.items():
        for fact in writer.facts:
            for word in fact.key.split():
                keyed[word].append((intent, fact))
    return list(keyed.values())


def holdout(exchange: Exchange) -> bool:
    """Whether the exchange is about a fact kept for the examination, by its intent. Never true of what `write` gives.

    In Mini 1's world the same sum may be the answer of a follow-up: `wide.following` reckons on from any number.
    """
    if exchange.intent in WRITERS:
        return exchange.answer in _EXAMINED[exchange.intent]
    from parley_training.corpus.wide import dialogue as wide

    return wide.holdout(exchange)


def answers() -> list[str]:
    """Every answer that `write` can give in Mini 0's world, each once, sorted."""
    return sorted({fact.answer for writer in WRITERS.values() for fact in writer.facts})
