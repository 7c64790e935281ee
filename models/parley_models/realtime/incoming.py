"""Items as clients make them: typed text, recordings, tools' outputs, turns remembered from another day."""

import json
from collections.abc import Sequence

import numpy as np

from parley_models.assistant import HEARING_HZ
from parley_models.calls import ToolCall, output_line
from parley_models.errors import InputError
from parley_models.pcm import AudioChunk
from parley_models.realtime.events import pcm_of
from parley_models.realtime.ledger import Kind, Ledger, StoredItem, new_id
from parley_models.realtime.objects import WIRE_RATE_HZ, Content, Item
from parley_models.realtime.preferences import style_of
from parley_models.sound_file import prepare_question
from parley_models.style import Style

TEXTS = frozenset({"input_text", "output_text", "text"})


def stored(item: Item) -> StoredItem:
    """A client's item as we keep it; its ids are yet to be found.

    Raises:
        InputError: something that it needs is missing or wrong.
    """
    item_id = item.id or new_id("item")
    memory = item.parley
    style = Style() if memory is None or memory.style is None else style_of(memory.style)
    seed = None if memory is None else memory.seed
    if item.type == "function_call":
        if not item.name:
            raise InputError("A function_call needs a name.")
        call_id, arguments = item.call_id or new_id("call"), item.arguments or "{}"
        return StoredItem(item_id, "function_call", style=style, seed=seed, name=item.name, call_id=call_id, arguments=arguments)
    if item.type == "function_call_output":
        if not item.call_id:
            raise InputError("A function_call_output needs the call_id of its call.")
        return StoredItem(item_id, "function_call_output", call_id=item.call_id, output=item.output or "")
    if item.role is None:
        raise InputError("A message needs a role.")
    content = item.content or ()
    if not content and memory is None:
        raise InputError("A message needs content.")
    text = (memory.text if memory is not None else "") or " ".join(part.text or part.transcript or "" for part in content).strip()
    spoken = any(part.type not in TEXTS for part in content)
    kind: Kind = item.role
    parts = tuple(content) if kind == "user" and len(content) > 1 else ()
    return StoredItem(item_id, kind, text=text, spoken=spoken, style=style, seed=seed, parts=parts)


def known_tokens(item: Item) -> tuple[int, ...]:
    """The ids that a remembered turn brings along."""
    return () if item.parley is None else item.parley.tokens


def sounding_parts(item: Item, made: StoredItem, ledger: Ledger) -> Sequence[str | AudioChunk]:
    """What the model is to read and hear of an item.

    Raises:
        InputError: sound that is none, a call that is none.
    """
    if item.type == "function_call":
        return (_call(made).line,)
    if item.type == "function_call_output":
        return (output_line(ledger.name_of_call(made.call_id), made.output),)
    if known_tokens(item):
        return ()
    return [part for content in item.content or () if (part := _part(content)) is not None]


def _part(content: Content) -> str | AudioChunk | None:
    if content.type in TEXTS or content.audio is None:
        return content.text or content.transcript
    samples = np.frombuffer(pcm_of(content.audio), "<i2").astype(np.float32) / np.float32(32768)
    return prepare_question(samples, WIRE_RATE_HZ, HEARING_HZ, name="The recording")


def _call(item: StoredItem) -> ToolCall:
    try:
        arguments = json.loads(item.arguments)
    except ValueError:
        arguments = None
    if not isinstance(arguments, dict):
        raise InputError("The arguments of a function_call must be a JSON object.")
    plain = {
        name: value if isinstance(value, str | int | float | bool) or value is None else json.dumps(value)
        for name, value in arguments.items()
    }
    return ToolCall(item.name, plain)
