"""Where role-play presets come from and go to, as the window needs it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from parley.conversation.character import Character


class Cast(Protocol):
    """All the characters that there are. Every method may raise `ParleyError`, whose message is fit to be shown."""

    def characters(self) -> Sequence[Character]:
        """Shipped ones and the user's own, in the order of the list."""

    def is_own(self, name: str) -> bool:
        """Whether it is the user's, and may be deleted."""

    def save(self, character: Character, replaces: str = "") -> None:
        """Keep one of the user's own, in place of the one that was called `replaces`."""

    def delete(self, name: str) -> None:
        """Forget one of the user's own."""

    def take(self, path: Path) -> Character:
        """Read a card from a file and keep it."""

    def give(self, character: Character, path: Path) -> None:
        """Write a card into a file."""
