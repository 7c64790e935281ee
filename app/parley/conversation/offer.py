"""Which engine answers, and what it offers."""

from dataclasses import dataclass

from parley_models.manifest import ANY_ROLE, ANY_TEXT, recitable
from parley_models.style import ControlTable


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """An engine of our own, started as a child process: a bundle by name or by its folder."""

    bundle: str = "mini"
    device: str = "auto"
    """Where ears and voice run: `auto`, `cpu`, or a card as in `cuda:0`."""

    idle_unload_min: float | None = None
    """Minutes of silence after which the model leaves memory; None = never."""


@dataclass(frozen=True, slots=True)
class Remote:
    """Any Realtime server."""

    url: str
    """`ws://…` or `wss://…`; a `?model=` belongs to it."""

    key: str = ""
    """Sent as `Authorization: Bearer`. Never logged."""

    def __repr__(self) -> str:
        return f"Remote({self.url!r})"


EngineChoice = BuiltIn | Remote


@dataclass(frozen=True, slots=True)
class Offer:
    """What a connected engine can do."""

    title: str
    """The bundle's or the remote model's name."""

    controls: ControlTable
    """The styles it can speak; without rows for a server that knows nothing of styles."""

    voices: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    roles: tuple[str, ...] = (ANY_ROLE,)
    """Which roles it can play, as `Character.kind`, `*` = any; empty = none."""

    recites: tuple[str, ...] = (ANY_TEXT,)
    """Which given words it can speak, a greeting say; `*` = any."""

    recognizes: bool = False
    """Whether it writes down what it hears, as far as that can be known."""

    is_parley: bool = False
    """Whether it sends our own extras: measured style, latency, segments."""

    def can_recite(self, text: str) -> bool:
        """Whether it can speak these words as they are."""
        return recitable(text, self.recites)
