"""The items of one session's conversation, in order, and the turns that the model makes of them."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from parley_models.conversation import Role, Turn
from parley_models.errors import InputError
from parley_models.realtime.objects import Content, Item, ItemMemory, ItemStatus
from parley_models.style import Style

Kind = Literal["user", "assistant", "system", "function_call", "function_call_output"]


def new_id(kind: str) -> str:
    """A fresh id: `item_…`, `resp_…`, `call_…`, `event_…`."""
    return f"{kind}_{secrets.token_hex(8)}"


@dataclass(slots=True)
class StoredItem:
    """One item. The compute thread fills in `tokens` and what comes with them; the rest belongs to the session's loop."""

    id: str
    kind: Kind
    text: str = ""
    """Typed, recognized or said."""

    spoken: bool = False
    """It came, or went, as sound."""

    tokens: tuple[int, ...] = ()
    style: Style = Style()
    seed: int | None = None
    levels: tuple[float, ...] = ()
    """How loud each group of an answer came out."""

    finished: bool = True
    """An answer that was thought to its end."""

    whole: tuple[int, ...] = ()
    """An answer's ids before it was cut to what was heard."""

    status: ItemStatus = "completed"
    name: str = ""
    call_id: str = ""
    arguments: str = ""
    output: str = ""
    parts: tuple[Content, ...] = field(default=())
    """A message as the client made it."""

    @property
    def side(self) -> Role | None:
        """Whose turn it belongs to; None for system messages."""
        if self.kind in {"user", "function_call_output"}:
            return "human"
        return None if self.kind == "system" else "assistant"

    def wire(self, *, memory: bool = False) -> Item:
        """As the protocol shows it; with `memory`, what to remember it by too."""
        item = self._shown()
        return item.model_copy(update={"parley": self.memory()}) if memory and self.tokens else item

    def memory(self) -> ItemMemory:
        """What to remember it by."""
        known: dict[str, object] = {"tokens": self.tokens, "text": self.text}
        if self.kind == "assistant":
            known |= {"style": self.style.asked(), "seed": self.seed}
        return ItemMemory.model_validate(known)

    def _shown(self) -> Item:
        if self.kind == "function_call":
            return Item(
                type="function_call", id=self.id, status=self.status, name=self.name, call_id=self.call_id, arguments=self.arguments
            )
        if self.kind == "function_call_output":
            return Item(type="function_call_output", id=self.id, status=self.status, call_id=self.call_id, output=self.output)
        return Item(id=self.id, status=self.status, role=self.kind, content=self._content())

    def _content(self) -> tuple[Content, ...]:
        if self.kind == "assistant":
            return (Content(type="output_audio", transcript=self.text) if self.spoken else Content(type="output_text", text=self.text),)
        if not self.parts:
            return (Content(type="input_audio", transcript=self.text) if self.spoken else Content(type="input_text", text=self.text),)
        return tuple(Content(type=part.type, text=part.text) if part.text is not None else Content(type=part.type) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Memory:
    """A conversation as the model sees it."""

    turns: tuple[Turn, ...]
    """Up to the last answer."""

    pending: tuple[int, ...]
    """Ids of what the human said since then."""

    notes: tuple[str, ...]
    """System messages."""


class Ledger:
    """Items in order. Changed on the session's loop; `memory` may be asked for by the compute thread."""

    def __init__(self) -> None:
        self._items: list[StoredItem] = []

    def __getitem__(self, item_id: str) -> StoredItem:
        for item in self._items:
            if item.id == item_id:
                return item
        raise InputError(f"There is no item “{item_id[:80]}” in this conversation.")

    def __contains__(self, item_id: str) -> bool:
        return any(item.id == item_id for item in self._items)

    def add(self, item: StoredItem, after: str | None = None) -> str | None:
        """Put an item at the end, or behind another (`root` = at the beginning); gives the id of the one before it.

        Raises:
            InputError: no such item, or the id is taken.
        """
        if item.id in self:
            raise InputError(f"There is already an item “{item.id[:80]}”.")
        place = len(self._items) if after is None else 0 if after == "root" else self._items.index(self[after]) + 1
        self._items.insert(place, item)
        return self._items[place - 1].id if place else None

    def remove(self, item_id: str) -> StoredItem:
        """Take an item out. Raises InputError if there is none."""
        item = self[item_id]
        self._items.remove(item)
        return item

    def name_of_call(self, call_id: str) -> str:
        """Which tool a call asked for. Raises InputError if there is no such call."""
        for item in self._items:
            if item.kind == "function_call" and item.call_id == call_id:
                return item.name
        raise InputError(f"There is no call “{call_id[:80]}” in this conversation.")

    def before(self, item: StoredItem) -> str | None:
        """The id of the item before one."""
        place = self._items.index(item)
        return self._items[place - 1].id if place else None

    def is_last(self, item: StoredItem) -> bool:
        """Whether nothing comes after it."""
        return bool(self._items) and self._items[-1] is item

    def memory(self, items: Sequence[StoredItem] | None = None) -> Memory:
        """The conversation as the model sees it: neighbours on one side are one turn, what is empty is none."""
        turns: list[Turn] = []
        notes: list[str] = []
        for item in list(self._items) if items is None else items:
            if item.side is None:
                notes.append(item.text)
            elif item.tokens and turns and turns[-1].role == item.side:
                last = turns[-1]
                turns[-1] = Turn(
                    last.number, last.role, f"{last.text} {item.text}".strip(), (*last.tokens, *item.tokens), last.style, last.seed
                )
            elif item.tokens:
                turns.append(Turn(len(turns) + 1, item.side, item.text, item.tokens, item.style, item.seed))
        pending = turns.pop().tokens if turns and turns[-1].role == "human" else ()
        return Memory(tuple(turns), pending, tuple(notes))
