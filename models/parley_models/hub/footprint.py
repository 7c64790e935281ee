"""What a backbone weighs: bytes on the disk and on the card, bytes that one id reads. Arithmetic only, no torch."""

from dataclasses import dataclass

from parley_models.backbone import cache_forms
from parley_models.backbone.config import BackboneConfig
from parley_models.backbone.mixture import IN_4_BITS, IN_8_BITS, names

IDS_PER_AUDIO_S = 5 / 0.12
"""41.67: a group of five ids stands for 120 ms."""


@dataclass(frozen=True, slots=True)
class Precision:
    """How the matrices of the layers are stored; embeddings and head are int8 unless everything is bfloat16."""

    name: str
    bits: float
    """A weight, its share of scales and offsets included; most matrices of the layers."""

    book_bits: float = 8.0
    """Of the embedding, and of the head."""

    bits_of_8: float | None = None
    """Of the matrices that `IN_8_BITS` names; None = like the others."""

    bits_of_4: float | None = None
    """Of the matrices that `IN_4_BITS` names."""

    group_size: int = 64
    """Columns that share two bfloat16 values at 4 and 3 bits."""

    def bits_of(self, key: str) -> float:
        """Of a weight in one matrix of the layers."""
        if self.bits_of_8 is not None and names(IN_8_BITS, key):
            return self.bits_of_8
        return self.bits_of_4 if self.bits_of_4 is not None and names(IN_4_BITS, key) else self.bits


BFLOAT16 = Precision("bfloat16", 16.0, 16.0)
INT8 = Precision("int8", 8.0)
INT4 = Precision("int4", 4.5, bits_of_8=8.0)
INT4_WIDE = Precision("int4", 4.25, bits_of_8=8.0, group_size=128)
"""For matrices so wide that a quarter of a bit decides whether a card keeps up."""

INT3 = Precision("int3", 3.5, bits_of_8=8.0, bits_of_4=4.5)
"""Mixed: most matrices at 3 bits, some at 4 and 8."""


@dataclass(frozen=True, slots=True)
class Footprint:
    """One backbone at one precision."""

    config: BackboneConfig
    precision: Precision

    @property
    def layer_weights(self) -> int:
        """Weights in the matrices of all layers."""
        return sum(self._matrices.values())

    @property
    def _matrices(self) -> dict[str, int]:
        """Weights of each matrix of the layers, by key."""
        hidden, inner = self.config.hidden_size, self.config.intermediate_size
        shared = self.config.num_attention_groups * self.config.head_dim
        parts = {f"self_attn.{part}_proj": hidden * rows for part, rows in (("q", hidden), ("k", shared), ("v", shared), ("o", hidden))}
        parts |= {f"mlp.{part}_proj": hidden * inner for part in ("gate", "up", "down")}
        layers = range(self.config.num_hidden_layers)
        return {f"model.layers.{number}.{part}.weight": count for number in layers for part, count in parts.items()}

    @property
    def layer_bytes(self) -> float:
        """What the matrices of all layers take."""
        return sum(count * self.precision.bits_of(key) / 8 for key, count in self._matrices.items())

    @property
    def bits(self) -> float:
        """Of a weight in the layers, on the average."""
        return 8 * self.layer_bytes / self.layer_weights

    @property
    def book_weights(self) -> int:
        """Weights of the embedding, and again of the head."""
        return self.config.vocab_size * self.config.hidden_size

    @property
    def parameters(self) -> int:
        """All of them, norms included."""
        return self.layer_weights + 2 * self.book_weights + self._norm_weights

    @property
    def _norm_weights(self) -> int:
        return (2 * self.config.num_hidden_layers + 1) * self.config.hidden_size

    @property
    def weight_bytes(self) -> int:
        """On the disk, and on the card before anything is asked."""
        return round(self.layer_bytes + 2 * self.book_weights * self.precision.book_bits / 8 + self._norm_weights * 4)

    def cache_bytes_per_id(self, form: str = cache_forms.BFLOAT16) -> float:
        """Keys and values of one id."""
        return cache_forms.bytes_per_id(self.config, form)

    def bytes_per_step(self, context_ids: int, cache: str = cache_forms.BFLOAT16) -> float:
        """What has to be read to make one id: every weight but the embedding's, and the cache."""
        return self.layer_bytes + self.book_weights * self.precision.book_bits / 8 + context_ids * self.cache_bytes_per_id(cache)
