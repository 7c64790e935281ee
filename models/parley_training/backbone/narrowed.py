"""Questions of Mini 1's world as Mini 0 learns from them: what it does not know is declined. People's bare words it knows, too."""

import random
from collections.abc import Iterable, Iterator
from dataclasses import replace

from parley_training.backbone.questions import Question
from parley_training.corpus.dialogue import write
from parley_training.corpus.disturbance import declined, disturbable, plain
from parley_training.corpus.exchange import Exchange
from parley_training.corpus.wide import REPLACED
from parley_training.corpus.wide.human_words import bare_word
from parley_training.corpus.wide.surroundings import ROLE_BEGINS
from parley_training.corpus.writers import WRITERS

ONLY_SAID = "said"
"""The intent of what is written along and not answered."""


def narrowed(questions: Iterable[Question]) -> Iterator[Question]:
    """The same recordings: bare words and what Mini 0 knows are answered, what stands alone is declined, the rest only written along."""
    for question in questions:
        yield replace(question, exchange=_narrowed(question.exchange))


def _narrowed(exchange: Exchange) -> Exchange:
    if (word := bare_word(plain(exchange.question))) is not None and not exchange.before:
        return replace(word, parts=())
    if not exchange.answer:
        return exchange
    in_role = exchange.system.startswith(ROLE_BEGINS)
    if exchange.intent in WRITERS and not in_role:
        known = write(random.Random(0), exchange.intent) if exchange.intent in REPLACED else exchange
        return Exchange(exchange.intent, exchange.question, known.answer, known.key, language=exchange.language)
    if exchange.before or in_role or exchange.tone or not disturbable(exchange):
        return Exchange(ONLY_SAID, exchange.question, "", "", question_sound=exchange.question_sound, language=exchange.language)
    return declined(exchange)
