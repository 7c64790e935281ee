"""Muon: the step of a matrix is its momentum, made nearly orthogonal (Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/).

torch has one that always computes in bfloat16, which is most of a training's time where the processor emulates it (`precision`).
"""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from parley_training.precision import narrowest

QUINTIC = (3.4445, -4.7750, 2.0315)
"""Of the polynomial that brings every singular value near 1, as published; near is enough, and five steps are."""

STEPS = 5
MOMENTUM = 0.95
LIKE_ADAM = 0.2
"""Root mean square of AdamW's steps, to which these are scaled, so that both can have one learning rate (Liu et al. 2025, arXiv
2502.16982)."""


class Muon(torch.optim.Optimizer):
    """Steps matrices; weights decay by themselves, apart from the gradient, and momentum is Nesterov's."""

    def __init__(self, matrices: Iterable[nn.Parameter], lr: float, weight_decay: float) -> None:
        super().__init__(matrices, {"lr": lr, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self) -> None:  # type: ignore[override]  # nobody here has a closure
        """One step of every matrix that has a gradient."""
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is not None:
                    state = self.state[weight]
                    momentum = state.setdefault("momentum_buffer", torch.zeros_like(weight))
                    momentum.lerp_(weight.grad, 1 - MOMENTUM)
                    update = orthogonal(weight.grad.lerp(momentum, MOMENTUM))
                    weight.mul_(1 - group["lr"] * group["weight_decay"])
                    weight.add_(update, alpha=-group["lr"] * LIKE_ADAM * max(weight.shape) ** 0.5)


def orthogonal(matrix: Tensor) -> Tensor:
    """A matrix (rows, columns) with its singular values brought near 1, by Newton and Schulz's iteration."""
    wide = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
    near = wide.to(narrowest(matrix.device.type))
    near = near / near.norm().clamp_min(1e-7)
    first, third, fifth = QUINTIC
    for _ in range(STEPS):
        square = near @ near.T
        near = torch.addmm(near, torch.addmm(square, square, square, beta=third, alpha=fifth), near, beta=first)
    return (near if wide is matrix else near.T).to(matrix.dtype)
