"""How fast cards read their own memory: the makers' figures, and what was measured."""

from dataclasses import dataclass

COPY_SHARE = 0.9
"""Of the maker's figure, where no copy was measured: 3.0 of 3.35 TB/s on an H100, 4.3 of 4.8 on an H200."""

KERNEL_SHARE = 0.8
"""Of the copy, that a decode step is counted with: what good matrix-vector kernels reach on large matrices."""


@dataclass(frozen=True, slots=True)
class Card:
    """One row: what part of a driver's name for it is its own."""

    name: str
    memory_gb: int
    gb_per_s: float
    """By its data sheet."""

    copied_gb_per_s: float | None = None
    """Device-to-device copy as measured."""

    @property
    def usable_gb_per_s(self) -> float:
        """What copying reaches."""
        return self.copied_gb_per_s or self.gb_per_s * COPY_SHARE


# The longer name stands before the shorter one that it contains.
CARDS = (
    Card("B300", 288, 8000),
    Card("B200", 180, 8000),
    Card("GH200", 96, 4000),
    Card("H200", 141, 4800, 4300),
    Card("H100 NVL", 94, 3900),
    Card("H100 PCIe", 80, 2000),
    Card("H100", 80, 3350, 3000),
    Card("H20", 96, 4000),
    Card("A100-SXM4-40GB", 40, 1555),
    Card("A100-PCIE-40GB", 40, 1555),
    Card("A100 80GB PCIe", 80, 1935),
    Card("A100", 80, 2039),
    Card("RTX PRO 6000", 96, 1792),
    Card("RTX PRO 5000", 48, 1344),
    Card("RTX 6000 Ada", 48, 960),
    Card("RTX A6000", 48, 768),
    Card("L40S", 48, 864),
    Card("L40", 48, 864),
    Card("L20", 48, 864),
    Card("L4", 24, 300),
    Card("A40", 48, 696),
    Card("A10", 24, 600),
    Card("RTX 5090", 32, 1792),
    Card("RTX 5080", 16, 960),
    Card("RTX 5070 Ti", 16, 896),
    Card("RTX 5070", 12, 672),
    Card("RTX 4090", 24, 1008),
    Card("RTX 4080 SUPER", 16, 736),
    Card("RTX 4080", 16, 717),
    Card("RTX 4070", 12, 504),
    Card("RTX 3090 Ti", 24, 1008),
    Card("RTX 3090", 24, 936),
    Card("RTX 3080", 10, 760),
    Card("RTX 3060", 12, 360),
    Card("V100", 32, 900),
    Card("T4", 16, 320),
)


def known_card(name: str) -> Card | None:
    """The row for what a driver, or a person, calls a card."""
    words = f" {name.casefold().replace('-', ' ')} "
    return next((card for card in CARDS if f" {card.name.casefold().replace('-', ' ')} " in words), None)
