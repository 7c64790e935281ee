"""Ears of more layers than they had: what they know stays, and the new layers begin by doing nothing.

Stacking (Chen, Goodfellow and Shlens 2016, Net2Net): behind each of the last layers comes its copy, whose outputs are zero, so a deeper
encoder names every frame as before, and learns on from there.
"""

import re
from collections.abc import Iterable, Mapping

from torch import Tensor

FIRST = 1
"""Layers beside those with a number: the one that takes features."""
_NUMBERED = re.compile(r"(.*?)encoders\.(\d+)\.(.*)")
_OUTPUTS = ("self_attn.linear_out.", "feed_forward.w_2.")
_PROJECTED = "self_attn.linear_q_k_v."
"""Queries, keys and values, one third each; the values also pass the memory, and are zero therefore."""


def layers_of(names: Iterable[str]) -> int:
    """How many layers the encoder has whose weights are called so."""
    return FIRST + len({match[2] for name in names if (match := _NUMBERED.fullmatch(name))})


def deepened(weights: Mapping[str, Tensor], layers: int) -> dict[str, Tensor]:
    """The weights of ears with so many layers that hear as these do.

    Raises:
        ValueError: they have more layers, or fewer than half as many.
    """
    before = layers_of(weights) - FIRST
    more = layers - FIRST - before
    if not 0 <= more <= before:
        raise ValueError(f"{before + FIRST} layers can't become {layers}")
    grown = dict[str, Tensor]()
    for name, weight in weights.items():
        if not (match := _NUMBERED.fullmatch(name)):
            grown[name] = weight
            continue
        number, copied = int(match[2]), int(match[2]) - (before - more)
        at = number + max(0, copied)
        grown[f"{match[1]}encoders.{at}.{match[3]}"] = weight
        if copied >= 0:
            grown[f"{match[1]}encoders.{at + 1}.{match[3]}"] = _idle(match[3], weight)
    return grown


def _idle(name: str, weight: Tensor) -> Tensor:
    idle = weight.clone()
    if name.startswith(_OUTPUTS):
        idle.zero_()
    elif name.startswith(_PROJECTED):
        idle[2 * len(idle) // 3 :] = 0
    return idle
