"""What the backbone remembers of a context: keys and values, allocated once.

In float32 they are used where they lie. In bfloat16 or 8 bits a layer's are widened, whenever it is that layer's turn, into one place that
all layers share. What is attended to is always what is kept, also of ids that are just being read, so it does not matter how a text is cut.
"""

import math

import torch
from torch import Tensor

from parley_models.backbone.cache_forms import FLOAT32, INT8, bytes_per_id, per_scale
from parley_models.backbone.config import BackboneConfig
from parley_models.backbone.model import Falls, alibi_slopes
from parley_models.errors import EngineError

SMALLEST = 1e-12
"""A scale is never 0."""

MOST_IDS = 256
"""New ids at a time: bounds what attention needs at 256 x context scores a head."""


class LayerCache:
    """One layer's keys and values, (2, groups, capacity, head_dim), as numbers of one type."""

    def __init__(self, config: BackboneConfig, capacity: int, dtype: torch.dtype = torch.float32, wide: Tensor | None = None) -> None:
        """`wide`: where they are widened to float32; None if that is what they are."""
        self._stored = torch.empty(2, config.num_attention_groups, capacity, config.head_dim, dtype=dtype)
        self._wide = self._stored if wide is None else wide
        self._halves, self._wide_halves = self._stored.unbind(), self._wide.split(1)
        self._length = 0

    def extend(self, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """Store keys and values (1, groups, new, head_dim) and give float32 views of all of them, (1, groups, length, head_dim).

        The views are good until another layer's turn.
        """
        length = self._length + key.shape[2]
        for which, given in enumerate((key, value)):
            self._store(which, self._length, given[0])
        self._length = length
        if self._wide is not self._stored:
            self._widen(self._wide.narrow(2, 0, length))
        keys, values = self._wide_halves
        return keys.narrow(2, 0, length), values.narrow(2, 0, length)

    def keep(self, key: Tensor, value: Tensor, places: Tensor) -> tuple[Tensor, Tensor | None]:
        """Store keys and values (groups, new, head_dim) at places (new,) that only the device knows.

        Returns:
            All that is kept, (2, groups, capacity, head_dim), and the scales of 8 bits.
        """
        self._stored[0].index_copy_(1, places, key.to(self._stored.dtype))
        self._stored[1].index_copy_(1, places, value.to(self._stored.dtype))
        return self._stored, None

    def rewind(self, length: int) -> None:
        """Forget all but the first ids."""
        self._length = length

    @property
    def size_bytes(self) -> int:
        """What is kept of this layer alone."""
        return self._stored.nbytes

    def _store(self, which: int, at: int, given: Tensor) -> None:
        self._halves[which].narrow(1, at, given.shape[1]).copy_(given)

    def _widen(self, whole: Tensor) -> None:
        whole.copy_(self._stored.narrow(2, 0, whole.shape[2]))


class Int8LayerCache(LayerCache):
    """One layer's in 8 bits: blocks of up to 32 numbers of one id's head share a scale. No id needs another, so a rewind is free."""

    def __init__(self, config: BackboneConfig, capacity: int, wide: Tensor) -> None:
        super().__init__(config, capacity, torch.int8, wide)
        self._block = per_scale(config)
        self._scale = torch.empty(*self._stored.shape[:3], config.head_dim // self._block, dtype=torch.bfloat16)

    @property
    def size_bytes(self) -> int:
        """See `LayerCache.size_bytes`."""
        return self._stored.nbytes + self._scale.nbytes

    def keep(self, key: Tensor, value: Tensor, places: Tensor) -> tuple[Tensor, Tensor | None]:
        """See `LayerCache.keep`."""
        (key_codes, key_scale), (value_codes, value_scale) = self._in_8_bits(key), self._in_8_bits(value)
        self._scale[0].index_copy_(1, places, key_scale)
        self._scale[1].index_copy_(1, places, value_scale)
        stored, _ = super().keep(key_codes, value_codes, places)
        return stored, self._scale

    def _store(self, which: int, at: int, given: Tensor) -> None:
        codes, scale = self._in_8_bits(given)
        super()._store(which, at, codes)
        self._scale[which].narrow(1, at, given.shape[1]).copy_(scale)

    def _in_8_bits(self, given: Tensor) -> tuple[Tensor, Tensor]:
        """Codes as whole floats (groups, new, head_dim), and scales (groups, new, blocks)."""
        blocks = given.unflatten(2, (-1, self._block))
        scale = (blocks.abs().amax(3) / 127).clamp_min(SMALLEST).to(torch.bfloat16)
        return (blocks / scale.float()[..., None]).round_().clamp_(-127, 127).flatten(2), scale

    def _widen(self, whole: Tensor) -> None:
        super()._widen(whole)
        whole.unflatten(3, (-1, self._block)).mul_(self._scale.narrow(2, 0, whole.shape[2])[..., None])


class KvCache:
    """The cache of one conversation.

    sqrt-ALiBi depends on distance alone, so nothing stored knows its position and a rewind is only a number:

        cache.length     # 100 ids were seen
        cache.rewind(60) # the last 40 were never said
    """

    def __init__(self, config: BackboneConfig, capacity: int, form: str = FLOAT32) -> None:
        """Raises UsageError for a form that `cache_forms` does not have."""
        bytes_per_id(config, form)
        self.capacity, self.form = capacity, form
        self.layers = _layers(config, capacity, form)
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

    @property
    def size_bytes(self) -> int:
        """What all layers keep, whether anything was seen or not."""
        return sum(layer.size_bytes for layer in self.layers)

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

    def falls(self, new: int, *, as_steps: bool = False) -> Falls:
        """What layers are told of distances to up to MOST_IDS new ids: `bias`, or `biases` if computed as steps. Raises EngineError."""
        return self.biases(new) if as_steps else self.bias(new)

    def biases(self, new: int) -> list[Tensor]:
        """Like `bias`, but what `bias(1)` would give for one id after the other, (heads, 1, length) each. Raises EngineError."""
        return [self.bias(1) for _ in range(new)]


def _layers(config: BackboneConfig, capacity: int, form: str) -> list[LayerCache]:
    layers = range(config.num_hidden_layers)
    if form == FLOAT32:
        return [LayerCache(config, capacity) for _ in layers]
    wide = torch.empty(2, config.num_attention_groups, capacity, config.head_dim)
    if form == INT8:
        return [Int8LayerCache(config, capacity, wide) for _ in layers]
    return [LayerCache(config, capacity, torch.bfloat16, wide) for _ in layers]
