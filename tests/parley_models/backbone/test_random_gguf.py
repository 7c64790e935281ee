from pathlib import Path

import gguf
import numpy as np
import pytest
from gguf.quants import dequantize

from parley_models.backbone.config import BackboneConfig
from parley_models.backbone.random_gguf import Q4_0, Q8_0, Blocks, file_bytes, write_random_gguf

SMALL = BackboneConfig(
    hidden_size=128, intermediate_size=192, num_attention_heads=4, num_attention_groups=2, num_hidden_layers=12, vocab_size=320
)


@pytest.mark.parametrize("blocks", [Q4_0, Q8_0], ids=lambda blocks: blocks.name)
def test_a_file_has_the_dimensions_and_types_asked_for(blocks: Blocks, tmp_path: Path) -> None:
    path = tmp_path / "small.gguf"
    write_random_gguf(path, SMALL, 3, blocks)
    reader = gguf.GGUFReader(path)

    names = "block_count embedding_length feed_forward_length attention.head_count attention.head_count_kv vocab_size".split()
    assert [reader.fields[f"llama.{name}"].contents() for name in names] == [3, 128, 192, 4, 2, 320]
    found = {each.name: (tuple(int(side) for side in reversed(each.shape)), each.tensor_type.name) for each in reader.tensors}
    assert found["token_embd.weight"] == ((320, 128), "Q8_0")
    assert found["blk.2.attn_q.weight"] == ((128, 128), blocks.name)
    assert found["blk.2.attn_k.weight"] == found["blk.2.attn_v.weight"] == ((64, 128), blocks.name)
    assert found["blk.2.ffn_up.weight"] == ((192, 128), blocks.name)
    assert found["blk.2.ffn_down.weight"] == ((128, 192), blocks.name)
    assert len(found) == 3 * 9 + 2

    packed = sum(each.n_bytes for each in reader.tensors if each.tensor_type.name in {"Q4_0", "Q8_0"})
    assert packed == file_bytes(SMALL, 3, blocks)
    assert packed < path.stat().st_size < packed + 20_000


def test_the_weights_keep_what_goes_through_them_at_its_size(tmp_path: Path) -> None:
    path = tmp_path / "small.gguf"
    write_random_gguf(path, SMALL, 1, Q4_0)
    for each in gguf.GGUFReader(path).tensors:
        weights = dequantize(each.data, each.tensor_type)
        wanted = 0 if "norm" in each.name else weights.shape[1] ** -0.5
        assert np.std(weights) == pytest.approx(wanted, rel=0.05)


def test_bits_count_the_scales() -> None:
    assert (Q4_0.bits, Q8_0.bits) == (4.5, 8.5)
