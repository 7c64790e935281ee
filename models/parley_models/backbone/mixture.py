"""Which matrices are kept in more bits than the others. Without torch, because a plan needs it before anything is installed.

Measured on Mini (four times 400 ids of its own, divergence in nats, groups of 64, codes not minimised): everything
at 4 bits 0.146, the first of six layers at 8 bits 0.042. At 3 bits 0.80; first layer and attention's outputs at 4 bits 0.27; the first
layer at 8 and the outputs at 4 bits 0.17; the feed-forward's outputs at 4 bits as well 0.14, for a quarter of a bit a weight.
"""

from collections.abc import Sequence

EMBEDDING = "model.embed_tokens.weight"
HEAD = "lm_head.weight"
IN_8_BITS = ("model.layers.0.",)
"""Parts of keys: at 4 and 3 bits, what has one of them is kept at 8. What the first layer gets wrong, all others build upon."""

IN_4_BITS = ("self_attn.o_proj.",)
"""Parts of keys: at 3 bits, what has one of them is kept at 4."""


def names(parts: Sequence[str], key: str) -> bool:
    """Whether a key has one of the parts."""
    return any(part in key for part in parts)
