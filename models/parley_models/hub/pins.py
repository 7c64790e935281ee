"""What a repository held when it was first pulled: the commit, and size and hash of every file. Later pulls must find the same."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from parley_models.errors import BundleCorrupt


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """One file of a repository, as its listing has it."""

    path: str
    size_bytes: int
    sha256: str | None = None
    """Of large files."""

    git_sha1: str | None = None
    """Of small ones, which git keeps itself: sha1 of `blob SIZE\\0` and the content."""

    @property
    def digest(self) -> str:
        """The hash it is known by; empty if there is none."""
        return self.sha256 or self.git_sha1 or ""


@dataclass(frozen=True, slots=True)
class Pin:
    """One repository at one commit."""

    revision: str
    files: tuple[RemoteFile, ...]


_PINS = TypeAdapter(dict[str, Pin])


def read_pins(path: Path) -> dict[str, Pin]:
    """By repository; empty if nothing was pinned yet.

    Raises:
        BundleCorrupt: the file is no such list.
    """
    try:
        return _PINS.validate_json(path.read_bytes())
    except FileNotFoundError:
        return {}
    except ValidationError as error:
        raise BundleCorrupt(f"{path} is damaged; remove it to pin what the repositories hold now.") from error


def write_pins(path: Path, pins: Mapping[str, Pin]) -> None:
    """Replace the file in one step."""
    write_whole(path, json.dumps({repository: asdict(pin) for repository, pin in pins.items()}, indent=1).encode())


def write_whole(path: Path, content: bytes) -> None:
    """Write a file that is either the old or the new one, whatever happens meanwhile."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.draft")
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
