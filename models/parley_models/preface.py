"""What stands in the context before a question: the role, and of the turns what leaves room for it and for its answer."""

from collections.abc import Sequence

from parley_models.conversation import Turn, fit, newest
from parley_models.errors import InputError
from parley_models.mind import Manner, Mind
from parley_models.tokens import GROUP_SECONDS

ROOM_S = 10.0
"""How much speech a question is given room for at first; it gets more as it grows, and the oldest turns less."""


def usual_room(mind: Mind) -> int:
    """How many ids a question gets to grow by."""
    return round(ROOM_S / GROUP_SECONDS) * mind.manifest.tokens.group_size


def spare(mind: Mind, ids: int) -> int:
    """How many ids are left beside an answer of full length when so many stand before its opening; negative = it does not fit."""
    manifest = mind.manifest
    return manifest.context_tokens - manifest.sampling.max_tokens - len(mind.answer_opening) - ids


def preface(mind: Mind, manner: Manner, turns: Sequence[Turn], question_ids: int, room: int, *, strict: bool = False) -> list[int]:
    """The ids before a question of so many ids that may grow by `room`, or, unless `strict`, by less.

    Raises:
        InputError: not even the question fits into the context.
    """
    ids = _fitted(mind, manner, turns, question_ids + room) or ([] if strict else _fitted(mind, manner, turns, question_ids))
    if not ids:
        raise InputError("The question is too long for this bundle's context.")
    return ids


def _fitted(mind: Mind, manner: Manner, turns: Sequence[Turn], question_ids: int) -> list[int]:
    """Empty if the question does not fit."""
    prompt, layout = mind.prompt, mind.manifest.tokens
    human = prompt.opening("user")
    room = spare(mind, len(manner.system) + len(human) + question_ids)
    if room < 0:
        return []
    ids = list(manner.system)
    chat = mind.manifest.chat
    remembered = newest(turns, chat.remembered_questions) if chat.remembers_turns else ()
    for turn in fit(remembered, room, layout):
        ids += [*prompt.opening("user" if turn.role == "human" else "assistant"), *turn.tokens, layout.eot]
    return [*ids, *human]
