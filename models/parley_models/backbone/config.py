"""Geometry of a Step-Omni backbone, as its `config.json` spells it."""

import json
import math
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from parley_models.errors import BundleCorrupt, BundleMissing

MOST_LAYERS, WIDEST = 1024, 2**24
"""Ten times and a hundred times what anybody has; beyond, a few digits of a file would ask for all memory there is."""


@dataclass(frozen=True, slots=True)
class BackboneConfig:
    """Widths and depths; upstream's names (stepfun-ai/Step-Audio-TTS-3B config.json, `Step1ForCausalLM`)."""

    hidden_size: int
    intermediate_size: int
    """Width of the gated feed-forward layer."""

    num_attention_heads: int
    num_attention_groups: int
    """Heads of keys and values; each is shared by heads / groups query heads."""

    num_hidden_layers: int
    vocab_size: int
    rms_norm_eps: float = 1e-5
    max_seq_len: int = 32768
    """Ids that a context may hold; the cache is made for this many unless told otherwise."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value, most = getattr(self, field.name), MOST_LAYERS if field.name == "num_hidden_layers" else WIDEST
            if not 0 < value < math.inf:
                raise BundleCorrupt(f"The backbone's config gives {field.name} = {value}, which must be above 0.")
            if value > most:
                raise BundleCorrupt(f"The backbone's config gives an absurd {field.name}: {value:,}.")
        if self.hidden_size % self.num_attention_heads or self.num_attention_heads % self.num_attention_groups:
            raise BundleCorrupt(
                f"The backbone's config does not divide: hidden_size {self.hidden_size}, {self.num_attention_heads} heads, "
                f"{self.num_attention_groups} groups."
            )

    @property
    def head_dim(self) -> int:
        """Width of one head."""
        return self.hidden_size // self.num_attention_heads

    @classmethod
    def from_dict(cls, entries: dict[str, Any]) -> "BackboneConfig":
        """Read the entries that matter and leave the others (vision tower, token ids) alone. Raises BundleCorrupt."""
        known: dict[str, Any] = {field.name: entries[field.name] for field in fields(cls) if field.name in entries}
        try:
            numbers: dict[str, Any] = {name: float(entry) if name == "rms_norm_eps" else _whole(entry) for name, entry in known.items()}
            return cls(**numbers)
        except (TypeError, ValueError, OverflowError) as error:
            raise BundleCorrupt(f"The backbone's config can't be read: {error}.") from None

    @classmethod
    def from_file(cls, path: Path) -> "BackboneConfig":
        """Read a `config.json`. Raises BundleMissing if there is none and BundleCorrupt if it makes no sense."""
        return cls.from_dict(read_entries(path))

    def to_dict(self) -> dict[str, Any]:
        """The entries of a `config.json`, architecture included."""
        return {"architectures": ["Step1ForCausalLM"], **asdict(self)}


def _whole(entry: str | float) -> int:
    if isinstance(entry, float) and math.isfinite(entry) and not entry.is_integer():
        raise ValueError(f"{entry} is no whole number")
    return int(entry)


def read_entries(path: Path) -> dict[str, Any]:
    """All entries of a `config.json`. Raises BundleMissing or BundleCorrupt."""
    if not path.is_file():
        raise BundleMissing(f"The backbone lacks {path}.")
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise BundleCorrupt(f"{path} is not JSON: {error}.") from None
    if not isinstance(entries, dict):
        raise BundleCorrupt(f"{path} holds no JSON object.")
    return entries
