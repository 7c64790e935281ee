"""How long to go on with a server that fails: numbers, not nerves."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Patience:
    """Waits between tries, and how slow is too slow."""

    PASSING: ClassVar[frozenset[int]] = frozenset({408, 425, 429, 500, 502, 503, 504})
    """Answers of a server that may be better a moment later."""

    tries: int = 8
    """In a row without one new byte."""

    first_wait_s: float = 1.0
    longest_wait_s: float = 30.0
    silence_s: float = 15.0
    """A connection that says nothing for so long is given up."""

    crawl_s: float = 30.0
    crawl_bytes: int = 30 * 1024
    """A connection that brought no more than so many bytes in so many seconds is given up too."""

    damaged: int = 3
    """So often a whole file may arrive wrong before it is told."""

    def waits(self) -> Iterator[float | None]:
        """What to wait after each failed try; None after the last."""
        wait_s = self.first_wait_s
        for _ in range(self.tries - 1):
            yield wait_s
            wait_s = min(wait_s * 2, self.longest_wait_s)
        yield None


PATIENT = Patience()
"""For people who pull hundreds of gigabytes overnight."""
