"""What a `.pt` file says it holds, without running it: its pickle is read by a machine that knows eleven things to do and no code.

torch.save writes a ZIP with `data.pkl` and one stored member for each storage. The pickle of a state dict only builds dicts, lists and
tensors; everything else that a pickle could ask for is refused here, before torch ever sees the file.
"""

import math
import pickletools
import struct
import zipfile
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from parley_models.errors import BundleCorrupt, BundleMissing

MOST_INSTRUCTIONS = 400_000
MOST_MEMBERS = 50_000
LONGEST_PICKLE = 4 * 2**20
LARGEST_DIRECTORY = 8 * 2**20

DTYPES = {
    "FloatStorage": "F32", "HalfStorage": "F16", "BFloat16Storage": "BF16", "DoubleStorage": "F64", "LongStorage": "I64",
    "IntStorage": "I32", "ShortStorage": "I16", "CharStorage": "I8", "ByteStorage": "U8", "BoolStorage": "BOOL",
}  # fmt: skip
_BYTES = {"F32": 4, "F16": 2, "BF16": 2, "F64": 8, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1}
_ORDERED, _TENSOR, _PARAMETER = "collections OrderedDict", "torch._utils _rebuild_tensor_v2", "torch._utils _rebuild_parameter"


Value = Any
"""Whatever a pickle can make out of plain values."""


@dataclass(frozen=True, slots=True)
class PickledTensor:
    """One tensor of a `.pt` file."""

    dtype: str
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Name:
    """A class or function that the pickle names; never looked up."""

    text: str


@dataclass(frozen=True, slots=True)
class _Storage:
    dtype: str
    member: str
    numbers: int


def read_index(path: Path) -> dict[str, PickledTensor]:
    """The tensors of a state dict, by key; a dict around it (`state_dict`, `model`) is looked through.

    Raises:
        BundleMissing: no such file.
        BundleCorrupt: no state dict as torch saves them since 1.6, or one that asks for anything else.
    """
    if not path.is_file():
        raise BundleMissing(f"There is no file {path}.")
    try:
        _check_directory(path)
        with zipfile.ZipFile(path) as archive:
            members = _members(path, archive)
            pickled = [name for name in members if PurePosixPath(name).name == "data.pkl"]
            if len(pickled) != 1 or members[pickled[0]] > LONGEST_PICKLE:
                raise BundleCorrupt(f"{path} is refused: it is no state dict that torch saved.")
            held = _Machine(path).run(archive.read(pickled[0]))
    except (zipfile.BadZipFile, struct.error, OSError, ValueError, EOFError, RuntimeError, NotImplementedError) as error:
        raise BundleCorrupt(f"{path} is refused: it is no file that torch saved since version 1.6.") from error
    prefix = pickled[0].removesuffix("data.pkl")
    tensors = state_of(held)
    if not tensors or not all(isinstance(key, str) and isinstance(value, tuple) and len(value) == 4 for key, value in tensors.items()):
        raise BundleCorrupt(f"{path} is refused: it holds other things than named tensors.")
    return {key: _checked(path, key, value, members, prefix) for key, value in tensors.items()}


def state_of(held: Value) -> dict[str, Any]:
    """The state dict itself, where it lies in a dict of other things."""
    for name in ("state_dict", "model_state_dict", "model", "generator"):
        if isinstance(held, dict) and isinstance(held.get(name), dict):
            return dict(held[name])
    return dict(held) if isinstance(held, dict) else {}


def _check_directory(path: Path) -> None:
    """The ZIP's table of contents is read as a whole: it must be small."""
    size_bytes = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size_bytes - 65_557))
        tail = file.read()
    at = tail.rfind(b"PK\5\6")
    if at < 0 or len(tail) - at < 22:
        raise BundleCorrupt(f"{path} is refused: it is no file that torch saved since version 1.6.")
    length, members = struct.unpack("<I", tail[at + 12 : at + 16])[0], struct.unpack("<H", tail[at + 10 : at + 12])[0]
    long_form = tail.rfind(b"PK\6\6")
    if long_form >= 0 and len(tail) - long_form >= 48:
        members, length = struct.unpack("<QQ", tail[long_form + 32 : long_form + 48])
    if length > LARGEST_DIRECTORY or members > MOST_MEMBERS:
        raise BundleCorrupt(f"{path} is refused: its table of contents is absurdly long.")


def _members(path: Path, archive: zipfile.ZipFile) -> dict[str, int]:
    """Sizes of the members by name; everything is stored as it is, so nothing can swell."""
    sizes: dict[str, int] = {}
    for member in archive.infolist():
        parts = PurePosixPath(member.filename).parts
        if member.filename.startswith("/") or ".." in parts or "\\" in member.filename or member.filename in sizes:
            raise BundleCorrupt(f"{path} is refused: it holds a member called “{member.filename[:100]}”.")
        if member.compress_type != zipfile.ZIP_STORED or member.file_size != member.compress_size:
            raise BundleCorrupt(f"{path} is refused: torch never compresses what it saves.")
        sizes[member.filename] = member.file_size
    if sum(sizes.values()) > path.stat().st_size:
        raise BundleCorrupt(f"{path} is refused: its members overlap.")
    return sizes


