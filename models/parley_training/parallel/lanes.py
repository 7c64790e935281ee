"""Examples in lanes: a global batch is one batch of every lane, whoever works on it.

What lane k brings depends on the seed, on k and on how much was drawn from it before, and on nothing else. So a run with eight lanes
learns from the same batches in the same order on one process, two or eight, and after a kill it goes on with the next.
"""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence

import torch
from torch import Tensor

from parley_training.backbone.batch import AUDIO_WEIGHT, Batch, collate
from parley_training.backbone.stretch import Stretch

POOL = 512
"""Examples drawn at a time, so that those of like length can share a batch."""

Shares = Callable[[float], Mapping[str, float]]
"""How often each task comes, at a fraction of the run."""


class Lanes:
    """Some of the lanes: those of one process."""

    def __init__(
        self,
        write: Callable[[str], Stretch],
        rng: random.Random,
        shares: Shares,
        *,
        mine: Sequence[int],
        tokens: int,
        seed: int = 0,
        drawn: int = 0,
        audio_weight: float = AUDIO_WEIGHT,
    ) -> None:
        """Of the numbers `mine`. `write` makes an example of a task by `rng` and nothing else that changes; `tokens` as `grouped` has it.

        `drawn` = pools that count as drawn before. `audio_weight` as `collate` has it.
        """
        self._write, self._rng, self._shares, self._tokens, self._seed = write, rng, shares, tokens, seed
        self._audio_weight = audio_weight
        self._places = {number: _Place(drawn) for number in mine}

    def next(self, fraction: float) -> Iterator[Batch]:
        """The next batch of each lane; a new pool has the shares of this fraction of the run."""
        for number, place in self._places.items():
            if place.taken == len(place.groups):
                self._draw(number, place, place.pools + 1, fraction)
            place.taken += 1
            yield collate(place.groups[place.taken - 1], self._audio_weight)

    def _draw(self, number: int, place: "_Place", pool: int, fraction: float) -> None:
        self._rng.seed(f"{self._seed}/{number}/{pool}")
        shares = self._shares(fraction)
        drawn = self._rng.choices(list(shares), list(shares.values()), k=POOL)
        place.groups = grouped([self._write(task) for task in drawn], self._tokens)
        self._rng.shuffle(place.groups)
        place.pools, place.fraction, place.taken = pool, fraction, 0

    def state(self, lanes: int) -> Tensor:
        """Where all lanes are, float64 (lanes, 3): pool, the run's fraction when it was drawn, batches taken; zeros for others' lanes."""
        state = torch.zeros(lanes, 3, dtype=torch.float64)
        for number, place in self._places.items():
            state[number] = torch.tensor([place.pools, place.fraction, place.taken], dtype=torch.float64)
        return state

    def restore(self, state: Tensor) -> None:
        """Go on from the sum of all processes' states."""
        for number, place in self._places.items():
            pool, fraction, taken = state[number].tolist()
            if pool:
                self._draw(number, place, int(pool), fraction)
                place.taken = min(int(taken), len(place.groups))  # fewer than before, if the grammars have changed


class _Place:
    """How far a lane is."""

    def __init__(self, drawn: int) -> None:
        self.groups: list[list[Stretch]] = []
        self.pools = drawn
        self.taken = 0
        self.fraction = 0.0


def grouped(examples: Sequence[Stretch], tokens: int) -> list[list[Stretch]]:
    """Examples of like length together, so many that a batch has at most `tokens` ids, if it has more than one example.

    As long as its longest: `collate` pads that to a multiple of 32.
    """
    groups: list[list[Stretch]] = [[]]
    for example in sorted(examples, key=lambda example: len(example.ids)):
        if groups[-1] and (len(groups[-1]) + 1) * len(example.ids) > tokens:
            groups.append([])
        groups[-1].append(example)
    return groups
