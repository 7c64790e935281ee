"""What the backbone remembers of a context: keys and values, allocated once."""

import math

import torch
from torch import Tensor

from parley_models.backbone.config import BackboneConfig
from parley_models.backbone.model import alibi_slopes
from parley_models.errors import EngineError


class LayerCache:
    """One layer's keys and values, (2, groups, capacity, head_dim)."""

    def __init__(self, config: BackboneConfig, capacity: int) -> None:
        self._stored = torch.empty(2, config.num_attention_groups, capacity, config.head_dim)
        self._length = 0

    def extend(self, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """Store keys and values (1, groups, new, head_dim) and give views of all of them, (1, groups, length, head_dim)."""
        length = self._length + key.shape[2]
        new = self._stored.narrow(2, self._length, key.shape[2])
        new[0].copy_(key[0])
        new[1].copy_(value[0])
        self._length = length
        whole = self._stored.narrow(2, 0, length)
        return whole[0:1], whole[1:2]

    def rewind(self, length: int) -> None:
        """Forget all but the first ids."""
        self._length = length


class KvCache:
    """The cache of one conversation.

    sqrt-ALiBi depends on distance alone, so nothing stored knows its position and a rewind is only a number:

        cache.length     # 100 ids were seen
        cache.rewind(60) # the last 40 were never said
    """

    def __init__(self, config: BackboneConfig, capacity: int) -> None:
        self.capacity = capacity
        self.layers = [LayerCache(config, capacity) for _ in range(config.num_hidden_layers)]
        self._slopes = alibi_slopes(config.num_attention_heads)
        back = torch.arange(capacity - 1, -1, -1, dtype=torch.float32)
        self._latest = -self._slopes[:, None] * back.sqrt()  # (heads, capacity); the last column is distance 0
        self._length = 0

    @property
    def length(self) -> int:
        """Ids seen so far."""
        return self._length

    def rewind(self, length: int) -> None:
        """Forget all but the first `length` ids. Raises EngineError if there are fewer."""
        if not 0 <= length <= self._length:
            raise EngineError(f"The cache holds {self._length} ids and can't be rewound to {length}.")
        self._length = length
        for layer in self.layers:
            layer.rewind(length)

    def bias(self, new: int) -> Tensor:
        """Make room for new ids and give what is added to their scores, (heads, new, length); for a single id a view.

        Raises:
            EngineError: they do not fit.
        """
        length = self._length + new
        if length > self.capacity:
            raise EngineError(f"The conversation needs {length} tokens and the model holds {self.capacity}.")
        at, self._length = self._length, length
        if new == 1:
            return self._latest[:, None, self.capacity - length :]
        distance = torch.arange(at, length)[:, None] - torch.arange(length)
        bias = -self._slopes[:, None, None] * distance.clamp_min(0).to(torch.float32).sqrt()
        return bias.masked_fill(distance < 0, -math.inf)
