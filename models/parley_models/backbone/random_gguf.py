"""A GGUF file of random weights in a backbone's dimensions, for llama.cpp to be measured with.

The architecture is llama.cpp's `llama`: RMS norms, shared keys, a gated feed-forward, as ours; positions are rotary where ours are ALiBi.
Embedding and head are one matrix: a gigabyte less, at no cost. The vocabulary has a size and no pieces. Format: gguf.md of ggml.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from parley_models.backbone.config import BackboneConfig
from parley_models.backbone.matrices import Int4Groups, Int8Rows


@dataclass(frozen=True, slots=True)
class Blocks:
    """How llama.cpp packs a matrix: per 32 columns of a row a float16 scale and the codes."""

    name: str
    """ggml's."""

    bytes: int
    """Of 32 weights."""

    spread: float
    """Standard deviation of codes that are drawn evenly."""

    @property
    def bits(self) -> float:
        """A weight, its share of the scale included."""
        return 8 * self.bytes / COLUMNS


COLUMNS = 32
"""Of one block."""

Q8_0 = Blocks("Q8_0", 34, 74.0)
Q4_0 = Blocks("Q4_0", 18, 4.6)
LIKE: Mapping[str, Blocks] = MappingProxyType({Int8Rows.name: Q8_0, Int4Groups.name: Q4_0})
"""What is nearest to our own ways of packing."""


def file_bytes(config: BackboneConfig, layers: int, blocks: Blocks) -> int:
    """What `write_random_gguf` will write, to within the header and its padding."""
    return sum(prod(shape) * packed.bytes // COLUMNS for _, shape, packed in _matrices(config, layers, blocks))


def write_random_gguf(path: Path, config: BackboneConfig, layers: int, blocks: Blocks) -> None:
    """Write `layers` layers in `blocks` and a head in Q8_0; one matrix at a time is in memory. Raises ImportError without gguf, OSError."""
    import gguf

    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(config.max_seq_len)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_block_count(layers)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_attention_groups)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_dimension_count(config.head_dim)
    writer.add_vocab_size(config.vocab_size)
    writer.add_tokenizer_model("none")
    matrices, norms = list(_matrices(config, layers, blocks)), list(_norms(layers))
    for name, (rows, columns), packed in matrices:
        kind = gguf.GGMLQuantizationType[packed.name]
        row = columns // COLUMNS * packed.bytes
        writer.add_tensor_info(name, (rows, row), np.dtype(np.uint8), rows * row, raw_dtype=kind)
    ones = np.ones(config.hidden_size, np.float32)
    for name in norms:
        writer.add_tensor_info(name, ones.shape, ones.dtype, ones.nbytes)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    chance = np.random.default_rng(0)
    for _, (rows, columns), packed in matrices:
        writer.write_tensor_data(_random(chance, rows, columns, packed))
    for _ in norms:
        writer.write_tensor_data(ones)
    writer.close()


def _matrices(config: BackboneConfig, layers: int, blocks: Blocks) -> Iterator[tuple[str, tuple[int, int], Blocks]]:
    """Name, (rows, columns) and packing of every matrix, by llama.cpp's names."""
    hidden, inner, shared = config.hidden_size, config.intermediate_size, config.num_attention_groups * config.head_dim
    yield "token_embd.weight", (config.vocab_size, hidden), Q8_0
    for layer in range(layers):
        yield f"blk.{layer}.attn_q.weight", (hidden, hidden), blocks
        yield f"blk.{layer}.attn_k.weight", (shared, hidden), blocks
        yield f"blk.{layer}.attn_v.weight", (shared, hidden), blocks
        yield f"blk.{layer}.attn_output.weight", (hidden, hidden), blocks
        yield f"blk.{layer}.ffn_gate.weight", (inner, hidden), blocks
        yield f"blk.{layer}.ffn_up.weight", (inner, hidden), blocks
        yield f"blk.{layer}.ffn_down.weight", (hidden, inner), blocks


def _norms(layers: int) -> Iterator[str]:
    yield "output_norm.weight"
    for layer in range(layers):
        yield f"blk.{layer}.attn_norm.weight"
        yield f"blk.{layer}.ffn_norm.weight"


def _random(chance: np.random.Generator, rows: int, columns: int, packed: Blocks) -> NDArray[np.uint8]:
    """Codes drawn evenly, scaled so that a row's product with a vector of ones is about 1."""
    codes = chance.integers(0, 256, (rows, columns // COLUMNS, packed.bytes), dtype=np.uint8)
    codes[..., :2] = np.frombuffer(np.float16(columns**-0.5 / packed.spread).tobytes(), np.uint8)
    return codes.reshape(rows, -1)
