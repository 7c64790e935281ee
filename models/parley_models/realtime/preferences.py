"""A session's settings: what a client asked for, checked against what the bundle offers."""

from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal

from parley_models.bundle import Bundle
from parley_models.errors import UsageError
from parley_models.hearing.settings import HearingSettings
from parley_models.prosody import PLAIN
from parley_models.realtime.objects import (
    Audio,
    AudioInput,
    AudioOutput,
    BundleOffer,
    ControlOffer,
    LevelOffer,
    Modality,
    ParleySession,
    PcmFormat,
    ResponseWish,
    SemanticVad,
    ServerVad,
    Session,
    StyleWish,
    Tool,
)
from parley_models.realtime.thinker import Plan
from parley_models.style import Level, Style

HANG_MS = {"low": 1_500, "medium": 700, "auto": 700, "high": 400}
"""Eagerness as silence, where the model can't tell whether the question is whole."""

MODALITIES: dict[tuple[Modality, ...], tuple[Modality, ...]] = {
    ("audio",): ("audio",),
    ("text",): ("text",),
    ("audio", "text"): ("audio",),
    ("text", "audio"): ("audio",),
}


@dataclass(frozen=True, slots=True)
class Preferences:
    """How one session listens and answers."""

    style: Style = Style()
    voice: str | None = None
    speed: float | None = None
    """The protocol's own word for the rate; counts where the style has none."""

    character: str | None = None
    instructions: str = ""
    seed: int | None = None
    modalities: tuple[Modality, ...] = ("audio",)
    longest: int | None = None
    turn_detection: ServerVad | SemanticVad | None = field(default_factory=ServerVad)
    tools: tuple[Tool, ...] = ()
    tool_choice: Any = "auto"

    def changed(self, wish: Session, bundle: Bundle) -> "Preferences":
        """With what an update names.

        Raises:
            UsageError: something that the bundle does not offer.
        """
        new: dict[str, Any] = {}
        given = wish.model_fields_set
        if "instructions" in given:
            new["instructions"] = wish.instructions or ""
        if "tools" in given:
            new["tools"] = wish.tools or ()
        if "tool_choice" in given:
            new["tool_choice"] = wish.tool_choice or "auto"
        if "max_output_tokens" in given:
            new["longest"] = _longest(wish.max_output_tokens)
        if wish.output_modalities is not None:
            new["modalities"] = modalities(wish.output_modalities)
        if wish.audio is not None:
            new |= _audio(wish.audio, bundle)
        if wish.parley is not None:
            new |= _ours(wish.parley)
        changed = replace(self, **new)
        changed.spoken_style(bundle)
        return changed

    def spoken_style(self, bundle: Bundle) -> Style:
        """The style of the next answer. Raises UsageError or BundleMissing if the bundle does not offer it."""
        style = self.style
        if style.rate == Style().rate and self.speed is not None:
            style = replace(style, rate=self.speed)
        checked = replace(style, voice=None)
        bundle.manifest.control_table.check(checked)
        voice = style.voice or self.voice
        return style if voice is None else replace(style, voice=None if voice == bundle.voice(None).name else bundle.voice(voice).name)

    def plan(self, bundle: Bundle, wish: ResponseWish | None = None) -> Plan:
        """How the next answer is to be given, or one with a wish of its own. Raises UsageError or BundleMissing."""
        style, system, silent = self.spoken_style(bundle), self.system, self.modalities == ("text",)
        seed, longest = self.seed, self.longest
        if wish is not None:
            ours = wish.parley
            if ours is not None and ours.style is not None:
                style = replace(self, style=style_of(ours.style)).spoken_style(bundle)
            seed = ours.seed if ours is not None and ours.seed is not None else seed
            if wish.instructions is not None:
                system = replace(self, instructions=wish.instructions).system
            if wish.output_modalities is not None:
                silent = modalities(wish.output_modalities) == ("text",)
            longest = longest if wish.max_output_tokens is None else _longest(wish.max_output_tokens)
        tools = () if self.tool_choice == "none" else tuple((tool.name, tool.description) for tool in self.tools)
        return Plan(style, system, seed, tools, silent, longest)

    @property
    def system(self) -> str | None:
        """The system text; None = the bundle's own."""
        parts = [part for part in (self.character, self.instructions) if part]
        return "\n".join(parts) if parts else None

    @property
    def hearing(self) -> HearingSettings:
        """When turns begin and end."""
        default = HearingSettings()
        wish = self.turn_detection
        if isinstance(wish, SemanticVad):
            return replace(default, hang_ms=HANG_MS[wish.eagerness or "auto"])
        if wish is None:
            return default
        threshold = default.speech_probability if wish.threshold is None else wish.threshold
        return replace(
            default,
            speech_probability=threshold,
            silence_probability=max(0.01, min(default.silence_probability, threshold - 0.15)),
            preroll_ms=default.preroll_ms if wish.prefix_padding_ms is None else wish.prefix_padding_ms,
            hang_ms=default.hang_ms if wish.silence_duration_ms is None else wish.silence_duration_ms,
        )

    def wire(self, session_id: str, bundle: Bundle) -> Session:
        """All of it, as the protocol shows it."""
        style = self.spoken_style(bundle)
        return Session(
            object="realtime.session",
            id=session_id,
            model=bundle.manifest.name,
            instructions=self.instructions,
            output_modalities=self.modalities,
            max_output_tokens="inf" if self.longest is None else self.longest,
            tools=self.tools,
            tool_choice=self.tool_choice,
            audio=Audio(
                input=AudioInput(format=PcmFormat(rate=24000), turn_detection=self.turn_detection),
                output=AudioOutput(format=PcmFormat(rate=24000), voice=bundle.voice(style.voice).name, speed=style.rate),
            ),
            parley=ParleySession(
                style=StyleWish.model_validate(style.asked()),
                character=self.character,
                voice=self.voice,
                seed=self.seed,
                bundle=offer(bundle),
            ),
        )


