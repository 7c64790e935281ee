"""Checkpoints that survive a kill, and the pace of a run that is measured in minutes."""

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch


def save(path: Path, state: dict[str, Any]) -> None:
    """Write a checkpoint; a kill in between leaves the one before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    torch.save(state, unfinished)
    unfinished.replace(path)


def restore(path: Path) -> dict[str, Any] | None:
    """The checkpoint at path, or None where none was written yet."""
    if not path.exists():
        return None
    state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return state


@dataclass(slots=True)
class Pace:
    """How far a run is, by the clock: a slow machine trains less, not longer."""

    minutes: float
    spent_s: float = 0.0
    """Seconds spent by the runs before this one, from the checkpoint."""

    save_every_s: float = 60.0
    _started: float = field(default_factory=time.monotonic)
    _saved: float = field(default_factory=time.monotonic)

    @property
    def elapsed_s(self) -> float:
        """Seconds of training, all runs together."""
        return self.spent_s + time.monotonic() - self._started

    @property
    def fraction(self) -> float:
        """0 at the start, 1 when the time is up."""
        return min(1.0, self.elapsed_s / (self.minutes * 60))

    @property
    def over(self) -> bool:
        """Whether the time is up."""
        return self.fraction >= 1.0

    def learning_rate(self, peak: float, *, warm: float = 0.03) -> float:
        """A linear rise over the first `warm` of the run, then a linear fall to a fiftieth of the peak."""
        if self.fraction < warm:
            return peak * max(0.02, self.fraction / warm)
        return peak * max(0.02, (1 - self.fraction) / (1 - warm))

    def save_is_due(self) -> bool:
        """True about every `save_every_s`, and then not again for as long."""
        if time.monotonic() - self._saved < self.save_every_s:
            return False
        self._saved = time.monotonic()
        return True
