"""The cache of one conversation on a graphics card: where a few ids go, and how far back they look, is known to the card alone.

So what a pass over few ids does is the same for every length, and can be recorded once (`card_steps`). Many ids are read as everywhere.
"""

import functools
import logging
from dataclasses import dataclass

import torch
from torch import Tensor

from parley_models.backbone.cache import KvCache, LayerCache
from parley_models.backbone.card_attention import attend
from parley_models.backbone.config import BackboneConfig
from parley_models.backbone.model import FEW_IDS, Falls, alibi_slopes

logger = logging.getLogger(__name__)
TOLERANCE = 0.02
"""How far the kernel may be from plain float32, as a share of the largest number; bfloat16 takes a quarter of it."""


@dataclass(frozen=True, slots=True)
class CardDistances:
    """The places of a few new ids, known to the card."""

    slopes: Tensor
    """Of sqrt-ALiBi, float32 (heads,)."""

    places: Tensor
    """int64 (new,)."""

    lengths: Tensor
    """int32 (new,): ids in the cache, up to and including each."""

    as_steps: bool
    """Every id is computed as if it came alone."""

    def attend(self, query: Tensor, key: Tensor, value: Tensor, past: LayerCache) -> Tensor:
        """See `model.Distances`."""
        stored, scales = past.keep(key, value, self.places)
        if not self.as_steps:
            return attend(query, stored, scales, self.slopes, self.lengths[-1:])
        new = query.shape[1]
        each = [attend(query[:, at : at + 1], stored, scales, self.slopes, self.lengths[at : at + 1]) for at in range(new)]
        return torch.cat(each, 1)


class CardCache(KvCache):
    """Like `KvCache`, on a card."""

    def __init__(self, config: BackboneConfig, capacity: int, form: str, device: torch.device) -> None:
        """Raises UsageError for a form that `cache_forms` does not have."""
        with torch.device(device):
            super().__init__(config, capacity, form)
            self._slopes = alibi_slopes(config.num_attention_heads)
            self.start = torch.zeros(1, dtype=torch.int64)
            """Ids before the new ones; the card's own copy."""

    def falls(self, new: int, *, as_steps: bool = False) -> Falls:
        """See `KvCache.falls`. Raises EngineError."""
        if new > FEW_IDS:
            return self.bias(new)
        self.start.fill_(self.length)
        self.advance(new)
        return self.distances(new, as_steps=as_steps)

    def advance(self, new: int) -> None:
        """Make room for ids that a recorded pass will store. Raises EngineError if they do not fit."""
        self.pretend(self.length + new)

    def distances(self, new: int, *, as_steps: bool) -> CardDistances:
        """Those of the ids that follow `start`, computed on the card."""
        places = self.start + torch.arange(new, device=self.start.device)
        return CardDistances(self._slopes, places, (places + 1).to(torch.int32), as_steps)


@functools.cache
def attention_is_right(config: BackboneConfig, form: str, device: torch.device) -> bool:
    """Whether the kernel runs on this card and gives what plain float32 gives, at a model's own sizes."""
    draw = torch.Generator(device).manual_seed(0)
    heads, groups, width, length = config.num_attention_heads, config.num_attention_groups, config.head_dim, 300
    seen, asked = (torch.randn(1, each, length, width, generator=draw, device=device) for each in (2 * groups, heads))
    try:
        with torch.inference_mode():
            cache, plain = CardCache(config, length, form, device).layers[0], CardCache(config, length, form, device).layers[0]
            slopes, places = alibi_slopes(heads).to(device), torch.arange(length, device=device)
            keys, values = plain.extend(*seen.split(groups, 1))
            new = FEW_IDS - 1
            stored, scales = cache.keep(seen[0, :groups], seen[0, groups:], places)
            found = attend(asked[0, :, -new:], stored, scales, slopes, (places[-1:] + 1).to(torch.int32))
            back = places[-new:, None] - places
            bias = (-slopes[:, None, None] * back.clamp_min(0).sqrt()).masked_fill(back < 0, -torch.inf)
            keys, values = (each[0].repeat_interleave(heads // groups, 0) for each in (keys, values))
            right = torch.softmax(asked[0, :, -new:] @ keys.transpose(1, 2) * width**-0.5 + bias, -1) @ values
            wrong_by = float((found - right).abs().max() / right.abs().max())
    except Exception:  # Triton's own errors, of compiling or of too little shared memory, have nothing in common with torch's
        logger.warning("the card's attention does not run here", exc_info=True)
        return False
    if wrong_by >= TOLERANCE:
        logger.warning("the card's attention is off by %.3f and is not used", wrong_by)
    return wrong_by < TOLERANCE
