"""Characters as a user meets them: shipped, made, imported, shared; and files that are up to no good."""

import base64
import json
import random
import struct
import zlib
from dataclasses import replace
from pathlib import Path

import pytest

from parley.conversation.cards import card_of, read_card, write_card
from parley.conversation.character import Character, playable
from parley.conversation.characters import Characters
from parley.conversation.offer import Offer
from parley_models.errors import InputError, ParleyError, UsageError
from parley_models.style import Control, ControlTable, Level, Style

ROLES = {"pirate", "teacher", "robot", "storyteller", "friend", "chef", "travel guide", "customer service agent", "game merchant"}
ADA = Character(
    name="Ada “β”",
    description="An engineer.",
    personality="Exact.",
    scenario="{{user}} visits {{char}}.",
    greeting="Good day, {{user}}!",
    instructions="You are an engineer.",
    example="<START>",
    creator="me",
    tags=("old",),
    style=Style(emotion="calm", rate=0.9, voice="slt"),
    kind="engineer",
    languages=("en",),
)


def offer(*, roles: tuple[str, ...] = ("*",), languages: tuple[str, ...] = ("en",)) -> Offer:
    rows = (Control("rate", "continuous", minimum=0.5, maximum=2.0), Control("emotion", "discrete", (Level("happy"), Level("calm"))))
    return Offer("Mini", ControlTable("Mini", rows), ("slt",), languages, roles, is_parley=True)


