"""Where models lie on this machine, and where what is being pulled lies until it is complete."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from parley_models.errors import BundleMissing
from parley_models.hub.catalogue import Entry

PINS_NAME = "pins.json"


@dataclass(frozen=True, slots=True)
class Places:
    """The user's folders."""

    data: Path
    """`bundles/` and `drafts/` are in it."""

    downloads: Path
    """Files of the hub lie here until something has been made of them; below HF_HOME, so whoever moved that has room there."""

    @staticmethod
    def of_user(home: Path) -> "Places":
        """The usual ones; `home` is HF_HOME."""
        return Places(platformdirs.user_data_path("parley"), home / "parley")

    def model(self, entry: Entry) -> Path:
        """Where a model lies when it is complete."""
        return self.data / ("drafts" if entry.drafts_for else "bundles") / entry.name

    def unfinished(self, entry: Entry) -> Path:
        """Where it is being made."""
        return self.model(entry).with_name(f".{entry.name}.unfinished")

    def fetched(self, entry: Entry) -> Path:
        """Where its files come in."""
        return self.downloads / entry.name

    @property
    def pins(self) -> Path:
        """What the repositories held when they were first pulled."""
        return self.data / PINS_NAME


def hub_home() -> Path:
    """HF_HOME, as huggingface_hub understands it."""
    from huggingface_hub import constants

    return Path(constants.HF_HOME)


def same_disk(one: Path, other: Path) -> bool:
    """Whether two folders, there or yet to be made, lie on one disk."""
    return _existing(one).stat().st_dev == _existing(other).stat().st_dev


def _existing(folder: Path) -> Path:
    while not folder.exists():
        folder = folder.parent
    return folder


def check_room(wanted: Sequence[tuple[Path, int, str]]) -> None:
    """See that the disks have room: for each folder so many bytes, and what for; folders on one disk are added up.

    Raises:
        BundleMissing: a disk has less.
    """
    by_disk: dict[int, list[tuple[Path, int, str]]] = {}
    for folder, size_bytes, what in wanted:
        existing = _existing(folder)
        by_disk.setdefault(existing.stat().st_dev, []).append((existing, size_bytes, what))
    for items in by_disk.values():
        needed, free = sum(size for _, size, _ in items), shutil.disk_usage(items[0][0]).free
        if needed > free:
            parts = " and ".join(f"{size / 1e9:.1f} GB for {what}" for _, size, what in items if size)
            raise BundleMissing(f"The disk of {items[0][0]} has {free / 1e9:.1f} GB free, but {parts} are needed.")
