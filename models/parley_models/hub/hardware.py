"""What this machine has: GPUs with their free memory, and room on its disks. Works with no GPU library at all."""

import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from parley_models.hub.cards import COPY_SHARE, known_card

MIB = 1 << 20
DRIVERS_SHARE = 0.995
"""What drivers report of a card's memory: 81,559 MiB of 80 GiB, 143,771 of 141, 24,564 of 24."""


@dataclass(frozen=True, slots=True)
class Gpu:
    """One card as its driver describes it."""

    name: str
    total_bytes: int
    free_bytes: int
    clock_gb_per_s: float | None = None
    """What its memory's clock and bus allow, where the driver tells them."""

    @property
    def usable_gb_per_s(self) -> float | None:
        """What copying in its memory reaches; None if nothing is known."""
        card = known_card(self.name)
        if card is not None:
            return card.usable_gb_per_s
        return None if self.clock_gb_per_s is None else self.clock_gb_per_s * COPY_SHARE


Reader = Callable[[], "list[Gpu] | None"]
"""Gives the cards, or None if it can't tell on this machine."""


def from_nvml() -> list[Gpu] | None:
    """By NVIDIA's management library."""
    try:
        import pynvml
    except ImportError:
        return None
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return None
    try:
        handles = [pynvml.nvmlDeviceGetHandleByIndex(index) for index in range(pynvml.nvmlDeviceGetCount())]
        gpus = []
        for handle in handles:
            name, memory = pynvml.nvmlDeviceGetName(handle), pynvml.nvmlDeviceGetMemoryInfo(handle)
            try:
                clock_mhz = pynvml.nvmlDeviceGetMaxClockInfo(handle, pynvml.NVML_CLOCK_MEM)
                speed = double_rate(clock_mhz, pynvml.nvmlDeviceGetMemoryBusWidth(handle))
            except pynvml.NVMLError:
                speed = None
            gpus.append(Gpu(name if isinstance(name, str) else name.decode(), int(memory.total), int(memory.free), speed))
    except pynvml.NVMLError:
        return None
    else:
        return gpus
    finally:
        pynvml.nvmlShutdown()


def from_smi() -> list[Gpu] | None:
    """By the program that comes with NVIDIA's driver."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return None
    query = "--query-gpu=name,memory.total,memory.free"
    try:
        answer = subprocess.run([program, query, "--format=csv,noheader,nounits"], capture_output=True, text=True, timeout=20, check=True)
        rows = [line.rsplit(",", 2) for line in answer.stdout.splitlines() if line.strip()]
        return [Gpu(name.strip(), int(total) * MIB, int(free) * MIB) for name, total, free in rows]
    except (OSError, subprocess.SubprocessError, ValueError):
        return None


def from_torch() -> list[Gpu] | None:
    """By PyTorch, where it is built for GPUs; this also sees AMD's."""
    try:
        import torch
    except ImportError:
        return None
    if not torch.cuda.is_available():
        return None
    gpus = []
    for index in range(torch.cuda.device_count()):
        properties = torch.cuda.get_device_properties(index)
        free, total = torch.cuda.mem_get_info(index)
        clock_khz, bus = getattr(properties, "memory_clock_rate", 0), getattr(properties, "memory_bus_width", 0)
        gpus.append(Gpu(properties.name, total, free, double_rate(clock_khz / 1000, bus)))
    return gpus


READERS: tuple[Reader, ...] = (from_nvml, from_smi, from_torch)
"""Cheapest first; torch takes seconds to load."""


def double_rate(clock_mhz: float, bus_bits: int) -> float | None:
    """GB/s of memory that moves twice a clock."""
    return 2 * clock_mhz * bus_bits / 8 / 1000 or None


def gpus(readers: Sequence[Reader] = READERS) -> list[Gpu]:
    """All cards, by the first reader that can tell."""
    return next((found for reader in readers if (found := reader())), [])


def card_as_gpu(name: str) -> Gpu | None:
    """A card of the table, all of its memory free: for people who have not bought it yet."""
    card = known_card(name)
    if card is None:
        return None
    total = round(card.memory_gb * DRIVERS_SHARE * 2**30)
    return Gpu(card.name, total, total)


def free_bytes(folder: Path) -> int:
    """Room on the disk where a folder is, or will be."""
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free
