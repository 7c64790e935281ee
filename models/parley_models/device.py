"""Where a bundle's networks run: what was asked for, held against what this machine's ONNX Runtime can do."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from parley_models.errors import DeviceError, UsageError

if TYPE_CHECKING:
    from parley_models.onnx_session import SessionSettings

KINDS = ("auto", "cpu", "cuda")


@dataclass(frozen=True, slots=True)
class Device:
    """Where ears and voice run. The backbone decodes on the processor, whatever is chosen here, or on a server of its own."""

    kind: str = "auto"
    """`auto`: the fastest that ONNX Runtime has, the processor if all else fails; `cpu`; `cuda`: a card, or an error."""

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


ANY = Device()
"""Whatever is best."""
