"""What the backbone remembers of a context: keys and values, allocated once."""

import math

import torch
from torch import Tensor

from parley_models.backbone.config import BackboneConfig
from parley_models.backbone.model import alibi_slopes
from parley_models.errors import EngineError

MOST_IDS = 256
"""New ids at a time: bounds what attention needs at 256 x context scores a head."""


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
        back = torch.arange(capacity - 1, -1, -1, dtype=torch.float32)
        slopes = alibi_slopes(config.num_attention_heads)
        ahead = torch.full((len(slopes), MOST_IDS - 1), -math.inf)
        self._fall = torch.cat([-slopes[:, None] * back.sqrt(), ahead], dim=1)
        """(heads, capacity + MOST_IDS - 1): what a score loses by distance capacity - 1, …, 1, 0, and then by lying ahead."""

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

    def pretend(self, length: int) -> None:
        """Behave as if so many ids had been seen, whatever the memory holds: for measuring long contexts without reading them."""
        if not 0 <= length <= self.capacity:
            raise EngineError(f"The conversation needs {length} tokens and the model holds {self.capacity}.")
        self._length = length
        for layer in self.layers:
            layer.rewind(length)

    def bias(self, new: int) -> Tensor:
        """Make room for up to MOST_IDS new ids and give what is added to their scores, (heads, new, length), the *last* id first.

        A view, in which nothing is computed: an id's row is that of the id before it, one place further along `_fall`. That is
        why the order is turned round: strides can't be negative.

        Raises:
            EngineError: they do not fit.
        """
        length = self._length + new
        if length > self.capacity:
            raise EngineError(f"The conversation needs {length} tokens and the model holds {self.capacity}.")
        self._length = length
        return self._fall.as_strided((len(self._fall), new, length), (self._fall.stride(0), 1, 1), self.capacity - length)

    def biases(self, new: int) -> list[Tensor]:
        """Like `bias`, but what `bias(1)` would give for one id after the other, (heads, 1, length) each. Raises EngineError."""
        return [self.bias(1) for _ in range(new)]
