"""Steps of matrices: orthogonal, and those of torch's own Muon, which only differs by computing in bfloat16."""

import pytest
import torch
from torch import nn

from parley_training.muon import Muon, orthogonal

SHAPES = ((24, 40), (40, 24), (32, 32))


@pytest.mark.parametrize("shape", SHAPES)
def test_singular_values_come_near_1(shape: tuple[int, int]) -> None:
    drawn = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    assert torch.linalg.svdvals(drawn).max() > 5
    values = torch.linalg.svdvals(orthogonal(drawn))
    assert values.min() > 0.6
    assert values.max() < 1.3


@pytest.mark.filterwarnings("ignore")  # torch's warns of itself
def test_steps_are_those_of_torch() -> None:
    draw = torch.Generator().manual_seed(0)
    ours = [nn.Parameter(torch.randn(shape, generator=draw)) for shape in SHAPES]
    theirs = [nn.Parameter(weight.detach().clone()) for weight in ours]
    own = Muon(ours, 0.01, weight_decay=0.05)
    known = torch.optim.Muon(theirs, 0.01, weight_decay=0.05, adjust_lr_fn="match_rms_adamw")
    for _ in range(3):
        before = [weight.detach().clone() for weight in ours]
        for mine, other in zip(ours, theirs, strict=True):
            mine.grad = torch.randn(mine.shape, generator=draw)
            other.grad = mine.grad.clone()
        own.step()
        known.step()
        for mine, other, old in zip(ours, theirs, before, strict=True):
            assert (mine - other).norm() < 0.05 * (mine - old).norm()


def test_a_matrix_without_a_gradient_stays() -> None:
    weight = nn.Parameter(torch.ones(2, 2))
    Muon([weight], 0.01, weight_decay=0.05).step()
    assert torch.equal(weight, torch.ones(2, 2))
