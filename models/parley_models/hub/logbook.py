"""What an import has finished, one line a step, beside the folder it works in. Read again after a kill."""

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from parley_models.manifest import BundleFile


@dataclass(frozen=True, slots=True)
class Step:
    """One finished step."""

    name: str
    key: str
    """Of everything that it was made from: when that changes, it is done again."""

    files: tuple[BundleFile, ...]


_STEP = TypeAdapter(Step)


class Logbook:
    """Finished steps by name. A line is added only when its files are on the disk."""

    def __init__(self, path: Path, folder: Path) -> None:
        """Read it where there is one; `folder` is what is being made."""
        self._path, self._folder = path, folder
        self._steps: dict[str, Step] = {}
        lines = path.read_bytes().splitlines() if path.is_file() else []
        for line in lines:
            try:
                step = _STEP.validate_json(line)
            except ValidationError:
                break  # the line that a kill cut short, and the last one
            self._steps[step.name] = step
        if lines:  # without what a kill cut short; a kill right now leaves the old one
            draft = path.with_name(f"{path.name}.part")
            draft.write_text("".join(_line(step) for step in self._steps.values()), "utf-8")
            draft.replace(path)

    def has(self, name: str, key: str) -> bool:
        """Whether a step is finished, from the same sources and in the same way, and its files are still there."""
        step = self._steps.get(name)
        return step is not None and step.key == key and all(self._is_there(file) for file in step.files)

    def note(self, name: str, key: str, paths: Iterable[Path], hashes: dict[Path, str]) -> None:
        """A step is finished; hashes of files that are known already need not be taken again."""
        files = []
        for path in paths:
            with path.open("rb") as file:
                os.fsync(file.fileno())
                digest = hashes.get(path) or hashlib.file_digest(file, "sha256").hexdigest()
            files.append(BundleFile(path.relative_to(self._folder).as_posix(), digest, path.stat().st_size))
        step = Step(name, key, tuple(files))
        self._steps[name] = step
        with self._path.open("a", encoding="utf-8") as log:
            log.write(_line(step))
            log.flush()
            os.fsync(log.fileno())

    def files(self, names: Iterable[str]) -> tuple[BundleFile, ...]:
        """Everything that the named steps made, sorted by path."""
        return tuple(sorted((file for name in names for file in self._steps[name].files), key=lambda file: file.path))

    def _is_there(self, file: BundleFile) -> bool:
        path = self._folder / file.path
        return path.is_file() and path.stat().st_size == file.size_bytes


def _line(step: Step) -> str:
    return json.dumps(asdict(step)) + "\n"


def key_of(paths: Iterable[Path], **how: object) -> str:
    """A key of files, by place, size and time, and of how they are used."""
    digest = hashlib.sha256()
    for path in paths:
        state = path.stat()
        digest.update(f"{path.resolve()}|{state.st_size}|{state.st_mtime_ns}\n".encode())
    digest.update(json.dumps(how, sort_keys=True, default=str).encode())
    return digest.hexdigest()