def _checked(path: Path, key: str, made: tuple[Value, ...], members: dict[str, int], prefix: str) -> PickledTensor:
    storage, offset, shape, strides = made
    numbers = [offset, *shape, *strides] if isinstance(shape, tuple) and isinstance(strides, tuple) else [None]
    if not isinstance(storage, _Storage) or not all(type(number) is int and 0 <= number < 2**62 for number in numbers):
        raise BundleCorrupt(f"{path} is refused: it describes {key[:200]} in a way that is not understood.")
    held = members.get(f"{prefix}data/{storage.member}", -1)
    size = _BYTES[storage.dtype]
    reach = offset + sum((length - 1) * stride for length, stride in zip(shape, strides, strict=False)) + 1 if math.prod(shape) else 0
    if len(shape) != len(strides) or max(reach, math.prod(shape)) * size > held:  # no view is larger than what it looks at
        raise BundleCorrupt(f"{path} is cut short or damaged: {key[:200]} {list(shape)[:8]} does not fit into its {max(held, 0):,} bytes.")
    return PickledTensor(storage.dtype, shape)


class _Machine:
    """Runs a pickle's instructions on plain values."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stack: list[Any] = []
        self._marks: list[int] = []
        self._memo: dict[int, Any] = {}
        self._done: dict[str, Callable[[Any], object]] = {
            "PROTO": lambda _: None,
            "FRAME": lambda _: None,
            "MARK": lambda _: self._marks.append(len(self._stack)),
            "NONE": lambda _: self._stack.append(None),
            "NEWTRUE": lambda _: self._stack.append(True),
            "NEWFALSE": lambda _: self._stack.append(False),
            "EMPTY_DICT": lambda _: self._stack.append({}),
            "EMPTY_LIST": lambda _: self._stack.append([]),
            "EMPTY_TUPLE": lambda _: self._stack.append(()),
            "TUPLE": lambda _: self._stack.append(tuple(self._since_mark())),
            "TUPLE1": lambda _: self._stack.append(tuple(self._pop(1))),
            "TUPLE2": lambda _: self._stack.append(tuple(self._pop(2))),
            "TUPLE3": lambda _: self._stack.append(tuple(self._pop(3))),
            "APPEND": lambda _: self._append(self._pop(1)),
            "APPENDS": lambda _: self._append(self._since_mark()),
            "SETITEM": lambda _: self._set(self._pop(2)),
            "SETITEMS": lambda _: self._set(self._since_mark()),
            "GLOBAL": lambda name: self._stack.append(_Name(name)),
            "BINPERSID": lambda _: self._storage(),
            "REDUCE": lambda _: self._reduce(),
            "BUILD": lambda _: self._pop(1),  # a state dict's versions of its modules; nobody needs them
            "MEMOIZE": lambda _: self._memo.__setitem__(len(self._memo), self._stack[-1]),
        }
        for name in ("BINPUT", "LONG_BINPUT"):
            self._done[name] = lambda at: self._memo.__setitem__(at, self._stack[-1])
        for name in ("BINGET", "LONG_BINGET"):
            self._done[name] = lambda at: self._stack.append(self._memo[at])
        for name in ("BINUNICODE", "SHORT_BINUNICODE", "BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT"):
            self._done[name] = self._stack.append

    def run(self, pickled: bytes) -> Value:
        """What the pickle would make. Raises BundleCorrupt."""
        try:
            for count, (opcode, argument, _) in enumerate(pickletools.genops(pickled)):
                if opcode.name == "STOP":
                    (made,) = self._stack
                    return made
                if opcode.name not in self._done or count > MOST_INSTRUCTIONS:
                    raise BundleCorrupt(f"{self._path} is refused: a state dict never asks for {opcode.name}.")
                self._done[opcode.name](argument)
        except (IndexError, KeyError, TypeError, ValueError, AttributeError, RecursionError, AssertionError) as error:
            raise BundleCorrupt(f"{self._path} is refused: its pickle is damaged.") from error
        raise BundleCorrupt(f"{self._path} is refused: its pickle is cut short.")

    def _pop(self, count: int) -> list[Any]:
        taken = self._stack[len(self._stack) - count :]
        assert len(taken) == count
        del self._stack[len(self._stack) - count :]
        return taken

    def _since_mark(self) -> list[Any]:
        return self._pop(len(self._stack) - self._marks.pop())

    def _append(self, items: list[Any]) -> None:
        target = self._stack[-1]
        assert isinstance(target, list)
        target.extend(items)

    def _set(self, items: list[Any]) -> None:
        target = self._stack[-1]
        assert isinstance(target, dict)
        assert all(isinstance(key, Hashable) for key in items[::2])
        target.update(zip(items[::2], items[1::2], strict=True))

    def _storage(self) -> None:
        kind, storage, member, _place, numbers = self._pop(1)[0]
        module, _, name = storage.text.partition(" ")
        if kind != "storage" or module != "torch" or name not in DTYPES or type(numbers) is not int:
            raise BundleCorrupt(f"{self._path} is refused: it keeps numbers as {storage.text[:100]}.")
        self._stack.append(_Storage(DTYPES[name], str(member), numbers))

    def _reduce(self) -> None:
        function, arguments = self._pop(2)
        assert isinstance(arguments, tuple)
        if not isinstance(function, _Name) or function.text not in (_ORDERED, _TENSOR, _PARAMETER):
            asked = function.text.replace(" ", ".") if isinstance(function, _Name) else "something"
            raise BundleCorrupt(f"{self._path} is refused: it asks to run {asked[:100]}, which no state dict needs.")
        if function.text == _ORDERED:
            self._stack.append(dict(arguments[0]) if arguments else {})
        elif function.text == _PARAMETER:
            self._stack.append(arguments[0])
        else:
            self._stack.append(tuple(arguments[:4]))
