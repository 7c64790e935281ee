"""What a small model learns of Mini 1's world first: what an assistant is asked every day, and what follows from the turn before.

Games, stories, rhymes, spelling and words that are only to be said again wait: each is a world of its own, and after an hour on two
cores eight million parameters had learned a little of all of them and lost a fifth of what they knew.
"""

from collections.abc import Callable
from random import Random

from parley_training.corpus.exchange import Exchange, Writer
from parley_training.corpus.wide.dialogue import MINI1, write
from parley_training.corpus.wide.repeating import PHRASES

OUTSIDE = tuple(intent for intent in MINI1 if intent.startswith("beyond"))
OUTSIDE_SHARE = 0.12
"""Exchanges that are declined, besides those that come anyway: who knows much must practise to know its limits."""

EVERY_DAY = frozenset(
    "follow_same follow_other follow_number why sure say_again from_now_on say_manner say_emotion in_style "
    "timer reminder cancel_timer list_timers tool_result time date feeling small_talk about_parley joke stop heard_word product role_play".split()
)
CORE = frozenset(intent for intent, writer in MINI1.items() if isinstance(writer, Writer) or intent.startswith("role_"))
CORE |= EVERY_DAY | frozenset(OUTSIDE)

_WORDS_GIVEN = frozenset({"say_manner", "say_emotion"})
_SAID = frozenset(phrase.lower() for phrase in PHRASES)


def in_core(exchange: Exchange) -> bool:
    """Whether an exchange is of the core; what is to be said in a style must be a phrase that people say."""
    return exchange.intent in CORE and exchange.language == "en" and (exchange.intent not in _WORDS_GIVEN or exchange.key in _SAID)


def core_writer(rng: Random) -> Callable[[], Exchange]:
    """Writes exchanges of the core."""

    def another() -> Exchange:
        if rng.random() < OUTSIDE_SHARE:
            return write(rng, rng.choice(OUTSIDE))
        while not in_core(exchange := write(rng)):
            pass
        return exchange

    return another