def modalities(wished: tuple[Modality, ...]) -> tuple[Modality, ...]:
    """What goes out; sound always comes with its words. Raises UsageError."""
    if wished not in MODALITIES:
        raise UsageError("output_modalities must be [“audio”] or [“text”].")
    return MODALITIES[wished]


def style_of(wish: StyleWish) -> Style:
    """A wish as a style; what it leaves out is the voice's own. The bundle has yet to check it."""
    return Style(**{each.name: value for each in fields(Style) if (value := getattr(wish, each.name)) is not None})


def offer(bundle: Bundle) -> BundleOffer:
    """What a bundle is and can do."""
    manifest = bundle.manifest
    rows = tuple(
        ControlOffer(
            name=row.name,
            kind=row.kind,
            levels=tuple(_level(level) for level in row.levels),
            minimum=row.minimum,
            maximum=row.maximum,
            default=row.default,
            languages=row.languages,
        )
        for row in manifest.controls
    )
    return BundleOffer(
        name=manifest.name,
        title=manifest.title,
        version=manifest.version,
        languages=manifest.languages,
        voices=tuple(voice.name for voice in manifest.voices),
        controls=rows,
        roles=manifest.roles,
        recites=manifest.recites,
        recognizes=bool(manifest.chat.writes_along_groups or manifest.dictation),
    )


def _level(level: Level) -> LevelOffer:
    if level.prosody is None or level.prosody.rate == PLAIN.rate:
        return LevelOffer(name=level.name)
    return LevelOffer(name=level.name, rate=level.prosody.rate)


def _audio(wish: Audio, bundle: Bundle) -> dict[str, Any]:
    new: dict[str, Any] = {}
    if wish.input is not None and "turn_detection" in wish.input.model_fields_set:
        new["turn_detection"] = wish.input.turn_detection
    if wish.output is not None and "voice" in wish.output.model_fields_set:
        # Clients name the voices of the service they were written for: whom we don't have speaks in our first voice.
        known = {voice.name for voice in bundle.manifest.voices}
        new["voice"] = wish.output.voice if wish.output.voice in known else None
    if wish.output is not None and "speed" in wish.output.model_fields_set:
        new["speed"] = wish.output.speed
    return new


def _ours(wish: ParleySession) -> dict[str, Any]:
    given = wish.model_fields_set
    new: dict[str, Any] = {name: getattr(wish, name) for name in ("character", "voice", "seed") if name in given}
    if "style" in given:
        new["style"] = Style() if wish.style is None else style_of(wish.style)
    return new


def _longest(wish: int | Literal["inf"] | None) -> int | None:
    return wish if isinstance(wish, int) else None
