"""Calls of tools in an answer's text: one line each, never shown and never spoken (docs/architecture/engine.md, "Calls").

@set_timer seconds=300 label="tea"
"""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

Value = str | int | float | bool | None

_VALUE = r'"(?:[^"\\]|\\.)*"|[^\s"]+'
_CALL = re.compile(rf"@([A-Za-z_][\w-]*)((?:\s+[A-Za-z_]\w*=(?:{_VALUE}))*)")
_ARGUMENT = re.compile(rf"([A-Za-z_]\w*)=({_VALUE})")


@dataclass(frozen=True, slots=True)
class ToolCall:
    """The model asks for something to be done."""

    name: str
    arguments: Mapping[str, Value] = field(default_factory=dict)

    @property
    def line(self) -> str:
        """As it stands in an answer's text."""
        return " ".join([f"@{self.name}", *(f"{name}={_written(value)}" for name, value in self.arguments.items())])


def read_call(line: str) -> ToolCall | None:
    """The call that a line is, or None."""
    found = _CALL.fullmatch(line.strip())
    if found is None:
        return None
    return ToolCall(found[1], {name: _read(value) for name, value in _ARGUMENT.findall(found[2])})


def output_line(name: str, output: str) -> str:
    """What a tool gave back, as the model reads it: a line of the human's turn."""
    return f"@{name}: {' '.join(output.split())}"


def _written(value: Value) -> str:
    text = json.dumps(value, ensure_ascii=False)
    plain = isinstance(value, str) and re.fullmatch(r"[^\s\"=]+", value) is not None and _read(value) == value
    return value if isinstance(value, str) and plain else text


def _read(text: str) -> Value:
    """JSON where it is some (numbers, true, false, null, quoted text), else the text itself."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, str | int | float | bool) or value is None else text


class CallReader:
    """Takes an answer's text as it comes and sorts the calls out of it. A line that may become a call is held until it ends."""

    def __init__(self, names: Collection[str]) -> None:
        """`names` are the tools there are: a line that calls another is text."""
        self._names = frozenset(names)
        self._line = ""
        self._plain = False
        """The line begun is no call: it passes as it comes."""

        self.calls: list[ToolCall] = []

    def feed(self, text: str) -> str:
        """What of more text is to be shown."""
        if not self._names:
            return text
        shown = ""
        for piece in text.splitlines(keepends=True):
            shown += self._take(piece)
        return shown

    def finish(self) -> str:
        """Nothing more comes of this stretch: what was held and is no call. The next one begins a line."""
        self._plain = False
        return self._end()

    def _take(self, piece: str) -> str:
        if self._plain:
            self._plain = not piece.endswith("\n")
            return piece
        self._line += piece
        if piece.endswith("\n"):
            return self._end()
        if self._line.strip() and not self._line.lstrip().startswith("@"):
            self._plain = True
            return self._give()
        return ""

    def _end(self) -> str:
        call = read_call(self._line)
        if call is not None and call.name in self._names:
            self.calls.append(call)
            self._line = ""
        return self._give()

    def _give(self) -> str:
        line, self._line = self._line, ""
        return line
