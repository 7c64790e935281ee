"""All the characters there are: those that came with Parley, and the user's own."""

import hashlib
import importlib.resources
import logging
import re
from collections.abc import Sequence
from pathlib import Path

import platformdirs

from parley.conversation.cards import read_card, write_card
from parley.conversation.character import Character
from parley_models.errors import InputError, UsageError

_log = logging.getLogger(__name__)


class Characters:
    """Cards in two folders. What can't be read is left out of the list and named in the log."""

    def __init__(self, shipped: Path, own: Path) -> None:
        self._shipped = shipped
        self._own = own

    @staticmethod
    def of_user() -> "Characters":
        """Of whoever runs this."""
        shipped = Path(str(importlib.resources.files("parley_assets"))) / "characters"
        return Characters(shipped, platformdirs.user_data_path("parley") / "characters")

    def characters(self) -> Sequence[Character]:
        """Shipped ones and the user's own, by name; the user's own stands for a shipped one of the same name."""
        found = {character.name: character for folder in (self._shipped, self._own) for character in _cards(folder).values()}
        return sorted(found.values(), key=lambda character: character.name.casefold())

    def find(self, name: str) -> Character | None:
        """One by its name."""
        return next((character for character in self.characters() if character.name == name), None)

    def is_own(self, name: str) -> bool:
        """Whether it is the user's, and may be deleted."""
        return any(character.name == name for character in _cards(self._own).values())

    def save(self, character: Character, replaces: str = "") -> None:
        """Keep one of the user's own, in place of the one that was called `replaces`.

        Raises:
            InputError: it has no name, or the name belongs to another one of the user's own.
            UsageError: the folder can't be written to.
        """
        if not character.name.strip():
            raise InputError("A character needs a name.")
        if character.name != replaces and self.is_own(character.name):
            raise InputError(f"There is a character called {character.name} already.")
        write_card(self._own / _file_name(character.name), character)
        for path, old in _cards(self._own).items():
            if old.name in {replaces, character.name} and path.name != _file_name(character.name):
                path.unlink(missing_ok=True)

    def delete(self, name: str) -> None:
        """Forget one of the user's own.

        Raises:
            UsageError: it came with Parley, or the folder can't be written to.
        """
        paths = [path for path, character in _cards(self._own).items() if character.name == name]
        if not paths:
            raise UsageError(f"{name} came with Parley and stays.")
        for path in paths:
            try:
                path.unlink()
            except OSError as error:
                raise UsageError(f"{path} can't be deleted: {error.strerror}.") from error

    def take(self, path: Path) -> Character:
        """Read a card from a file and keep it; one of the same name gives way only to the same card.

        Raises:
            InputError: no card, or there is another character of that name.
            UsageError: the folder can't be written to.
        """
        character = read_card(path)
        if self.find(character.name) != character:
            self.save(character)
        return character

    def give(self, character: Character, path: Path) -> None:
        """Write a card into a file.

        Raises:
            UsageError: the place can't be written to.
        """
        write_card(path, character)


def _cards(folder: Path) -> dict[Path, Character]:
    found: dict[Path, Character] = {}
    for path in sorted(folder.glob("*.json")):
        try:
            found[path] = read_card(path)
        except InputError as error:
            _log.warning("a character is left out: %s", error)
    return found


def _file_name(name: str) -> str:
    """A name that is safe on every disk, and another one for every character."""
    plain = re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")[:40]
    return f"{plain or 'character'}-{hashlib.sha256(name.encode()).hexdigest()[:8]}.json"
