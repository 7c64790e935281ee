"""Is a model on the disk still what it was when it was made? A bundle's manifest says so; a draft has a receipt."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath

from pydantic import TypeAdapter, ValidationError

from parley_models.errors import BundleCorrupt, BundleMissing
from parley_models.hub.pins import write_whole
from parley_models.manifest import MANIFEST_NAME, BundleFile, read_manifest

RECEIPT_NAME = "receipt.json"
_FILES = TypeAdapter(tuple[BundleFile, ...])


@dataclass(frozen=True, slots=True)
class FileState:
    """What became of one file."""

    path: str
    size_bytes: int
    trouble: str | None = None
    """None = as recorded."""


def write_receipt(folder: Path) -> None:
    """Record every file of a folder that has no manifest of its own."""
    if (folder / MANIFEST_NAME).is_file():
        return
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != RECEIPT_NAME)
    files = [BundleFile(path.relative_to(folder).as_posix(), _sha256(path), path.stat().st_size) for path in paths]
    write_whole(folder / RECEIPT_NAME, json.dumps([asdict(file) for file in files], indent=1).encode())


def recorded_files(folder: Path) -> tuple[BundleFile, ...]:
    """What a model's folder should hold.

    Raises:
        BundleMissing: it has neither manifest nor receipt.
        BundleCorrupt: it has one that can't be read.
    """
    if (folder / MANIFEST_NAME).is_file() or not (folder / RECEIPT_NAME).is_file():
        return read_manifest(folder).files
    try:
        files = _FILES.validate_json((folder / RECEIPT_NAME).read_bytes())
    except (ValidationError, OSError) as error:
        raise BundleCorrupt(f"{folder / RECEIPT_NAME} is damaged: pull the model again.") from error
    for file in files:
        if PurePosixPath(file.path).is_absolute() or ".." in PurePosixPath(file.path).parts:
            raise BundleCorrupt(f"{folder / RECEIPT_NAME} names “{file.path}”, which lies outside the model.")
    return files


def inspect(folder: Path) -> Iterator[FileState]:
    """Compare every file with its record, one after the other. Raises BundleMissing or BundleCorrupt if there is no record."""
    for file in recorded_files(folder):
        path = folder / file.path
        if not path.is_file():
            yield FileState(file.path, file.size_bytes, "missing")
        elif path.stat().st_size != file.size_bytes:
            yield FileState(file.path, file.size_bytes, f"{path.stat().st_size:,} bytes instead of {file.size_bytes:,}")
        elif _sha256(path) != file.sha256:
            yield FileState(file.path, file.size_bytes, "its content has changed")
        else:
            yield FileState(file.path, file.size_bytes)


def check_sizes(folder: Path) -> None:
    """A first look that costs nothing: raises BundleMissing or BundleCorrupt if a file is not there or has another size than recorded."""
    for file in recorded_files(folder):
        path = folder / file.path
        if not path.is_file():
            raise BundleMissing(f"{path} is missing: remove the model, then pull it again.")
        if path.stat().st_size != file.size_bytes:
            raise BundleCorrupt(f"{path} is damaged: remove the model, then pull it again.")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
