"""`parley models check`: differences are found, gaps are told, and the whole reference set passes where it is at hand."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from parley.cli import models_check
from parley.cli.program import run
from parley_models.hub.comparison import Golden, Row, close, same
from parley_models.hub.reference_ears import resample_rows
from parley_models.hub.reference_text import text_rows
from parley_models.hub.text_source import read_template, read_text


@pytest.mark.timeout(2400)
@pytest.mark.skipif("PARLEY_REFERENCE" not in os.environ, reason="only with the whole reference set")
def test_the_whole_reference_set_passes(reference: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "check", str(reference), "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(rows) > 180
    for item in ("llm: greedy_ids", "stepvocoder: stream/wav_4", "vocoder: flow_full/mel", "tokenizer_long: ids", "prompt: chat, text"):
        (row,) = [row for row in rows if row["item"] == item]
        assert row["passed"]


def test_rows_pass_only_within_their_tolerance() -> None:
    zeros = np.zeros((2, 3))
    assert close("a", zeros + 0.5, zeros, 0.5).passed
    assert not close("a", zeros + 0.6, zeros, 0.5).passed
    assert not close("a", np.zeros((3, 2)), zeros, 0.5).passed
    assert not close("a", np.full((2, 3), np.nan), zeros, 0.5).passed
    assert close("a", np.array([-np.inf, 1.0]), np.array([-np.inf, 1.0]), 0.0).passed
    assert not close("a", np.array([0.0, 1.0]), np.array([-np.inf, 1.0]), 9.0).passed
    assert same("a", [1, 2], [1, 2]).passed
    assert not same("a", [1, 2, 3], [1, 2]).passed
    assert same("a", [1, 3], [1, 2]).difference == 1


def test_a_key_that_nobody_asks_for_is_a_failing_row(tmp_path: Path) -> None:
    np.savez(tmp_path / "llm.npz", known=np.zeros(2), future=np.ones(3))
    golden = Golden(tmp_path / "llm.npz")
    assert golden.close("known", np.zeros(2), 0.1).passed
    (row,) = golden.forgotten()
    assert (row.item, row.passed) == ("llm: future", False)


def test_text_rows_pass_and_see_a_wrong_id(reference: Path, tmp_path: Path) -> None:
    folder = reference / "step-audio-aqaa-mini"
    layout = read_text(folder, {"eos_token_id": 3})
    from parley_models.text_tokenizer import TextTokenizer

    tokenizer, chat = TextTokenizer(folder / "tokenizer.model"), read_template(folder)
    path = reference / "golden" / "text_tokenizer.json"
    rows = list(text_rows(path, tokenizer, layout, chat))
    assert len(rows) == 8
    assert all(row.passed for row in rows)
    golden = json.loads(path.read_text())
    golden["encode"][3]["ids_raw_sentencepiece"][0] += 1
    golden["special_ids"]["<audio_start>"] += 1
    (tmp_path / "text_tokenizer.json").write_text(json.dumps(golden))
    assert {row.item for row in text_rows(tmp_path / "text_tokenizer.json", tokenizer, layout, chat) if not row.passed} >= {
        "text: special_ids",
        "text: encode, ids_raw_sentencepiece",
    }


def test_resampling_rows(tmp_path: Path) -> None:
    native = np.random.default_rng(0).standard_normal((1, 500)).astype(np.float32)
    np.savez(tmp_path / "resample.npz", native=native, native_rate=8000, to8000=native)
    assert all(row.passed for row in resample_rows(Golden(tmp_path / "resample.npz")))
    np.savez(tmp_path / "resample.npz", native=native, native_rate=8000, to8000=native + 1e-3)
    assert not all(row.passed for row in resample_rows(Golden(tmp_path / "resample.npz")))


@pytest.mark.parametrize(("difference", "code"), [(0.1, 0), (0.3, 6)])
def test_the_table_and_the_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, difference: float, code: int
) -> None:
    def rows(*_: object) -> Iterator[Row]:
        yield Row("llm: logits_last", difference, 0.2)
        yield Row("llm: logits in int8", 5.0, None, "greedy ids agree")

    monkeypatch.setattr(models_check, "check_reference", rows)
    assert run(["models", "check", str(tmp_path)]) == code
    told = capsys.readouterr().out
    assert "llm: logits_last" in told
    assert "told only" in told
    assert ("FAIL" in told) == (code == 6)
    assert f"{2 - (code == 6)} of 2 rows pass." in told


def test_a_folder_that_is_no_reference(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "check", str(tmp_path)]) == 4
    assert "no reference folder" in capsys.readouterr().err
