"""What one example is: ids, and what is to be said after each of them."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from parley_training.text.recipe import LAYOUT

UNLEARNED = -1
NO_TEXT = frozenset({LAYOUT.audio_start, LAYOUT.audio_end, LAYOUT.eot})
"""Ids in an answer that are neither sound nor words."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Ids, and what is to be said after each of them; `UNLEARNED` where nothing is."""

    ids: list[int]
    following: list[int]
    vital: set[int] = field(default_factory=set)
    """Places whose `following` belongs to what must be right."""

    phones: dict[int, npt.NDArray[np.uint8]] = field(default_factory=dict)
    """Places where a heard group ends, and the phones (6,) of the group before it: half the model must know them by then."""

    @classmethod
    def given(cls, ids: Iterable[int]) -> "Stretch":
        """Ids that are read and not said."""
        ids = list(ids)
        return cls(ids, [UNLEARNED] * len(ids))

    def add(self, token_id: int, following: int = UNLEARNED) -> None:
        """One more id."""
        self.ids.append(token_id)
        self.following.append(following)

    def read(self, ids: Iterable[int]) -> "Stretch":
        """More ids that are not said; gives the stretch."""
        for token_id in ids:
            self.add(token_id)
        return self

    def say(self, ids: Iterable[int], vital: Collection[int] = ()) -> "Stretch":
        """More ids, each of them to be said; gives the stretch.

        Args:
            ids: an answer, interleaved.
            vital: numbers of its text pieces, counted from its beginning, which must be right.
        """
        text = 0
        for token_id in ids:
            if not LAYOUT.is_audio(token_id) and token_id not in NO_TEXT:
                if text in vital:
                    self.vital.add(len(self.following) - 1)
                text += 1
            self.following[-1] = token_id
            self.add(token_id)
        return self

    def join(self, other: "Stretch") -> None:
        """All of another one, behind this one."""
        first = len(self.ids)
        self.ids.extend(other.ids)
        self.following.extend(other.following)
        self.vital.update(first + place for place in other.vital)
        self.phones.update((first + place, phones) for place, phones in other.phones.items())
