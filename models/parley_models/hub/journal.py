"""What a pull has already made: which shards are done, and what became of them. Read again after a kill."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from parley_models.hub.pins import write_whole


@dataclass(frozen=True, slots=True)
class Made:
    """What one shard became."""

    source_sha256: str
    path: str | None = None
    """Relative to the model being made; None if nothing of the shard was needed."""

    size_bytes: int = 0
    sha256: str = ""


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

    def __len__(self) -> int:
        return len(self._made)

    def has(self, shard: str, source_sha256: str) -> bool:
        """Whether a shard of this content is done and what became of it is still there."""
        made = self._made.get(shard)
        if made is None or made.source_sha256 != source_sha256:
            return False
        return made.path is None or _size(self._folder / made.path) == made.size_bytes

    def note(self, shard: str, source_sha256: str, path: Path | None) -> None:
        """A shard is done."""
        if path is None:
            made = Made(source_sha256)
        else:
            made = Made(source_sha256, path.relative_to(self._folder).as_posix(), path.stat().st_size, _sha256(path))
        self._made[shard] = made
        self._write()

    def forget_damaged(self) -> list[str]:
        """Hash everything once more before it is used; shards whose result has changed on the disk are to be done again."""
        damaged = [shard for shard, made in self._made.items() if made.path is not None and not _is(self._folder / made.path, made)]
        for shard in damaged:
            del self._made[shard]
        if damaged:
            self._write()
        return damaged

    def _write(self) -> None:
        write_whole(self._path, json.dumps(_MADE.dump_python(self._made, mode="json"), indent=1).encode())


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else -1


def _is(path: Path, made: Made) -> bool:
    return _size(path) == made.size_bytes and _sha256(path) == made.sha256


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
