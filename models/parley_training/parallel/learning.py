"""The gradient of a global batch, whoever holds its parts."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from parley_models.backbone.model import StepOmni
from parley_training.backbone.examples import Batch
from parley_training.parallel.fleet import Fleet
from parley_training.parallel.sharding import synchronize


class Scored(nn.Module):
    """A backbone together with what it is judged by. One call, so that a spread model knows when its weights are needed."""

    def __init__(self, trunk: StepOmni) -> None:
        super().__init__()
        self.trunk = trunk

    def forward(self, ids: Tensor, at: Tensor, following: Tensor, weight: Tensor) -> Tensor:
        """Weighted cross-entropies of a batch, added up; the parts of a `Batch` on the model's device."""
        with torch.autocast(ids.device.type, torch.bfloat16):
            logits = self.trunk.logits(self.trunk(ids).flatten(0, 1)[at])
        each = functional.cross_entropy(logits.float(), following, reduction="none")
        return (each * weight).sum()


def learn(scored: nn.Module, batches: Sequence[Batch], fleet: Fleet) -> float:
    """Add the gradient of a global batch to the weights', this process's part being `batches`; its loss, the same on every process.

    The loss is the weighted mean over all that is learned in the whole batch, so it does not matter how the examples are dealt out.
    """
    weight = fleet.total(torch.tensor([sum(float(batch.weight.sum()) for batch in batches)], dtype=torch.float64))
    sums = torch.zeros(1, dtype=torch.float64)
    for number, batch in enumerate(batches, 1):
        synchronize(scored, now=number == len(batches))
        parts = (part.to(fleet.device) for part in (batch.ids, batch.at, batch.following, batch.weight))
        loss = scored(*parts) / float(weight)
        loss.backward()
        sums += loss.item()
    return float(fleet.total(sums))