@pytest.fixture
def cast(tmp_path: Path) -> Characters:
    return Characters(Characters.of_user()._shipped, tmp_path / "characters")


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def picture(*texts: tuple[bytes, bytes]) -> bytes:
    """A PNG of one grey pixel with texts in it."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    body = b"".join(chunk(b"tEXt", keyword + b"\0" + text) for keyword, text in texts)
    return b"\x89PNG\r\n\x1a\n" + head + body + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")


def test_every_promised_role_is_shipped_and_can_be_shared(cast: Characters, tmp_path: Path) -> None:
    shipped = cast.characters()
    assert {character.kind for character in shipped} == ROLES
    for character in shipped:
        assert character.greeting and character.description and character.role()
        assert "{{" not in character.role() + character.fill(character.greeting)
        assert not cast.is_own(character.name)
        write_card(tmp_path / "card.json", character)
        assert read_card(tmp_path / "card.json") == character


def test_a_character_of_ones_own_is_kept_renamed_and_deleted(cast: Characters) -> None:
    cast.save(ADA)
    assert cast.find(ADA.name) == ADA
    cast.save(replace(ADA, name="Ada L."), replaces=ADA.name)
    assert cast.find(ADA.name) is None
    assert cast.is_own("Ada L.")
    with pytest.raises(InputError, match="already"):
        cast.save(replace(ADA, name="Ada L."))
    cast.delete("Ada L.")
    assert cast.find("Ada L.") is None
    with pytest.raises(UsageError, match="stays"):
        cast.delete("Captain Rosa")
    with pytest.raises(InputError, match="name"):
        cast.save(replace(ADA, name=" "))


def test_cards_of_every_kind_are_taken(cast: Characters, tmp_path: Path) -> None:
    v2 = json.dumps(card_of(ADA)).encode()
    v1 = json.dumps({"name": "Old One", "description": "From V1.", "first_mes": "Hi."}).encode()
    newer = json.dumps(card_of(replace(ADA, name="Newer")) | {"spec": "chara_card_v3"}).encode()
    both = picture((b"chara", base64.b64encode(v2)), (b"ccv3", base64.b64encode(newer)))
    files = {
        "v2.json": v2,
        "v1.json": v1,
        "ada.png": picture((b"Chara", base64.b64encode(v2))),
        "both.png": both,
        "bom.json": b"\xef\xbb\xbf" + v2,
    }
    names = {}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
        names[name] = cast.take(tmp_path / name).name
    assert names == {"v2.json": ADA.name, "v1.json": "Old One", "ada.png": ADA.name, "both.png": "Newer", "bom.json": ADA.name}
    assert {character.name for character in cast.characters()} >= {ADA.name, "Old One", "Newer"}


def test_another_card_does_not_take_a_name_away(cast: Characters, tmp_path: Path) -> None:
    cast.save(ADA)
    (tmp_path / "evil.json").write_text(json.dumps(card_of(replace(ADA, description="Somebody else."))))
    with pytest.raises(InputError, match="already"):
        cast.take(tmp_path / "evil.json")
    assert cast.find(ADA.name) == ADA


V2 = json.dumps(card_of(ADA)).encode()
HOSTILE: dict[str, bytes] = {
    "nothing": b"",
    "no JSON": b"name: Ada",
    "a list": b"[1]",
    "no name": b'{"data": {"description": "x"}}',
    "a name that is none": b'{"name": " \\u0000\\u200b "}',
    "a name that is a list": b'{"name": ["Ada"]}',
    "deep": b"[" * 100_000,
    "deep objects": b'{"a":' * 100_000,
    "not UTF-8": b'{"name": "\xff"}',
    "a long number": b'{"name": ' + b"9" * 10_000 + b"}",
    "too much text": b'{"name": "Ada", "description": "' + b"x" * 1_100_000 + b'"}',
    "no card inside": picture((b"Comment", b"hello")),
    "no base64": picture((b"chara", b"!!!")),
    "cut short": picture((b"chara", base64.b64encode(V2)))[:-60],
    "a wrong checksum": picture((b"chara", base64.b64encode(V2))).replace(b"tEXtchara", b"tEXtcharb"),
    "a chunk longer than the file": b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 2**31) + b"tEXt" + b"chara\0",
    "too much text in a picture": picture((b"chara", base64.b64encode(b" " * 1_100_000 + V2))),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_what_is_no_card_is_refused_with_a_sentence(tmp_path: Path, case: str) -> None:
    (tmp_path / "card.png").write_bytes(HOSTILE[case])
    with pytest.raises(InputError, match=r"^card.png .*\.$"):
        read_card(tmp_path / "card.png")


def test_a_card_can_not_write_elsewhere_or_ask_for_the_impossible(cast: Characters, tmp_path: Path) -> None:
    evil = {
        "name": "../../../evil\x1b[31m\n",
        "description": 7,
        "tags": "all",
        "extensions": {"parley": {"style": {"rate": 1e308, "pitch": "x"}}},
    }
    (tmp_path / "evil.json").write_text(json.dumps({"data": evil}))
    character = cast.take(tmp_path / "evil.json")
    assert character.style == Style(rate=2.0)
    assert character.name == "../../../evil [31m"
    assert [path.parent for path in tmp_path.rglob("*evil*")] == [tmp_path, tmp_path / "characters"]
    (tmp_path / "nan.json").write_text(
        '{"name": "N", "extensions": {"parley": {"style": {"rate": NaN, "intensity": true, "emotion": ["x"]}}}}'
    )
    assert read_card(tmp_path / "nan.json").style == Style()


def test_mutated_cards_never_do_more_than_be_refused(tmp_path: Path) -> None:
    chance = random.Random(7)
    path, taken = tmp_path / "card.bin", 0
    for seed in (V2, picture((b"chara", base64.b64encode(V2)))):
        for _ in range(300):
            content = bytearray(seed)
            for _ in range(chance.randrange(1, 6)):
                content[chance.randrange(len(content))] = chance.randrange(256)
            path.write_bytes(content[: chance.randrange(1, len(content) + 1)] if chance.random() < 0.3 else content)
            try:
                read_card(path)
                taken += 1
            except ParleyError:
                pass
    assert 0 < taken < 600


def test_a_damaged_card_in_the_folder_costs_only_itself(cast: Characters, tmp_path: Path) -> None:
    (tmp_path / "characters").mkdir()
    (tmp_path / "characters" / "broken.json").write_text("{")
    assert len(cast.characters()) == len(ROLES)


def test_what_a_bundle_can_not_play_is_marked_with_the_reason() -> None:
    assert ADA.unplayable(offer()) == ""
    assert ADA.unplayable(offer(roles=("engineer",))) == ""
    assert ADA.unplayable(offer(roles=("pirate", "chef"))) == "Mini is small and plays only these roles: pirate, chef."
    assert ADA.unplayable(offer(roles=())) == "Mini is small and plays no roles yet: it answers as itself."
    assert ADA.unplayable(offer(languages=("zh",))) == "Mini does not speak en."
    assert replace(ADA, languages=()).unplayable(offer(languages=("zh",))) == ""


def test_a_style_that_is_not_offered_is_left_out_and_named() -> None:
    rich = replace(ADA, style=Style(emotion="angry", rate=1.5, manner="sing", voice="slt"))
    assert playable(rich.style, offer()) == Style(rate=1.5, voice="slt")
    told = rich.missing(offer())
    assert len(told) == 2
    assert "happy, calm" in told[0] and "manner" in told[1]


def test_a_small_model_is_told_the_role_by_its_name() -> None:
    assert ADA.role(offer(roles=("engineer",))) == "You are an engineer."
    assert ADA.role(offer()).splitlines() == ["You are an engineer.", "An engineer.", "Exact.", "the user visits Ada “β”."]
