from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch

from parley_models.backbone.bench import READ_IDS, Bench, Shape
from parley_models.backbone.config import BackboneConfig
from parley_models.backbone.llama_cpp import LlamaCpp
from parley_models.backbone.peer import Against, Peer, against, compare, peer_record
from parley_models.backbone.random_gguf import Q8_0, write_random_gguf
from parley_models.errors import EngineError

SMALL = BackboneConfig(
    hidden_size=256,
    intermediate_size=768,
    num_attention_heads=4,
    num_attention_groups=2,
    num_hidden_layers=12,
    vocab_size=320,
    max_seq_len=1200,
)
WHOLE = Shape("whole", replace(SMALL, num_hidden_layers=2, max_seq_len=70), "int8", layers=2)

needs_llama_cpp = pytest.mark.skipif(find_spec("xllamacpp") is None, reason="the extra `peers` is not installed")


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Against]]:
    torch.manual_seed(0)
    return {shape.name: list(_measured(shape, tmp_path_factory.mktemp(shape.name))) for shape in (Shape("layer", SMALL), WHOLE)}


def _measured(shape: Shape, folder: Path) -> Iterator[Against]:
    peer = Peer(shape, 1, folder)
    yield from against(Bench(shape), peer, lambda: None)
    written = sum(path.stat().st_size for path in folder.iterdir())
    assert written == pytest.approx(Peer.file_bytes(shape), rel=0.05)
    peer.close()


@needs_llama_cpp
def test_a_layer_is_the_difference_of_two_models(rows: dict[str, list[Against]]) -> None:
    found = rows["layer"]
    assert [(each.context, each.ids) for each in found] == [(1024, 1), (1024, READ_IDS), (0, 1), (0, READ_IDS)]
    for each in found:
        assert each.layer_ms is not None and 0 < 11 * each.layer_ms < each.step_ms
        assert each.ids_per_s == pytest.approx(each.ids / each.step_ms * 1e3)
        assert each.ours_over_theirs == pytest.approx(each.step_ms / each.ours_step_ms)
    assert found[0].step_ms > found[2].step_ms  # a long context is really looked at


@needs_llama_cpp
def test_a_whole_model_is_measured_whole(rows: dict[str, list[Against]]) -> None:
    assert [(each.context, each.ids, each.layer_ms) for each in rows["whole"]] == [(0, 1, None), (0, READ_IDS, None)]
    told = peer_record(WHOLE, rows["whole"])
    assert [each["ids"] for each in told["llama_cpp"]] == [1, READ_IDS]
    about = told["llama_cpp_is"]
    assert about["version"].startswith("xllamacpp ") and about["compiled_for"].startswith("CPU")
    assert about["step_is"] == "measured, layers and head"
    assert about["quantization"].startswith("layers Q8_0, groups of 32, 8.5 bits a weight (ours int8")


@needs_llama_cpp
@pytest.mark.parametrize("threads", [1, 2])
def test_the_cache_is_filled_without_reading_it_all(threads: int, tmp_path: Path) -> None:
    write_random_gguf(tmp_path / "small.gguf", SMALL, 1, Q8_0)
    model = LlamaCpp(tmp_path / "small.gguf", 600, threads)
    for length in (512, 100, 64, 0):
        model.fill(length)
        assert model.length == length
    model.read(3)
    assert model.length == 3
    with pytest.raises(EngineError, match="was to hold 4 ids and holds 3"):
        model.rewind(4)
    with pytest.raises(EngineError, match="does not take 512 ids more"):
        model.fill(1024)
    model.close()


@needs_llama_cpp
def test_what_is_no_model_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "broken.gguf").write_bytes(b"GGUF, but not really")
    with pytest.raises(EngineError, match=r"can't load broken\.gguf"):
        LlamaCpp(tmp_path / "broken.gguf", 64, threads=1)


def test_a_step_is_one_layer_and_the_head_and_every_further_layer() -> None:
    row = compare(Shape("layer", SMALL), 1024, 1, ours_s=0.05, theirs_s=[0.030, 0.036])
    assert row.layer_ms == pytest.approx(6)
    assert row.step_ms == pytest.approx(30 + 11 * 6)
    assert row.ours_over_theirs == pytest.approx(96 / 50)  # ours takes half of theirs: nearly twice as fast
    with pytest.raises(EngineError, match="too busy"):
        compare(Shape("layer", SMALL), 1024, 1, ours_s=0.05, theirs_s=[0.030, 0.030])
