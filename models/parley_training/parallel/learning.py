"""The gradient of a global batch, whoever holds its parts."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from parley_models.backbone.model import StepOmni
from parley_training.backbone.batch import Batch
from parley_training.backbone.listening import SLOTS_PER_GROUP
from parley_training.corpus.phones import PHONES
from parley_training.linguistic.features import UNTRAINED
from parley_training.parallel.fleet import Fleet
from parley_training.parallel.sharding import synchronize
from parley_training.precision import multiplying

PHONES_WEIGHT = 0.08
"""What a phone weighs beside an id."""


class Scored(nn.Module):
    """A backbone together with what it is judged by. One call, so that a spread model knows when its weights are needed."""

    def __init__(self, trunk: StepOmni) -> None:
        super().__init__()
        self.trunk = trunk
        self.phones = nn.Linear(trunk.config.hidden_size, SLOTS_PER_GROUP * len(PHONES))
        """Reads phones from the middle of the backbone where speech is heard; thrown away after training. Words are few and can be
        guessed, phones are many and cannot: as a second loss in the middle of the layers they teach listening (Lee and Watanabe 2021)."""

    def forward(self, ids: Tensor, at: Tensor, following: Tensor, weight: Tensor, sounding: Tensor, phones: Tensor) -> Tensor:
        """Cross-entropies of a batch added up, (2,): those of ids, weighted, and those of phones. Takes the parts of a `Batch`."""
        with multiplying(ids.device.type):
            hidden, halfway = self.trunk(ids, halfway=True)
            logits = self.trunk.logits(hidden.flatten(0, 1)[at])
            heard = functional.rms_norm(halfway.flatten(0, 1)[sounding].float(), (halfway.shape[-1],))
            read = self.phones(heard).unflatten(-1, (SLOTS_PER_GROUP, len(PHONES)))
        each = functional.cross_entropy(logits.float(), following, reduction="none")
        sounds = functional.cross_entropy(read.float().flatten(0, 1), phones.flatten(), ignore_index=UNTRAINED, reduction="sum")
        return torch.stack([(each * weight).sum(), sounds])


class Losses(NamedTuple):
    """Of a global batch."""

    ids: float
    """The weighted mean over all that is to be said."""

    phones: float
    """The mean over the heard phones; 0 where nothing is heard."""


def learn(scored: nn.Module, batches: Sequence[Batch], fleet: Fleet) -> Losses:
    """Add the gradient of a global batch to the weights', this process's part being `batches`; its losses, the same on every process.

    They are means over all that is learned in the whole batch, so it does not matter how the examples are dealt out.
    """
    parts = [(float(batch.weight.sum()), float(batch.phones.numel())) for batch in batches]
    weight, phones = fleet.total(torch.tensor(parts, dtype=torch.float64).sum(0)).tolist()
    scale = torch.tensor([1 / weight, PHONES_WEIGHT / weight], device=fleet.device)
    sums = torch.zeros(2, dtype=torch.float64)
    for number, batch in enumerate(batches, 1):
        synchronize(scored, now=number == len(batches))
        on_device = (part.to(fleet.device) for part in (batch.ids, batch.at, batch.following, batch.weight, batch.sounding, batch.phones))
        losses = scored(*on_device)
        (losses * scale).sum().backward()
        sums += losses.detach().cpu()
    ids, sounds = fleet.total(sums).tolist()
    return Losses(ids / weight, sounds / max(1.0, phones))
