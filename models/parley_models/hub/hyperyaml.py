"""`cosyvoice.yaml` as data: its tags name classes to be made by HyperPyYAML; here they are names, and nothing is ever made."""

import re
from pathlib import Path
from typing import Any

import yaml

from parley_models.errors import BundleCorrupt, BundleMissing

LONGEST = 32 * 2**10
"""The published file has 3 kB."""

DEEPEST = 32
"""Brackets in brackets: PyYAML's time grows with their square."""

Value = Any
"""Whatever YAML can hold."""

CLASS = "!class"
"""The key under which a table's tag is kept."""

_REFERENCE = re.compile(r"<([A-Za-z_][\w]*(?:\[[\w]+\])*)>")


class _Loader(yaml.SafeLoader):  # type: ignore[misc]  # no types are published for it
    """Plain values only."""


class _Reference(str):
    """`!ref <name>`, to be replaced by what the name stands for."""

    __slots__ = ()


def _tagged(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, object]:
    """`!new:` and `!name:` tables keep their tag; a table in which nothing stands is empty."""
    table = loader.construct_mapping(node, deep=True) if isinstance(node, yaml.MappingNode) else {}
    return {CLASS: suffix, **table}


def _reference(loader: yaml.SafeLoader, node: yaml.Node) -> _Reference:
    return _Reference(loader.construct_scalar(node))  # anything but a scalar raises


def _nothing(_loader: yaml.SafeLoader, _suffix: str, _node: yaml.Node) -> None:
    """`!apply:` would call something while the file is read."""


_Loader.add_multi_constructor("!new:", _tagged)
_Loader.add_multi_constructor("!name:", _tagged)
_Loader.add_multi_constructor("!apply:", _nothing)
_Loader.add_constructor("!ref", _reference)


def read_hyperyaml(path: Path) -> dict[str, Any]:
    """The file as tables, lists and plain values, references replaced.

    Raises:
        BundleMissing: no such file.
        BundleCorrupt: not YAML, too long, or with tags that could run something.
    """
    if not path.is_file():
        raise BundleMissing(f"There is no file {path}.")
    if path.stat().st_size > LONGEST:
        raise BundleCorrupt(f"{path} is refused: {path.stat().st_size:,} bytes are too many for settings.")
    try:
        text = path.read_text("utf-8")
        if _nesting(text) > DEEPEST:
            raise BundleCorrupt(f"{path} is refused: it nests deeper than settings do.")
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, _Loader)):
            raise BundleCorrupt(f"{path} is refused: it repeats parts of itself.")
        held = yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader with four tags more, none of which makes anything
        if not isinstance(held, dict):
            raise BundleCorrupt(f"{path} holds no settings.")
        return {key: _resolved(value, held, path, 0) for key, value in held.items()}
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError, TypeError) as error:
        raise BundleCorrupt(f"{path} is refused: it is no file of settings.") from error


def _nesting(text: str) -> int:
    """How deep brackets lie in brackets at most, or dashes behind dashes in a line."""
    depth = deepest = 0
    for character in text:
        depth += (character in "[{") - (character in "]}")
        deepest = max(deepest, depth)
    return max(deepest, *(line.count("- ") + line.count("? ") for line in text.splitlines()), 0)


def _resolved(value: Value, top: dict[str, Any], path: Path, depth: int) -> Value:
    if depth > 64:
        raise BundleCorrupt(f"{path} is refused: its references run in a circle.")
    if isinstance(value, _Reference):
        found = _REFERENCE.fullmatch(value.strip())
        if not found:
            raise BundleCorrupt(f"{path} has a reference that is not understood: {value[:100]}.")
        reached: Value = top
        for part in found[1].replace("]", "").split("["):
            if not isinstance(reached, dict) or part not in reached:
                raise BundleCorrupt(f"{path} refers to {value[:100]}, which it does not hold.")
            reached = reached[part]
        return _resolved(reached, top, path, depth + 1)
    if isinstance(value, dict):
        return {key: _resolved(item, top, path, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_resolved(item, top, path, depth + 1) for item in value]
    return value


class Settings:
    """Values of a file by their place, each checked where it is asked for."""

    def __init__(self, path: Path, table: dict[str, Any]) -> None:
        self.path = path
        self._table = table

    def has(self, place: str) -> bool:
        """Whether something stands there."""
        return self._find(place) is not None

    def whole(self, place: str, default: int | None = None) -> int:
        """A whole number above 0. Raises BundleCorrupt."""
        value = self._find(place, default)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 2**31:
            raise BundleCorrupt(f"{self.path} gives {place} as {str(value)[:60]}, not as a whole number above 0.")
        return value

    def number(self, place: str, default: float | None = None) -> float:
        """A number of at least 0. Raises BundleCorrupt."""
        value = self._find(place, default)
        if isinstance(value, str):  # YAML 1.1 reads 1e-06 as text
            value = float(value) if re.fullmatch(r"\d+(\.\d*)?([eE][-+]?\d+)?", value) else value
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e12:
            raise BundleCorrupt(f"{self.path} gives {place} as {str(value)[:60]}, not as a number.")
        return float(value)

    def wholes(self, place: str) -> tuple[int, ...]:
        """A list of whole numbers above 0. Raises BundleCorrupt."""
        value = self._find(place)
        if not isinstance(value, list) or not value or len(value) > 64 or not all(type(item) is int and item > 0 for item in value):
            raise BundleCorrupt(f"{self.path} gives {place} as {str(value)[:60]}, not as a list of whole numbers.")
        return tuple(value)

    def same_lists(self, place: str) -> tuple[int, ...]:
        """A list of equal lists, as one of them. Raises BundleCorrupt."""
        value = self._find(place)
        if not isinstance(value, list) or not value or any(item != value[0] for item in value):
            raise BundleCorrupt(f"{self.path} gives {place} as {str(value)[:60]}; only equal lists are known.")
        return Settings(self.path, {"first": value[0]}).wholes("first")

    def must_be(self, place: str, *known: object) -> None:
        """See that a value, where it is given, is one that is known. Raises BundleCorrupt."""
        value = self._find(place)
        if value is not None and value not in known:
            raise BundleCorrupt(f"{self.path} gives {place} as {str(value)[:60]}; known is {' or '.join(map(str, known))}.")

    def kind(self, place: str) -> str:
        """The last part of the class that a table names. Raises BundleCorrupt."""
        value = self._find(f"{place}.{CLASS}")
        if not isinstance(value, str):
            raise BundleCorrupt(f"{self.path} does not say what its {place} is.")
        return value.rpartition(".")[2]

    def _find(self, place: str, default: Value = None) -> Value:
        value: Value = self._table
        for part in place.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        return default if value is None else value
