"""What a backbone weighs: bytes on the disk and on the card, bytes that one id reads. Arithmetic only, no torch."""

from dataclasses import dataclass

from parley_models.backbone.config import BackboneConfig

IDS_PER_AUDIO_S = 5 / 0.12
"""41.67: a group of five ids stands for 120 ms."""


@dataclass(frozen=True, slots=True)
class Precision:
    """How the matrices of the layers are stored; embeddings and head are int8 unless everything is bfloat16."""

    name: str
    bits: float
    """A weight, its share of scales and offsets included."""

    book_bits: float = 8.0
    """Of the embedding, and of the head."""


BFLOAT16 = Precision("bfloat16", 16.0, 16.0)
INT8 = Precision("int8", 8.0)
INT4 = Precision("int4", 4.5)
"""Groups of 64 columns share two bfloat16 values."""

INT3 = Precision("int3", 3.5)
"""Mixed: most matrices at 3 bits with a scale and an offset for each 64 columns."""


@dataclass(frozen=True, slots=True)
class Footprint:
    """One backbone at one precision."""

    config: BackboneConfig
    precision: Precision

    @property
    def layer_weights(self) -> int:
        """Weights in the matrices of all layers."""
        config = self.config
        shared = config.num_attention_groups * config.head_dim
        attention = 2 * config.hidden_size**2 + 2 * config.hidden_size * shared
        return config.num_hidden_layers * (attention + 3 * config.hidden_size * config.intermediate_size)

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
        layers = self.layer_weights * self.precision.bits / 8
        return round(layers + 2 * self.book_weights * self.precision.book_bits / 8 + self._norm_weights * 4)

    @property
    def cache_bytes_per_id(self) -> int:
        """Keys and values of one id, bfloat16."""
        config = self.config
        return 2 * 2 * config.num_hidden_layers * config.num_attention_groups * config.head_dim

    def bytes_per_step(self, context_ids: int) -> float:
        """What has to be read to make one id: every weight but the embedding's, and the cache."""
        layers = self.layer_weights * self.precision.bits / 8
        return layers + self.book_weights * self.precision.book_bits / 8 + context_ids * self.cache_bytes_per_id
