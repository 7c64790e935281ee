"""How keys and values may be kept, and what that takes. Without torch, because a plan needs it before anything is installed."""

import math
from collections.abc import Mapping
from types import MappingProxyType

from parley_models.backbone.config import BackboneConfig
from parley_models.errors import UsageError

FLOAT32, BFLOAT16, INT8 = "float32", "bfloat16", "int8"

MOST_PER_SCALE = 32
"""Numbers of a head that share a scale at 8 bits, at most: a head has a few large ones, which must not coarsen all the others."""

_BITS: Mapping[str, int] = MappingProxyType({FLOAT32: 32, BFLOAT16: 16, INT8: 8})
FORMS = tuple(_BITS)
"""From the most exact to the smallest."""

SCALE_BITS = 16
SHARE_OF_FREE = 0.5
"""Of the memory that is free, what a cache may take before it is kept in a smaller form."""


def per_scale(config: BackboneConfig) -> int:
    """Numbers that share a scale."""
    return math.gcd(config.head_dim, MOST_PER_SCALE)


def bytes_per_id(config: BackboneConfig, form: str) -> float:
    """Keys and values of one id in all layers. Raises UsageError."""
    if form not in _BITS:
        raise UsageError(f"A cache can be kept as {', '.join(FORMS[:-1])} or {FORMS[-1]}, not as {form}.")
    bits = _BITS[form] + (SCALE_BITS / per_scale(config) if form == INT8 else 0)
    return 2 * config.num_hidden_layers * config.num_attention_groups * config.head_dim * bits / 8


def fitting(config: BackboneConfig, capacity: int, free_bytes: float | None, forms: tuple[str, ...] = FORMS) -> str:
    """The most exact form that leaves enough memory free; the smallest if none does, the most exact if nothing is known."""
    if free_bytes is None:
        return forms[0]
    room = SHARE_OF_FREE * free_bytes
    return next((form for form in forms if capacity * bytes_per_id(config, form) <= room), forms[-1])
