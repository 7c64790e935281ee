import sys

import pytest
import torch

from parley.cli import bench_backbone
from parley.cli.program import run
from parley_models.backbone.bench import Bench, Shape
from parley_models.backbone.config import BackboneConfig

TINY = Shape("tiny", BackboneConfig(64, 96, 4, 2, num_hidden_layers=2, vocab_size=320, max_seq_len=70), "int8", layers=2)


def test_without_llama_cpp_the_record_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parley_models.backbone.llama_cpp.find_spec", lambda name: None if name == "xllamacpp" else sys)
    found, lacking = bench_backbone.measure_peer(Bench(TINY), lambda: None)
    assert found == {}
    assert lacking == ["llama.cpp (`.venv/bin/pip install -c constraints.txt gguf xllamacpp` installs it)"]


def test_a_model_that_does_not_fit_is_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parley_models.backbone.llama_cpp.find_spec", lambda _: sys)
    monkeypatch.setattr(bench_backbone, "available_bytes", lambda: 1_100_000_000)
    _, lacking = bench_backbone.measure_peer(Bench(TINY), lambda: None)
    assert lacking == ["llama.cpp (needs 1.5 GB of memory, and 1.1 GB are free)"]


def test_a_card_that_is_not_here_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert run(["bench", "backbone", "--shape", "130b", "--device", "cuda"]) == 5
    assert "torch can't use card 0 here" in capsys.readouterr().err
    assert run(["bench", "backbone", "--device", "gpu"]) == 2
    assert run(["bench", "backbone", "--device", "cuda", "--shape", "7b"]) == 2
