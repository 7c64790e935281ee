"""A model spread over a fleet by FSDP2: each process keeps a slice of the rows of every weight, and whole weights only while it computes.

Gradients are sums over the processes, not means: a batch's weights say what each id counts, and they are divided by the weight of
the whole global batch before (`learning.py`).
"""

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.distributed.fsdp import FSDPModule, fully_shard
from torch.distributed.tensor import DTensor, distribute_tensor

from parley_training.parallel.fleet import Fleet


def spread(module: nn.Module, layers: Iterable[nn.Module], fleet: Fleet) -> None:
    """Spread a module, in place, if the fleet is more than one process; `layers` are those of its parts that are fetched by themselves.

    Weights stay whole between forward and backward: it costs memory, and saves fetching them a second time.
    """
    if fleet.mesh is None:
        return
    for part in (*layers, module):
        fully_shard(part, mesh=fleet.mesh, reshard_after_forward=False)
    for part in module.modules():
        if isinstance(part, FSDPModule):
            part.set_force_sum_reduction_for_comms(True)  # gloo knows no mean
            part.set_gradient_divide_factor(1.0)


def synchronize(module: nn.Module, *, now: bool) -> None:
    """Whether the next backward adds its gradients up over the fleet; the one after the last example of a step must."""
    if isinstance(module, FSDPModule):
        module.set_requires_gradient_sync(now)


def whole(tensor: Tensor) -> Tensor:
    """All of a weight or gradient, fetched from its owners; every process must ask for it."""
    return tensor.full_tensor() if isinstance(tensor, DTensor) else tensor


def slice_of(complete: Tensor, weight: Tensor) -> Tensor:
    """The part of a complete tensor that this process holds of the weight."""
    if not isinstance(weight, DTensor):
        return complete
    # Every process has the complete tensor already, so nothing is sent.
    return distribute_tensor(complete, weight.device_mesh, weight.placements, src_data_rank=None).to_local()


def local(weight: Tensor) -> Tensor:
    """What this process holds of a weight; changes reach the weight."""
    return weight.to_local() if isinstance(weight, DTensor) else weight


@torch.no_grad()
def place(weight: Tensor, complete: Tensor) -> None:
    """Set a weight, or this process's slice of it."""
    local(weight).copy_(slice_of(complete.to(weight.device, weight.dtype), weight))


@torch.no_grad()
def gather(spread_out: nn.Module, plain: nn.Module) -> None:
    """Copy the weights of a module that is spread out into its twin that is not."""
    for weight, copy in zip(spread_out.parameters(), plain.parameters(), strict=True):
        copy.copy_(whole(weight))


@torch.no_grad()
def scatter(plain: nn.Module, spread_out: nn.Module) -> None:
    """Copy the weights of a module into its twin that is spread out."""
    for copy, weight in zip(plain.parameters(), spread_out.parameters(), strict=True):
        place(weight, copy)
