"""Muon for the layers' matrices, AdamW for embeddings, head and norms: the same steps on one process and on many.

AdamW works weight by weight, so each process steps its own slices. Muon does not: it makes a *whole* matrix's update orthogonal, and
the rows of a slice made orthogonal by themselves would be another update. So every matrix has an owner (they are dealt out in turn), who
fetches its gradient whole, keeps its momentum, takes the step and sends the matrix to the others, who keep their slices.
Each matrix is made orthogonal once in the whole fleet, and its momentum is kept once.
"""

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.tensor import DTensor, distribute_tensor

from parley_training.muon import Muon
from parley_training.parallel.fleet import Fleet
from parley_training.parallel.sharding import place, whole

State = dict[str, Any]
MOMENTUM = "momentum_buffer"
LONGEST_STEP = 1.0
"""Gradients longer than this, all weights taken together, are shortened to it."""


class Learners:
    """Both optimizers of one model. All processes must make the same calls."""

    def __init__(self, model: nn.Module, fleet: Fleet, rate: float) -> None:
        """Of a model that has its weights and has been spread."""
        named = dict(model.named_parameters())
        matrices = {name for name, weight in named.items() if weight.ndim == 2 and "layers" in name}
        self._fleet = fleet
        self._matrices = [weight for name, weight in named.items() if name in matrices]
        self._rest = [weight for name, weight in named.items() if name not in matrices]
        self._owned: dict[int, nn.Parameter] = {}
        for at, weight in enumerate(self._matrices):
            complete = weight if fleet.mesh is None else nn.Parameter(whole(weight.detach()).clone())
            if self._owner(at) == fleet.rank:
                self._owned[at] = complete
        self._muon = Muon(self._owned.values(), rate, weight_decay=0.05) if self._owned else None
        self._adam = torch.optim.AdamW(self._rest, lr=rate, weight_decay=0.01, betas=(0.9, 0.97))
        self._moved: set[int] = set()

    def _owner(self, matrix: int) -> int:
        return matrix % self._fleet.size

    def step(self, rate: float) -> None:
        """Shorten the gradients if they are too long, take one step and forget them. What has no gradient stays as it is."""
        nn.utils.clip_grad_norm_([*self._matrices, *self._rest], LONGEST_STEP)
        if self._fleet.mesh is not None:
            self._fetch()
        for learner in (self._muon, self._adam):
            if learner is not None:
                for group in learner.param_groups:
                    group["lr"] = rate
                learner.step()
        if self._fleet.mesh is not None:
            self._send()
        for weight in (*self._matrices, *self._rest, *self._owned.values()):
            weight.grad = None

    def _fetch(self) -> None:
        """Whole gradients to the owners of their matrices."""
        for at, weight in enumerate(self._matrices):
            if weight.grad is not None:
                gradient = whole(weight.grad)
                self._moved.add(at)
                if at in self._owned:
                    self._owned[at].grad = gradient

    def _send(self) -> None:
        """Stepped matrices from their owners to everybody's slices."""
        for at, weight in enumerate(self._matrices):
            if weight.grad is not None:
                place(weight, self._sent(at, weight, self._owned[at].detach() if at in self._owned else None))

    def _sent(self, at: int, like: Tensor, complete: Tensor | None) -> Tensor:
        """A whole tensor from the owner of a matrix."""
        sent = torch.empty(like.shape, dtype=like.dtype, device=self._fleet.device) if complete is None else complete
        dist.broadcast(sent, self._owner(at))
        return sent

    def state(self) -> list[State]:
        """Both optimizers' states as a single process would have them, whole: a run may go on with more or fewer processes."""
        adam = self._adam.state_dict()
        if self._fleet.mesh is None:
            assert self._muon is not None
            return [self._muon.state_dict(), adam]
        adam["state"] = {at: {name: whole(value) for name, value in kept.items()} for at, kept in adam["state"].items()}
        momenta = {}
        for at in sorted(self._moved):
            kept = self._muon.state[self._owned[at]][MOMENTUM] if self._muon is not None and at in self._owned else None
            momenta[at] = {MOMENTUM: self._sent(at, self._matrices[at], kept)}
        groups = [] if self._muon is None else self._muon.state_dict()["param_groups"]
        return [{"state": momenta, "param_groups": [{**group, "params": list(range(len(self._matrices)))} for group in groups]}, adam]

    def restore(self, states: list[State]) -> None:
        """Go on from what `state` gave, on however many processes."""
        muon, adam = states
        if self._fleet.mesh is None:
            assert self._muon is not None
            self._muon.load_state_dict(muon)
            self._adam.load_state_dict(adam)
            return
        for at, kept in muon["state"].items():
            self._moved.add(at)
            if self._muon is not None and at in self._owned:
                self._muon.state[self._owned[at]][MOMENTUM] = kept[MOMENTUM].to(self._fleet.device)
        for at, kept in adam["state"].items():
            self._adam.state[self._rest[at]] = {name: self._sliced(value, self._rest[at]) for name, value in kept.items()}

    def _sliced(self, value: Tensor, weight: Tensor) -> Tensor:
        """A part of AdamW's state as the weight lies; its count of steps is the same everywhere."""
        if value.ndim == 0 or not isinstance(weight, DTensor):
            return value
        return distribute_tensor(value.to(self._fleet.device), weight.device_mesh, weight.placements, src_data_rank=None)
