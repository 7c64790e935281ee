"""Safetensors files as bytes: headers that are checked before anything is believed, rows that are read and written without the rest.

Format: eight bytes with the header's length, the header as JSON, the tensors' bytes (huggingface/safetensors).
"""

import json
import math
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from parley_models.errors import BundleCorrupt, BundleMissing

LONGEST_HEADER = 16 * 2**20
"""Step-Audio's shards have some kilobytes."""

SIZES: Mapping[str, int] = {
    "F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1, "U16": 2, "U32": 4, "U64": 8,
}  # fmt: skip
FLOATS = ("F32", "F16", "BF16", "F64")
_METADATA = "__metadata__"


@dataclass(frozen=True, slots=True)
class TensorPlace:
    """One tensor of a file."""

    dtype: str
    """As the format names it: F32, BF16, …"""

    shape: tuple[int, ...]
    start: int
    """Its first byte in the file."""

    @property
    def size_bytes(self) -> int:
        """Of the whole tensor."""
        return math.prod(self.shape) * SIZES[self.dtype]

    @property
    def row_bytes(self) -> int:
        """Of one step along the first dimension."""
        return math.prod(self.shape[1:]) * SIZES[self.dtype]


def read_places(path: Path) -> dict[str, TensorPlace]:
    """Every tensor of a file, by key, in the order in which they lie. Reads the header only.

    Raises:
        BundleMissing: no such file.
        BundleCorrupt: no safetensors file, one that is cut short, or one whose tensors do not lie side by side.
    """
    try:
        size_bytes = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(8)
            length = struct.unpack("<Q", head)[0] if len(head) == 8 else 0
            if not 2 <= length <= LONGEST_HEADER or length + 8 > size_bytes:
                raise BundleCorrupt(f"{path} is no safetensors file: its header would take {length:,} of {size_bytes:,} bytes.")
            entries = json.loads(file.read(length), object_pairs_hook=_without_twins)
    except FileNotFoundError:
        raise BundleMissing(f"There is no file {path}.") from None
    except (ValueError, RecursionError) as error:
        raise BundleCorrupt(f"{path} is no safetensors file: its header can't be read.") from error
    if not isinstance(entries, dict):
        raise BundleCorrupt(f"{path} is no safetensors file: its header is no table.")
    places = {key: _place(path, key, entry, length + 8) for key, entry in entries.items() if key != _METADATA}
    return _side_by_side(path, places, length + 8, size_bytes)


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) < len(pairs):
        raise ValueError("a key stands twice")
    return table


def _place(path: Path, key: str, entry: object, base: int) -> TensorPlace:
    try:
        assert isinstance(entry, dict)
        dtype, shape, (start, stop) = entry["dtype"], entry["shape"], entry["data_offsets"]
        numbers = [*shape, start, stop]
        assert dtype in SIZES
        assert len(shape) <= 8
        assert all(type(number) is int and 0 <= number < 2**62 for number in numbers)
    except (AssertionError, KeyError, TypeError, ValueError):
        raise BundleCorrupt(f"{path} describes the tensor {key[:200]} in a way that is not understood.") from None
    place = TensorPlace(dtype, tuple(shape), base + start)
    if stop - start != place.size_bytes:
        raise BundleCorrupt(f"{path} gives {key[:200]} {stop - start:,} bytes, but {dtype} {list(shape)} takes {place.size_bytes:,}.")
    return place


def _side_by_side(path: Path, places: dict[str, TensorPlace], base: int, size_bytes: int) -> dict[str, TensorPlace]:
    ordered = dict(sorted(places.items(), key=lambda item: item[1].start))
    end = base
    for key, place in ordered.items():
        if place.start != end:
            raise BundleCorrupt(f"{path} is damaged: the tensor {key[:200]} does not begin where the one before it ends.")
        end += place.size_bytes
        if end > size_bytes:
            raise BundleCorrupt(f"{path} is cut short: the tensor {key[:200]} ends at byte {end:,}, the file at {size_bytes:,}.")
    if end != size_bytes:
        raise BundleCorrupt(f"{path} is damaged: {size_bytes - end:,} bytes behind its last tensor belong to none.")
    return ordered


def row_blocks(file: BinaryIO, place: TensorPlace, block_bytes: int) -> Iterator[tuple[int, bytes]]:
    """The tensor's bytes in blocks of whole rows: how many rows, and their bytes. A single number counts as one row.

    Raises:
        BundleCorrupt: the file ends before the tensor does.
    """
    rows, row_bytes = (place.shape[0], place.row_bytes) if place.shape else (1, place.size_bytes)
    at_once = max(1, block_bytes // max(row_bytes, 1))
    file.seek(place.start)
    for first in range(0, rows, at_once):
        count = min(at_once, rows - first)
        content = file.read(count * row_bytes)
        if len(content) < count * row_bytes:
            raise BundleCorrupt(f"{file.name} is cut short.")
        yield count, content


def header(tensors: Mapping[str, tuple[str, tuple[int, ...]]]) -> bytes:
    """The head of a file that holds these tensors (dtype, shape) one after the other, padded to eight bytes as the format wants."""
    entries: dict[str, Any] = {_METADATA: {"format": "pt"}}
    stop = 0
    for key, (dtype, shape) in tensors.items():
        start, stop = stop, stop + math.prod(shape) * SIZES[dtype]
        entries[key] = {"dtype": dtype, "shape": list(shape), "data_offsets": [start, stop]}
    text = json.dumps(entries, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text
