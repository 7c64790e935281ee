"""What surrounds an exchange at run time and does not change its answer: the clock and the tools in the system turn, and turns before
that have nothing to do with it.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

from parley_models.prompt import system_text
from parley_models.situation import TOOLS_TEXT, now_text
from parley_training.corpus.exchange import Exchange, Writer
from parley_training.corpus.wide.clock import moment
from parley_training.corpus.wide.scene import SceneWriter, in_role

TOLD_SHARE, CHAT_SHARE = 0.5, 0.3
"""Exchanges with a clock or tools in their system turn, and with unrelated turns before."""

MOST_BEFORE = 3
ROLE_BEGINS = "You are a"
BOUND = frozenset({"time", "date", "days_until", "timer", "reminder", "cancel_timer", "list_timers", "tool_result"})
"""Intents whose answers depend on what the system turn tells."""


def told(exchange: Exchange, rng: random.Random) -> Exchange:
    """The exchange as it is, or with a clock or tools, or both, in its system turn."""
    if exchange.intent in BOUND or exchange.language != "en" or rng.random() >= TOLD_SHARE:
        return exchange
    what = rng.choice(((now_text(moment(rng)),), (TOOLS_TEXT,), (now_text(moment(rng)), TOOLS_TEXT)))
    is_role = exchange.system.startswith(ROLE_BEGINS)
    role, style = (exchange.system, "") if is_role else ("", exchange.system)
    return in_role(exchange, system_text(role, " ".join(part for part in (style, *what) if part)))


def after_others(exchange: Exchange, writers: Sequence[Writer | SceneWriter], rng: random.Random) -> Exchange:
    """The exchange as it is, or after one to three others that these writers write."""
    if exchange.before or exchange.language != "en" or rng.random() >= CHAT_SHARE:
        return exchange
    earlier = rng.choices(writers, [writer.weight for writer in writers], k=rng.randint(1, MOST_BEFORE))
    return replace(exchange, before=tuple(replace(writer.write(rng), system=exchange.system) for writer in earlier))
