"""`parley bench answer`: what is timed is an answer's own sound, and the record says what it was measured with."""

import json
from pathlib import Path

import pytest

from parley.cli import bench_answer
from parley.cli.bench_answer import slowest_second, spoken_questions, timed_answer
from parley.cli.program import run
from parley_models.assistant import Assistant
from parley_models.errors import UsageError
from tests.fakes.thimble import scripted, thimble, thimble_folder


@pytest.fixture
def assistant(tmp_path: Path) -> Assistant:
    folder = thimble_folder(tmp_path / "thimble")
    return thimble(folder, scripted(folder))


def test_the_slowest_second_is_the_longest_wait_for_one() -> None:
    pieces = [(0.1, 0.5), (0.2, 0.5), (0.3, 0.5), (1.3, 0.5), (1.4, 0.5)]
    assert slowest_second(pieces) == pytest.approx(1.1)
    assert slowest_second([(0.1, 0.4), (0.2, 0.4)]) is None


def test_an_answer_is_timed_to_its_sound(assistant: Assistant) -> None:
    name, sound = spoken_questions()[0]
    timed = timed_answer(assistant, name, sound, seed=1)
    assert timed.first_audio_ms is not None
    assert timed.real_time_factor is not None
    assert timed.ids_per_s > 0


def test_the_record_holds_every_answer(
    assistant: Assistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Assistant, "load", lambda _: assistant)
    folder = thimble_folder(tmp_path / "shown")
    assert bench_answer.measure_answers(str(folder), 1, tmp_path / "record.json", as_json=True) == 0
    told, kept = capsys.readouterr(), json.loads((tmp_path / "record.json").read_text())
    assert json.loads(told.out) == kept
    assert told.err == ""
    assert kept["answers"] == len(kept["raw"]) == len(spoken_questions())
    assert kept["figures"]["first_audio_ms"]["count"] == kept["answers"]
    bench_answer.show(kept)
    assert "real-time factor" in capsys.readouterr().out


def test_a_record_that_can_not_be_kept_is_refused_before_anything_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def measured(*_: object, **__: object) -> int:
        raise AssertionError

    monkeypatch.setattr(bench_answer, "measure_answers", measured)
    (tmp_path / "a file").touch()
    for out, why in ((tmp_path / "a file" / "record.json", "is a file, not a folder"), (tmp_path, "is a folder")):
        assert run(["bench", "answer", "--out", str(out)]) == UsageError.exit_code
        assert why in capsys.readouterr().err


def test_an_hour_that_never_ends_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["bench", "hour", "--minutes", "inf"]) == UsageError.exit_code
    assert "--minutes" in capsys.readouterr().err
