"""What `bundle.toml` says: frozen values, checked by pydantic where the file is read (DESIGN §6)."""

import json
import re
import tomllib
from collections.abc import Collection
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from parley_models.errors import BundleCorrupt, BundleMissing
from parley_models.prompt import ChatTemplate
from parley_models.style import Control, ControlTable, Style
from parley_models.tokens import TokenLayout

MANIFEST_NAME = "bundle.toml"
ANY_ROLE = "*"
"""Among a bundle's roles: it plays whatever it is told to."""

ANY_TEXT = "*"
"""Among what a bundle recites: it speaks whatever words it is given."""

READABLE = frozenset({".onnx", ".npy", ".model", ".json", ".safetensors", ".toml", ".txt", ".md"})
"""The only kinds of file ever opened from a bundle: none of them can carry code."""

LARGEST_BYTES = 4 * 2**20
"""Of a manifest; ours have some ten thousand."""

_BOTTOMLESS = re.compile(r"""(?<![\w"'\\-])(?:(?:[\w-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*')[ \t]*\.[ \t]*){64}""")
"""A key of so many parts: tomllib takes memory by the square of their number, and 200 kB of them take all that a machine has. None begins
behind a backslash: else each escaped quote of a long line would be followed to its end."""

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]


def recitable(text: str, recites: Collection[str]) -> bool:
    """Whether a text is among those that a bundle recites."""
    return ANY_TEXT in recites or text.strip() in recites


@dataclass(frozen=True, slots=True)
class BundleFile:
    """One file of a bundle."""

    path: str
    """Relative to the bundle's folder, with forward slashes."""

    sha256: Sha256
    size_bytes: Annotated[int, Field(ge=0)]


@dataclass(frozen=True, slots=True)
class Attribution:
    """Somebody else's work inside the bundle."""

    source: str
    licence: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class VoiceEntry:
    """A voice that answers, with the figures its achieved style is measured against."""

    name: str
    file: str
    median_f0_hz: Annotated[float, Field(gt=0)]
    syllables_per_s: Annotated[float, Field(gt=0)]
    """Per second of speech without pauses, at rate 1."""

    quiet_s: Annotated[float, Field(ge=0)] = 0.0
    """How much of an answer at rate 1 lies before its first and after its last sound."""

    plain: dict[str, float] = field(default_factory=dict)
    """What it measures when it speaks plainly, by the figures of `evaluation.expression`; empty = nobody can tell its emotions."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How ids are drawn. Text cold, audio warmer with the repetition rule (DESIGN §7)."""

    text_temperature: Annotated[float, Field(ge=0)] = 0.0
    audio_temperature: Annotated[float, Field(ge=0)] = 0.7
    top_p: Annotated[float, Field(gt=0, le=1)] = 0.9
    repetition_window: Annotated[int, Field(ge=0)] = 10
    repetition_share: Annotated[float, Field(gt=0, le=1)] = 0.1
    """An id with more than this share of the window is not drawn again (stepfun-ai/Step-Audio tts.py)."""

    max_tokens: Annotated[int, Field(gt=0)] = 1500


@dataclass(frozen=True, slots=True)
class Drafting:
    """Who drafts groups for the backbone to check (`backbone/speculation.py`): nobody, its own lowest layers, or a smaller one."""

    layers: Annotated[int, Field(ge=0)] = 0
    """How many of its lowest layers."""

    folder: Name | None = None
    """Where in the bundle a smaller backbone of the same ids lies: `config.json` and safetensors."""

    pulled: Name | None = None
    """A smaller backbone that drafts if the user has it (`parley models pull NAME`); without it, `layers` or nobody."""

    always: bool = False
    """Also where measuring at load says that it does not pay: the same seed then gives the same answer on every machine."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything that `bundle.toml` says."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", allow_inf_nan=False)

    name: Name
    title: str
    version: str
    licence: str
    tokens: TokenLayout
    ears: dict[str, Any]
    """What the tokenizers need to know; they check it."""

    voice: dict[str, Any]
    """What the vocoder needs to know; it checks it."""

    voices: Annotated[tuple[VoiceEntry, ...], Field(min_length=1)]
    """The first one speaks unless the style names another."""

    languages: tuple[str, ...] = ("en",)
    chat: ChatTemplate = field(default_factory=ChatTemplate)
    context_tokens: Annotated[int, Field(gt=0)] = 4096
    """What a conversation may take before its oldest turns are forgotten; no more than the backbone's own limit."""

    dictation: str = ""
    """What makes the model write down what it heard, said to it after the answer; empty = it can't, or it writes along anyway."""

    tools: str = ""
    """What tells the model of the tools there are, `{tools}` in it standing for them; empty = it knows its own, or none."""

    told_time: bool = False
    """Whether the system turn tells the date and the time, as `situation.now_text` does; a minute later the conversation is read anew."""

    roles: tuple[str, ...] = ()
    """Who it can be told to be, one word each (`pirate`), or `*` for anybody; empty = it answers as itself only."""

    declines: str = ""
    """What is said in the place of an answer that the model is not sure of; empty = every answer is given."""

    least_sure: Annotated[float, Field(ge=0, le=1)] = 0.0
    """How likely the model must think the words before an answer's first sound, all of them together, for the answer to be given: 0…1.
    Of what was heard in vain its words alone are read again (`second_reading`). Whoever it plays says what comes: a pirate begins in many
    ways."""

    least_sure_typed: Annotated[float, Field(ge=0, le=1)] | None = None
    """The same of a typed question, whose words are not in doubt; None = as of a spoken one."""

    least_sure_read: Annotated[float, Field(ge=0, le=1)] | None = None
    """The same of words that were heard and are read again: they may be wrong, and their sound is gone. None = as of the sound."""

    words_alone: tuple[str, ...] = ()
    """What people say by itself, in small letters: a little speech is compared with these words (`words_alone`); empty = with none."""

    recites: tuple[str, ...] = ()
    """Which words that are given to it, a character's greeting say, it can speak: these texts, or `*` for any; empty = none."""

    sampling: Sampling = Sampling()
    drafting: Drafting = Drafting()
    controls: tuple[Control, ...] = ()
    labels: dict[str, Style] = field(default_factory=dict)
    """What the model may write before the words of a stretch of its answer, and the style it means by that; empty = it writes no labels."""

    attributions: tuple[Attribution, ...] = ()
    files: tuple[BundleFile, ...] = field(default=())

    def can_recite(self, text: str) -> bool:
        """Whether it can speak these words as they are."""
        return recitable(text, self.recites)

    @property
    def control_table(self) -> ControlTable:
        """The styles it offers."""
        return ControlTable(self.title, self.controls)


