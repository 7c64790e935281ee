"""The processes that train one model together: those that torchrun started, or this one alone.

    torchrun --nproc-per-node 8 -m parley_training.backbone.recipe …
    torchrun --nnodes 2 --nproc-per-node 8 --rdzv-backend c10d --rdzv-endpoint HOST:29500 -m parley_training.backbone.recipe …

Every process runs the same recipe; each holds a slice of every weight (FSDP2, `sharding.py`), works on its own lanes of examples
(`lanes.py`), and keeps the momentum of its own matrices (`learners.py`). What depends on a clock is decided by rank 0.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor
from torch.distributed.device_mesh import DeviceMesh, init_device_mesh

from parley_models.errors import UsageError


@dataclass(frozen=True, slots=True)
class Fleet:
    """One process among `size`. All of them must make the same calls in the same order."""

    rank: int = 0
    size: int = 1
    device: str = "cpu"
    """`cpu`, or this process's own card, `cuda:0`."""

    mesh: DeviceMesh | None = None
    """None where one process is alone."""

    @property
    def leads(self) -> bool:
        """Whether this process writes files and says how far it is."""
        return self.rank == 0

    def share(self, lanes: int) -> range:
        """The part of so many lanes that this process works on. Raises UsageError if they can't be shared out evenly."""
        if lanes % self.size:
            raise UsageError(f"{lanes} lanes can't be shared evenly among {self.size} processes.")
        return range(self.rank, lanes, self.size)

    def agree(self, number: float) -> float:
        """Rank 0's number."""
        if self.mesh is None:
            return number
        said = torch.tensor([number], dtype=torch.float64)
        dist.broadcast(said, 0)
        return float(said)

    def total(self, numbers: Tensor) -> Tensor:
        """The sum over all processes of a tensor on the CPU, which is changed in place."""
        if self.mesh is not None:
            dist.all_reduce(numbers)
        return numbers


@contextmanager
def assembled() -> Iterator[Fleet]:
    """The fleet that torchrun's environment tells of, or a single process; disbanded at the end.

    Numbers travel by gloo, tensors on cards by NCCL.
    """
    card = torch.cuda.is_available()
    if "WORLD_SIZE" not in os.environ:  # torchrun's own way to tell a process who it is
        yield Fleet(device="cuda" if card else "cpu")
        return
    if card:
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    dist.init_process_group("cpu:gloo,cuda:nccl" if card else "gloo")
    try:
        size, kind = dist.get_world_size(), "cuda" if card else "cpu"
        device = f"cuda:{torch.cuda.current_device()}" if card else "cpu"
        yield Fleet(dist.get_rank(), size, device, init_device_mesh(kind, (size,)) if size > 1 else None)
    finally:
        dist.destroy_process_group()
