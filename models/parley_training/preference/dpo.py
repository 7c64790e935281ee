"""Direct preference optimization (Rafailov et al. 2023, arXiv 2305.18290), with audio ids masked out (arXiv 2506.08967 §3.3)."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from parley_models.backbone.model import StepOmni
from parley_training.preference.pairs import Ids, Pair
from parley_training.text.recipe import LAYOUT


@dataclass(frozen=True, slots=True)
class LogProbabilities:
    """How likely a model finds both answers of some pairs, in nats, summed over the ids that count."""

    chosen: Tensor
    """(pairs,)."""

    rejected: Tensor
    """(pairs,)."""

    def __getitem__(self, which: Sequence[int]) -> "LogProbabilities":
        return LogProbabilities(self.chosen[list(which)], self.rejected[list(which)])


def log_probabilities(model: StepOmni, pairs: Sequence[Pair], device: str = "cpu") -> LogProbabilities:
    """Of each answer given its prompt, in float32; audio ids are read but not counted."""
    both = _summed(model, [(pair.prompt, answer) for pair in pairs for answer in (pair.chosen, pair.rejected)], device)
    return LogProbabilities(both[0::2], both[1::2])


def _summed(model: StepOmni, asked: Sequence[tuple[Ids, Ids]], device: str) -> Tensor:
    """(n,) for n prompts with answers."""
    longest = max(len(prompt) + len(answer) for prompt, answer in asked)
    ids = torch.zeros(len(asked), longest, dtype=torch.int64)
    rows, places, following = list[int](), list[int](), list[int]()
    for row, (prompt, answer) in enumerate(asked):
        ids[row, : len(prompt) + len(answer)] = torch.tensor([*prompt, *answer])
        for place, token in enumerate(answer, len(prompt) - 1):
            if not LAYOUT.is_audio(token):
                rows.append(row)
                places.append(row * longest + place)
                following.append(token)
    hidden = model(ids.to(device)).flatten(0, 1)[torch.tensor(places, device=device)]
    each = -functional.cross_entropy(model.logits(hidden).float(), torch.tensor(following, device=device), reduction="none")
    return torch.zeros(len(asked), device=device).index_add(0, torch.tensor(rows, device=device), each)


def margins(model: LogProbabilities, reference: LogProbabilities) -> Tensor:
    """(pairs,) by how many nats more than the reference the model prefers the chosen answer."""
    return (model.chosen - reference.chosen) - (model.rejected - reference.rejected)


def loss_of(model: LogProbabilities, reference: LogProbabilities, beta: float) -> Tensor:
    """The mean of −log σ(β · margin)."""
    return -functional.logsigmoid(beta * margins(model, reference)).mean()
