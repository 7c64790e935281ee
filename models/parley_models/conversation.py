"""What is remembered of a conversation, and what of it fits into the model's context."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from parley_models.style import Style
from parley_models.tokens import TokenLayout

Role = Literal["human", "assistant"]


@dataclass(frozen=True, slots=True)
class Turn:
    """What one side said; enough to say it again exactly."""

    number: int
    role: Role
    text: str
    """Of a spoken question, the words that the model wrote along; empty if it does not."""

    tokens: tuple[int, ...]
    """The ids between the role line and `<|EOT|>`, markers included."""

    style: Style = Style()
    seed: int | None = None


@dataclass(slots=True)
class Conversation:
    """Turns in order, a question and its answer after one another. Give the same one to `ask` to go on talking."""

    turns: list[Turn] = field(default_factory=list)

    @property
    def next_number(self) -> int:
        """The number that the next turn gets."""
        return self.turns[-1].number + 1 if self.turns else 1

    def add(self, *turns: Turn) -> None:
        """Remember turns."""
        self.turns.extend(turns)


_MARKUP_PER_TURN = 8
"""Ids around a turn's content, counted generously: markers, role, line break."""


def fit(turns: Sequence[Turn], room: int, layout: TokenLayout) -> list[Turn]:
    """What of the turns goes into a context with `room` ids: the oldest lose their sound first, then go (DESIGN §2.5).

    Room is made by half of it at a time: as talk goes on the same is left out for many turns, and the rest need not be read again.
    """
    kept = list(turns)
    size, step = _size(kept), max(1, room // 2)
    target = size - step * max(0, -((room - size) // step))
    for place, turn in enumerate(kept):
        if _size(kept) <= target:
            break
        kept[place] = _without_sound(turn, layout)
    while kept and _size(kept) > target:
        del kept[0]
    if kept and kept[0].role == "assistant":  # an answer without its question
        del kept[0]
    return kept


def newest(turns: Sequence[Turn], questions: int) -> Sequence[Turn]:
    """From the last so many questions on; 0 = all. What was said in several pieces, with no answer between them, is one question."""
    begins = [place for place, turn in enumerate(turns) if turn.role != "assistant" and (not place or turns[place - 1].role == "assistant")]
    return turns[begins[-questions] :] if questions and len(begins) > questions else turns


def _size(turns: Sequence[Turn]) -> int:
    return sum(len(turn.tokens) + _MARKUP_PER_TURN for turn in turns)


def _without_sound(turn: Turn, layout: TokenLayout) -> Turn:
    markers = {layout.audio_start, layout.audio_end}
    return replace(turn, tokens=tuple(token for token in turn.tokens if not layout.is_audio(token) and token not in markers))