_MANIFEST = TypeAdapter(Manifest)


def read_manifest(folder: Path) -> Manifest:
    """Read and check `bundle.toml`, not yet the files it names.

    Raises:
        BundleMissing: no such file.
        BundleCorrupt: not TOML, a field missing or wrong, a path that leaves the folder or a kind that is never opened.
    """
    path = folder / MANIFEST_NAME
    try:
        text = path.read_text("utf-8") if path.stat().st_size <= LARGEST_BYTES else None
        if text is None or _BOTTOMLESS.search(text):
            raise BundleCorrupt(f"{path} is refused: it is longer, or nests deeper, than any manifest.")
        raw = tomllib.loads(text)
    except (FileNotFoundError, NotADirectoryError):
        raise BundleMissing(f"“{folder}” is no bundle: it has no {MANIFEST_NAME}.") from None
    except OSError as error:
        raise BundleMissing(f"{path} can't be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:  # not UTF-8, not TOML
        raise BundleCorrupt(f"{path} is damaged: {str(error).rstrip('.')}.") from error
    try:
        manifest = _MANIFEST.validate_python(raw)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        raise BundleCorrupt(f"{path} is damaged at {place}: {first['msg'].rstrip('.')}.") from error
    for entry in manifest.files:
        _check_path(entry.path, path)
    if trouble := _layout_trouble(manifest.tokens):
        raise BundleCorrupt(f"{path} is damaged at tokens: {trouble}.")
    return manifest


def _layout_trouble(layout: TokenLayout) -> str | None:
    """Why ids can't be laid out so; None if they can."""
    markers = [*layout.stops, layout.bos, layout.bot, *(marker for marker in (layout.audio_start, layout.audio_end) if marker is not None)]
    if not (0 < layout.linguistic_size <= 2**16 and 0 < layout.semantic_size <= 2**16):
        return "a book has 1 to 65,536 codes"
    if not 0 <= layout.audio_offset < layout.audio_stop <= layout.vocab_size <= 2**24:
        return f"audio ids from {layout.audio_offset} to {layout.audio_stop - 1} do not lie within {layout.vocab_size} ids"
    if layout.eot not in layout.stops or any(layout.is_audio(marker) or not 0 <= marker < layout.vocab_size for marker in markers):
        return "a marker is no id, or an audio id, or `eot` is not among the stops"
    if (layout.linguistic_per_group, layout.semantic_per_group) != (2, 3):
        return "a group has 2 linguistic and 3 semantic codes"
    if layout.text_per_block < 1 or layout.audio_per_block < 1 or layout.audio_per_block % layout.group_size:
        return f"a block has text, and {layout.group_size} audio ids or a multiple"
    return None


def _check_path(name: str, manifest: Path) -> None:
    pure = PurePosixPath(name)
    if pure.is_absolute() or ".." in pure.parts or "\\" in name or ":" in name or not pure.parts:
        raise BundleCorrupt(f"{manifest} names “{name}”, which lies outside the bundle.")
    if pure.suffix not in READABLE:
        raise BundleCorrupt(f"{manifest} names “{name}”, a kind of file that Parley never opens.")


def manifest_toml(manifest: Manifest) -> str:
    """The manifest as text that `read_manifest` reads back to the same value."""
    unsaid = {each.name for each in fields(manifest) if each.default_factory is dict and not getattr(manifest, each.name)}
    plain = {key: value for key, value in asdict(manifest).items() if key not in unsaid and value not in (None, ())}
    scalars = [(key, value) for key, value in plain.items() if not _is_table(value)]
    lines = [f"{key} = {_inline(value)}" for key, value in scalars]
    for key, value in plain.items():
        if _is_table(value):
            rows, head = ([value], f"[{key}]") if isinstance(value, dict) else (value, f"[[{key}]]")
            for row in rows:
                lines += ["", head, *(f"{_inline_key(name)} = {_inline(item)}" for name, item in row.items() if item is not None)]
    return "\n".join(lines) + "\n"


def _is_table(value: object) -> bool:
    return isinstance(value, dict) or (isinstance(value, tuple) and all(isinstance(item, dict) for item in value))


def _inline(value: object) -> str:
    """One value on one line; JSON writes strings, numbers and booleans as TOML does."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_inline_key(key)} = {_inline(item)}" for key, item in value.items() if item is not None) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_inline(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def _inline_key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else json.dumps(key, ensure_ascii=False)
