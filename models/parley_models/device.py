"""Where a bundle's networks run: what was asked for, held against what this machine's libraries can do."""

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from parley_models.errors import DeviceError, UsageError

if TYPE_CHECKING:
    from parley_models.onnx_session import SessionSettings

logger = logging.getLogger(__name__)
KINDS = ("auto", "cpu", "cuda")
BESIDE_BYTES = 3_200_000_000
"""What a large backbone leaves of a card: to ears and voice (1.7 GB of weights), libraries' own buffers, passes over many ids."""

SMALL_BYTES = 1_000_000_000
"""A backbone of fewer bytes decodes on the processor, wherever the rest runs: its step takes no longer than asking a card."""


@dataclass(frozen=True, slots=True)
class Device:
    """Where ears, voice and backbone run; the backbone may have a server of its own instead."""

    kind: str = "auto"
    """`auto`: the fastest there is, the processor if all else fails; `cpu`; `cuda`: a card, or an error."""

    card: int = 0
    """Which one, as the driver counts them."""

    @staticmethod
    def named(name: str) -> "Device":
        """`auto`, `cpu`, `cuda`, or `cuda:1` for a machine with several cards. Raises UsageError."""
        kind, colon, number = name.partition(":")
        if kind not in KINDS or (colon and not (kind == "cuda" and number.isascii() and number.isdecimal() and len(number) < 4)):
            raise UsageError(f"There is no device “{name}”; there are auto, cpu, cuda, and cuda:1, cuda:2 … for further cards.")
        return Device(kind, int(number or 0))

    def sessions(self) -> "SessionSettings":
        """How networks are opened there.

        Raises:
            DeviceError: this ONNX Runtime can't use a card. Whether there is one shows when a network is opened.
        """
        import onnxruntime

        from parley_models.onnx_session import CPU, CUDA, THIS_MACHINE, SessionSettings

        if self.kind == "cpu":
            return SessionSettings(providers=(CPU,))
        if self.kind != "cuda":
            return THIS_MACHINE
        if CUDA not in onnxruntime.get_available_providers():
            raise DeviceError("The ONNX Runtime that is installed can't use a graphics card: take the processor, or Parley's `gpu` extra.")
        return SessionSettings(card=self.card, required=CUDA)

    def backbone(self, size_bytes: int) -> str:
        """Where a backbone of so many bytes decodes, as torch calls it: `cpu`, or `cuda:0`.

        Raises:
            DeviceError: torch can't use the card that was named.
        """
        if self.kind == "cpu" or size_bytes < SMALL_BYTES:
            return "cpu"
        import torch

        cards = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if self.kind == "cuda":
            if self.card >= cards:
                raise DeviceError(f"The torch that is installed can't use card {self.card}: take the processor, or Parley's `gpu` extra.")
            return f"cuda:{self.card}"
        free = {card: torch.cuda.mem_get_info(card)[0] for card in range(cards)}
        best = max(free, key=free.__getitem__, default=None)
        if best is not None and free[best] > size_bytes + BESIDE_BYTES:
            return f"cuda:{best}"
        logger.warning("a backbone of %.0f GB decodes on the processor: no card has room for it, ears and voice", size_bytes / 1e9)
        return "cpu"


ANY = Device()
"""Whatever is best."""
