"""Ours beside theirs: one row for each item of a reference folder."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from parley_models.errors import BundleCorrupt, BundleMissing

Numbers = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Row:
    """One item."""

    item: str
    """Golden file and key, or what was looked at."""

    difference: float | None
    """The largest; for what must be equal, how many places differ. None where it could not be computed."""

    tolerance: float | None
    """None: only told."""

    note: str = ""

    @property
    def passed(self) -> bool:
        """Within the tolerance."""
        if self.difference is None:
            return False
        return self.tolerance is None or self.difference <= self.tolerance


class Golden:
    """One golden file. It knows which of its keys were asked for, so that none is forgotten."""

    def __init__(self, path: Path) -> None:
        """Read an npz of plain arrays. Raises BundleMissing or BundleCorrupt."""
        self.name = path.stem
        if not path.is_file():
            raise BundleMissing(f"There is no file {path}.")
        try:
            with np.load(path, allow_pickle=False) as held:
                self._arrays = {key: held[key] for key in held.files}
        except (ValueError, OSError, EOFError, KeyError, AttributeError) as error:
            raise BundleCorrupt(f"{path} is refused: it holds other things than plain arrays.") from error
        self._asked: set[str] = set()

    def __getitem__(self, key: str) -> Numbers:
        if key not in self._arrays:
            raise BundleCorrupt(f"golden/{self.name} lacks {key}.")
        self._asked.add(key)
        return self._arrays[key]

    def __contains__(self, key: str) -> bool:
        return key in self._arrays

    def keys(self, prefix: str = "") -> list[str]:
        """Keys that begin so."""
        return [key for key in self._arrays if key.startswith(prefix)]

    def groups(self) -> list[str]:
        """What stands before the slashes, in order."""
        return list(dict.fromkeys(key.split("/")[0] for key in self._arrays if "/" in key))

    def close(self, key: str, ours: Numbers, tolerance: float, note: str = "") -> Row:
        """Ours against what is kept under a key."""
        return close(f"{self.name}: {key}", ours, self[key], tolerance, note)

    def same(self, key: str, ours: Any, note: str = "") -> Row:  # noqa: ANN401 - whatever numpy makes an array of
        """Ours must equal what is kept under a key."""
        return same(f"{self.name}: {key}", ours, self[key], note)

    def told(self, key: str, difference: float, note: str) -> Row:
        """A figure that is only told."""
        self._asked.add(key)
        return Row(f"{self.name}: {key}", difference, None, note)

    def forgotten(self) -> Iterator[Row]:
        """A failing row for every key that nobody asked for."""
        for key in self._arrays:
            if key not in self._asked:
                yield Row(f"{self.name}: {key}", None, 0.0, "not checked: this Parley does not know what it is")


def close(item: str, ours: Numbers, theirs: Numbers, tolerance: float, note: str = "") -> Row:
    """The largest difference; infinities must stand in the same places."""
    ours, theirs = np.asarray(ours, np.float64), np.asarray(theirs, np.float64)
    if ours.shape != theirs.shape:
        return Row(item, None, tolerance, f"the shape is {list(ours.shape)}, not {list(theirs.shape)}")
    finite = np.isfinite(theirs)
    if (np.isfinite(ours) != finite).any():
        return Row(item, None, tolerance, "values that are no numbers")
    return Row(item, float(np.abs(ours[finite] - theirs[finite]).max(initial=0.0)), tolerance, note)


def same(item: str, ours: object, theirs: object, note: str = "") -> Row:
    """How many places differ; none may."""
    mine, other = np.asarray(ours), np.asarray(theirs)
    if mine.size == 0 and other.size == 0:
        return Row(item, 0.0, 0.0, note)
    if mine.shape != other.shape:
        return Row(item, None, 0.0, f"the shape is {list(mine.shape)}, not {list(other.shape)}")
    return Row(item, float((mine != other).sum()), 0.0, note)
