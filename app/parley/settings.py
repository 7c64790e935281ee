"""What the user has chosen: frozen values, kept in `settings.toml`.

The file may be edited by hand: comments and keys that this version does not know stay where they are.
"""

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_type_hints

import platformdirs
import tomlkit
from pydantic import Field, TypeAdapter, ValidationError
from tomlkit.exceptions import TOMLKitError

from parley.audio.settings import AudioSettings
from parley.conversation.offer import BuiltIn, EngineChoice, Remote
from parley_models.errors import StoreError
from parley_models.style import Style

SETTINGS_NAME = "settings.toml"

_Kind = TypeVar("_Kind")


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """Who answers."""

    kind: Literal["built-in", "remote"] = "built-in"
    bundle: str = "mini"
    """A bundle by name, or its folder."""

    device: str = "auto"
    idle_unload_min: Annotated[float, Field(gt=0)] | None = None
    """Minutes of silence after which the model leaves memory; None = never."""

    url: str = ""
    key: str = ""

    @property
    def choice(self) -> EngineChoice:
        """As the conversation takes it."""
        if self.kind == "remote":
            return Remote(self.url, self.key)
        return BuiltIn(self.bundle, self.device, self.idle_unload_min)


@dataclass(frozen=True, slots=True)
class TurnSettings:
    """When a turn begins and ends."""

    open_microphone: bool = False
    """Whether Parley starts with an open microphone."""

    threshold: Annotated[float, Field(ge=0, le=1)] = 0.5
    """How sure the voice detector must be that someone speaks, 0…1."""

    silence_ms: Annotated[int, Field(ge=100, le=5000)] = 700
    """Silence that ends a turn where the model can't tell by itself that a question is complete."""


@dataclass(frozen=True, slots=True)
class PrivacySettings:
    """What is kept."""

    keep_history: bool = True
    """Whether conversations outlive the program."""

    keep_recordings: bool = False
    """Whether the sound of turns is kept beside the history."""


@dataclass(frozen=True, slots=True)
class AppearanceSettings:
    """How the window looks."""

    theme: Literal["system", "light", "dark"] = "system"
    language: str = ""
    """As in `de` or `zh_CN`; empty = the system's."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that is remembered between two starts, apart from conversations."""

    engine: EngineSettings = EngineSettings()
    audio: AudioSettings = field(default_factory=AudioSettings)
    turns: TurnSettings = TurnSettings()
    style: Style = Style()
    privacy: PrivacySettings = PrivacySettings()
    appearance: AppearanceSettings = AppearanceSettings()
    character: str = ""
    """Who answers; empty = Parley itself."""

    window: str = ""
    """Place and size of the window, as Qt writes them down."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings as found, and what had to be said about the file."""

    settings: Settings
    trouble: tuple[str, ...] = field(default=())
    """Sentences fit to be shown."""


def settings_path() -> Path:
    """Where this user's settings lie."""
    return platformdirs.user_config_path("parley") / SETTINGS_NAME


def load_settings(path: Path) -> Loaded:
    """Read the settings. What is missing or wrong is the default; nothing raises, and a file that can't be used is kept aside."""
    try:
        text = path.read_text("utf-8")
        raw: Mapping[str, Any] = tomlkit.parse(text).unwrap()
    except FileNotFoundError:
        return Loaded(Settings())
    except OSError as error:
        return Loaded(Settings(), (f"{path} can't be read ({error.strerror}): the settings are the defaults.",))
    except (UnicodeDecodeError, TOMLKitError) as error:
        reason = str(error).rstrip(".").splitlines()[0]
        return Loaded(Settings(), (f"{path.name} can't be used ({reason}): the settings are the defaults, and {_keep_aside(path)}.",))
    wrong: list[str] = []
    settings = _read(Settings, raw, "", wrong)
    if not wrong:
        return Loaded(settings)
    return Loaded(settings, (f"{path.name}: {'; '.join(wrong)}. The default stands in; {_keep_aside(path)}.",))


def save_settings(path: Path, settings: Settings) -> None:
    """Write the settings in one step; what the file holds besides stays.

    Raises:
        StoreError: the place can't be written to.
    """
    try:
        document = tomlkit.parse(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, TOMLKitError):
        document = tomlkit.document()
    _write(document, settings)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, tomlkit.dumps(document))
    except OSError as error:
        raise StoreError(f"The settings can't be written to {path}: {error.strerror}.") from error


def write_whole(path: Path, text: str) -> None:
    """Write a file that only its user may read, so that at every moment either the old one or the new one is there."""
    number, draft = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # mkstemp gives mode 0600: a key may be in it
    try:
        with os.fdopen(number, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise


def _read(kind: type[_Kind], raw: Mapping[str, Any], place: str, wrong: list[str]) -> _Kind:
    """A dataclass from a table, field by field: one wrong value costs only itself."""
    values: dict[str, Any] = {}
    hints: dict[str, Any] = get_type_hints(kind, include_extras=True)
    for each in fields(kind):  # type: ignore[arg-type]
        if each.name not in raw:
            continue
        found, name = raw[each.name], f"{place}{each.name}"
        hint = hints[each.name]
        if isinstance(hint, type) and is_dataclass(hint):
            if isinstance(found, Mapping):
                values[each.name] = _read(hint, found, f"{name}.", wrong)
            else:
                wrong.append(f"{name} must be a table")
            continue
        try:
            values[each.name] = TypeAdapter[Any](hint).validate_python(found, strict=True)
        except ValidationError as error:
            wrong.append(f"{name} can't be {found!r} ({error.errors()[0]['msg'].rstrip('.').lower()})")
    return kind(**values)


def _write(table: Any, value: object) -> None:  # noqa: ANN401 - tomlkit's documents and tables share no useful type
    """Put a dataclass into a table; None is the key's absence, as TOML has no other."""
    for each in fields(value):  # type: ignore[arg-type]
        item = getattr(value, each.name)
        if is_dataclass(item):
            if not isinstance(table.get(each.name), Mapping):
                table[each.name] = tomlkit.table()
            _write(table[each.name], item)
        elif item is None:
            table.pop(each.name, None)
        elif each.name not in table or table[each.name] != item:
            table[each.name] = item


def _keep_aside(path: Path) -> str:
    """Copy a file that holds something wrong beside itself, never over an earlier one; what came of it, in words."""
    try:
        content = path.read_bytes()
        for count in range(1, 1000):
            aside = path.with_name(f"{path.stem}.bad{'' if count == 1 else count}{path.suffix}")
            try:
                with aside.open("xb") as file:
                    file.write(content)
            except FileExistsError:
                if aside.read_bytes() == content:
                    break
                continue
            break
    except OSError as error:
        return f"no copy of the file can be kept ({error.strerror})"
    return f"the file is kept as {aside.name}"
