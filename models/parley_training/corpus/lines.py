"""A line of a shard: everything that is known about one utterance, as JSON, and the exchange that it was.

What an exchange leaves open is left out of the line, so a line of Mini 0's world has intent, question, answer and key, as ever.
"""

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from parley_models.style import Style
from parley_training.corpus.exchange import Exchange, Part, Tone

Line = dict[str, Any]

_ALWAYS = ("intent", "question", "answer", "key")
_SIMPLE = ("system", "call", "question_sound", "spoken", "language")
_DEFAULTS = {field.name: field.default for field in fields(Exchange)}


def line_of(exchange: Exchange) -> Line:
    """The exchange as plain values."""
    line: Line = {name: getattr(exchange, name) for name in _ALWAYS}
    line |= {name: value for name in _SIMPLE if (value := getattr(exchange, name)) != _DEFAULTS[name]}
    if exchange.parts:
        line["parts"] = [_part_line(part) for part in exchange.parts]
    if exchange.before:
        line["before"] = [line_of(earlier) for earlier in exchange.before]
    if exchange.tone is not None:
        line["tone"] = {name: value for name, value in asdict(exchange.tone).items() if value is not None}
    return line


def exchange_of(line: Mapping[str, Any]) -> Exchange:
    """The exchange that a line was made of; what else the line knows (who speaks, how) is passed over.

    Raises:
        KeyError: it is no line.
    """
    values: dict[str, Any] = {name: line[name] for name in (*_ALWAYS, *_SIMPLE) if name in _ALWAYS or name in line}
    values["parts"] = tuple(Part(each["text"], style_of(each.get("style", {})), each.get("sound", "")) for each in line.get("parts", ()))
    values["before"] = tuple(exchange_of(earlier) for earlier in line.get("before", ()))
    values["tone"] = Tone(**line["tone"]) if "tone" in line else None
    return Exchange(**values)


def style_line(style: Style) -> dict[str, str | float]:
    """What differs from the voice's own style."""
    return {name: value for name, value in asdict(style).items() if value != getattr(Style(), name)}


def style_of(line: Mapping[str, Any]) -> Style:
    """The style that was written so."""
    return Style(**line)


def _part_line(part: Part) -> Line:
    line: Line = {"text": part.text}
    if part.style != Style():
        line["style"] = style_line(part.style)
    if part.sound:
        line["sound"] = part.sound
    return line
