"""Direct preference optimization (Rafailov et al. 2023, arXiv 2305.18290), with audio ids masked out (arXiv 2506.08967 §3.3)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from parley_models.backbone.model import StepOmni
from parley_training.preference.pairs import Ids, Pair
from parley_training.text.recipe import LAYOUT

IDS_AT_ONCE = 4096
"""So many ids of prompts and answers, padding included, go through a model together. Eight pairs of 60 to 1,000 ids on one thread, Mini's
shape: 1.7 GB and 6.8 s, where all at once took 4.5 GB and 14.3 s, most of them for padding."""


@dataclass(frozen=True, slots=True)
class LogProbabilities:
    """How likely a model finds both answers of some pairs, in nats, summed over the ids that count; not divided by their number."""

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


def portions(pairs: Sequence[Pair]) -> Iterator[list[int]]:
    """The places of all pairs, in portions of like lengths that may be read at once; a pair too long for that comes alone."""
    portion = list[int]()
    lengths = [len(pair.prompt) + max(len(pair.chosen), len(pair.rejected)) for pair in pairs]
    for at in sorted(range(len(pairs)), key=lengths.__getitem__):
        if portion and 2 * (len(portion) + 1) * lengths[at] > IDS_AT_ONCE:
            yield portion
            portion = []
        portion.append(at)
    if portion:
        yield portion


@torch.no_grad()
def measured(model: StepOmni, pairs: Sequence[Pair], device: str = "cpu") -> LogProbabilities:
    """`log_probabilities` of any number of pairs, to be compared and not to be learned from."""
    found = LogProbabilities(torch.zeros(len(pairs), device=device), torch.zeros(len(pairs), device=device))
    for portion in portions(pairs):
        some = log_probabilities(model, [pairs[at] for at in portion], device)
        found.chosen[portion], found.rejected[portion] = some.chosen, some.rejected
    return found


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


def accumulate(model: StepOmni, pairs: Sequence[Pair], reference: LogProbabilities, beta: float, device: str = "cpu") -> float:
    """Add the gradient of all pairs' loss to the model's, portion by portion; returns the loss, in nats."""
    whole = 0.0
    for portion in portions(pairs):
        found = log_probabilities(model, [pairs[at] for at in portion], device)
        share = loss_of(found, reference[portion], beta) * (len(portion) / len(pairs))
        share.backward()
        whole += share.item()
    return whole
