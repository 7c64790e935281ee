"""Character cards: SillyTavern's V1 and V2 as JSON, or inside a PNG picture; ours lies under `data.extensions.parley`.

A card from somebody else is data and nothing more: its size, its depth and every checksum are checked, its picture is never decoded, and
its name never becomes a path. Format: https://github.com/malfoyslastname/character-card-spec-v2
"""

import base64
import binascii
import json
import math
import struct
import zlib
from dataclasses import asdict
from pathlib import Path
from typing import Any

from parley.conversation.character import Character
from parley_models.errors import InputError
from parley_models.sound_file import write_whole
from parley_models.style import STYLE_FIELDS, Style

LARGEST_FILE = 16 * 2**20
LARGEST_CARD = 2**20
"""Bytes of JSON."""

LONGEST_TEXT = 20_000
"""Characters of one field; the wire takes no more for the whole role."""

LONGEST_NAME = 80
_PNG = b"\x89PNG\r\n\x1a\n"
_KEYWORDS = (b"ccv3", b"chara")
"""The newer one first: a card may carry both."""

_RANGES = {"intensity": (0.0, 1.0), "rate": (0.5, 2.0), "pitch": (-6.0, 6.0)}


def read_card(path: Path) -> Character:
    """The character of a card.

    Raises:
        InputError: no card, damaged, too large, or without a name.
    """
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise InputError(f"{path.name} is no character card: it has more than {LARGEST_FILE // 2**20} MB.")
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} can't be read: {error.strerror}.") from error
    text = _from_png(content, path.name) if content.startswith(_PNG) else content
    if len(text) > LARGEST_CARD:
        raise InputError(f"{path.name} is no character card: its text has more than {LARGEST_CARD // 2**20} MB.")
    try:
        raw = json.loads(text.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise InputError(f"{path.name} is no character card: it holds no JSON that can be read.") from None
    return character_of(raw, path.name)


def character_of(raw: object, name: str) -> Character:
    """The character of a card's JSON; `name` is what it is called in messages.

    Raises:
        InputError: not a card, or without a name.
    """
    data = raw.get("data", raw) if isinstance(raw, dict) else None
    if not isinstance(data, dict) or not isinstance(data.get("name"), str) or not _line(data["name"]):
        raise InputError(f"{name} is no character card: it has no character's name.")
    extensions = data.get("extensions")
    ours = extensions.get("parley") if isinstance(extensions, dict) else None
    ours = ours if isinstance(ours, dict) else {}
    return Character(
        name=_line(data["name"])[:LONGEST_NAME],
        description=_text(data, "description"),
        personality=_text(data, "personality"),
        scenario=_text(data, "scenario"),
        greeting=_text(data, "first_mes"),
        instructions=_text(data, "system_prompt"),
        example=_text(data, "mes_example"),
        creator=_line(_text(data, "creator"))[:LONGEST_NAME],
        tags=tuple(_line(tag)[:LONGEST_NAME] for tag in _list(data, "tags")[:50]),
        style=_style(ours.get("style")),
        kind=_line(_text(ours, "role"))[:LONGEST_NAME],
        languages=tuple(_line(language)[:20] for language in _list(ours, "languages")[:20]),
    )


def card_of(character: Character) -> dict[str, Any]:
    """A character as V2 JSON, which SillyTavern and its like can open."""
    neutral = Style()
    style = {name: value for name, value in asdict(character.style).items() if value != getattr(neutral, name)}
    ours: dict[str, Any] = {"role": character.kind, "style": style, "languages": list(character.languages)}
    return {
        "spec": "chara_card_v2",
        "spec_version": "2.0",
        "data": {
            "name": character.name,
            "description": character.description,
            "personality": character.personality,
            "scenario": character.scenario,
            "first_mes": character.greeting,
            "mes_example": character.example,
            "creator_notes": "",
            "system_prompt": character.instructions,
            "post_history_instructions": "",
            "alternate_greetings": [],
            "tags": list(character.tags),
            "creator": character.creator,
            "character_version": "",
            "extensions": {"parley": {name: value for name, value in ours.items() if value}},
        },
    }


def write_card(path: Path, character: Character) -> None:
    """Write a card, in one step.

    Raises:
        UsageError: the place can't be written to.
    """
    write_whole(path, (json.dumps(card_of(character), ensure_ascii=False, indent=2) + "\n").encode())


def _from_png(content: bytes, name: str) -> bytes:
    """The text of a card that lies in a picture; chunks are walked, pixels never looked at."""
    found: dict[bytes, bytes] = {}
    at = len(_PNG)
    while at + 12 <= len(content):
        size, kind = struct.unpack_from(">I4s", content, at)
        body, end = content[at + 8 : at + 8 + size], at + 12 + size
        if end > len(content) or zlib.crc32(kind + body) != struct.unpack_from(">I", content, end - 4)[0]:
            raise InputError(f"{name} is damaged: its picture ends too early, or a checksum is wrong.")
        if kind == b"tEXt":
            keyword, _, text = body.partition(b"\0")
            if keyword.lower() in _KEYWORDS:
                found.setdefault(keyword.lower(), text)
        if kind == b"IEND":
            break
        at = end
    for keyword in _KEYWORDS:
        if keyword in found:
            try:
                return base64.b64decode(found[keyword], validate=True)
            except (binascii.Error, ValueError):
                raise InputError(f"{name} is damaged: the card in its picture is no base64.") from None
    raise InputError(f"{name} is a picture without a character card.")


def _text(data: dict[str, Any], key: str) -> str:
    value = data.get(key)
    kept = (letter for letter in value if letter.isprintable() or letter in "\n\t") if isinstance(value, str) else ()
    return "".join(kept)[:LONGEST_TEXT].strip()


def _line(value: object) -> str:
    return " ".join("".join(letter if letter.isprintable() else " " for letter in str(value)).split())


def _list(data: dict[str, Any], key: str) -> list[str]:
    value = data.get(key)
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def _style(raw: object) -> Style:
    """What of a style is one; the rest is left out."""
    given: dict[str, Any] = {}
    for name, value in raw.items() if isinstance(raw, dict) else ():
        if name in _RANGES:
            low, high = _RANGES[name]
            if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
                given[name] = min(high, max(low, float(value)))
        elif name in STYLE_FIELDS and isinstance(value, str) and value:
            given[name] = _line(value)[:LONGEST_NAME]
    return Style(**given)
