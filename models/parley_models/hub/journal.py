"""What a pull has already made, step by step, and what became of each. Read again after a kill."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from parley_models.hub.pins import write_whole
from parley_models.manifest import BundleFile


@dataclass(frozen=True, slots=True)
class Made:
    """One finished step."""

    source_digest: str
    files: tuple[BundleFile, ...] = ()
    """Empty if nothing had to be made."""


_MADE = TypeAdapter(dict[str, Made])


class Journal:
    """One file, beside the downloads: it goes when they go, after the model is complete."""

    def __init__(self, path: Path, folder: Path) -> None:
        """Read it where there is one; `folder` is the model being made."""
        self._path, self._folder = path, folder
        try:
            self._made = _MADE.validate_json(path.read_bytes())
        except (FileNotFoundError, ValidationError):
            self._made = {}  # a journal that can't be read costs time, not correctness

    def has(self, step: str, source_digest: str) -> bool:
        """Whether a step is done, from this content, and what became of it is still there."""
        made = self._made.get(step)
        if made is None or made.source_digest != source_digest:
            return False
        return all(_size(self._folder / file.path) == file.size_bytes for file in made.files)

    def note(self, step: str, source_digest: str, paths: Iterable[Path]) -> None:
        """A step is done."""
        files = [BundleFile(path.relative_to(self._folder).as_posix(), _sha256(path), path.stat().st_size) for path in paths]
        self._made[step] = Made(source_digest, tuple(files))
        self._write()

    def forget_damaged(self) -> list[str]:
        """Hash everything once more before it is used; steps whose result has changed on the disk are to be done again."""
        damaged = [step for step, made in self._made.items() if not all(self._is_whole(file) for file in made.files)]
        for step in damaged:
            del self._made[step]
        if damaged:
            self._write()
        return damaged

    def _is_whole(self, file: BundleFile) -> bool:
        path = self._folder / file.path
        return _size(path) == file.size_bytes and _sha256(path) == file.sha256

    def _write(self) -> None:
        write_whole(self._path, json.dumps(_MADE.dump_python(self._made, mode="json"), indent=1).encode())


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else -1


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
