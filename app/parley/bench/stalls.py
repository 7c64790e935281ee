"""How long the window's main thread kept its own heart waiting."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from parley.bench.news import Fact

FRAME_MS, NOTICED_MS = 16, 100
"""A picture of a 60 Hz screen is missed; somebody notices."""


@dataclass(frozen=True, slots=True)
class Stalls:
    """Beats of a 5 ms timer on the main thread, by how late they came."""

    beats: int
    p99_ms: float
    worst_ms: int
    over_16_ms: int
    over_100_ms: int

    @classmethod
    def of(cls, figures: Mapping[str, Fact]) -> "Stalls":
        """From a watched window's figures."""
        late = {int(name.removeprefix("late_")): int(count or 0) for name, count in figures.items() if name.startswith("late_")}
        beats, seen, p99 = sum(late.values()), 0, 0
        for ms in sorted(late):
            seen += late[ms]
            if seen >= 0.99 * beats:
                p99 = ms
                break
        over_16, over_100 = (sum(count for ms, count in late.items() if ms >= limit) for limit in (FRAME_MS, NOTICED_MS))
        return cls(beats, p99, max(late, default=0), over_16, over_100)

    def record(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)
