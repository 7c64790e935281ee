"""What a small model learns of Mini 1's world first: what an assistant is asked every day, and what follows from the turn before.

Games, stories, rhymes, spelling, words that are only to be said again, in a style too, and reminders wait: each is a world of its own, and
after an hour on two cores eight million parameters had learned a little of all of them and lost a fifth of what they knew.
"""

from collections.abc import Callable
from random import Random

from parley_training.corpus.exchange import Exchange, Writer
from parley_training.corpus.roles import COURTESIES
from parley_training.corpus.wide.dialogue import MINI1, write
from parley_training.corpus.wide.surroundings import ROLE_BEGINS

CLOCK = ("time", "date")
OUTSIDE = tuple(intent for intent in MINI1 if intent.startswith("beyond"))
FACTS = tuple(intent for intent, writer in MINI1.items() if isinstance(writer, Writer) and intent not in COURTESIES)

SHARES: dict[tuple[str, ...], float] = {FACTS: 0.46, COURTESIES: 0.05, OUTSIDE: 0.14, CLOCK: 0.07}
"""How often some kinds of exchanges come; the rest is drawn by weight from what is left of the core. Facts, because what a small model
knows fades behind what it learns; greetings, because a short one is soon taken for another; what is declined, because who knows much must
practise to know its limits; the clock, because words that are copied from the system turn take practice."""

EVERY_DAY = frozenset(
    "follow_same follow_other follow_number why sure say_again timer cancel_timer tool_result time date feeling small_talk about_parley "
    "joke stop heard_word product role_play".split()
)
CORE = frozenset(intent for intent, writer in MINI1.items() if isinstance(writer, Writer) or intent.startswith("role_"))
CORE |= EVERY_DAY | frozenset(OUTSIDE)


def in_core(exchange: Exchange) -> bool:
    """Whether an exchange is of the core."""
    return exchange.intent in CORE and exchange.language == "en"


def core_writer(rng: Random) -> Callable[[], Exchange]:
    """Writes exchanges of the core, but for bare words: people's recordings bring those, and who reads "dog" hears "I heard dog." in
    whatever is short.
    """
    kinds = list(SHARES)
    shares = [*SHARES.values(), 1 - sum(SHARES.values())]
    weights = {kind: [MINI1[intent].weight for intent in kind] for kind in kinds}
    drawn = frozenset(intent for kind in kinds for intent in kind) | {"heard_word"}

    def another() -> Exchange:
        (kind,) = rng.choices([*kinds, None], shares)
        if kind is not None:
            return write(rng, rng.choices(kind, weights[kind])[0])
        while not in_core(exchange := write(rng)) or (exchange.intent in drawn and not exchange.system.startswith(ROLE_BEGINS)):
            pass
        return exchange

    return another
