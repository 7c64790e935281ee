"""`parley bench answer`: what is timed is an answer's own sound, and the record says what it was measured with."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from parley.cli import bench_answer
from parley.cli.bench_answer import slowest_second, spoken_questions, timed_answer
from parley.cli.destination import record_path
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


@pytest.fixture
def refusing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[[Path], str]:
    """Asks for a record at a place that is refused before anything is measured; why."""

    def measured(*_: object, **__: object) -> int:
        raise AssertionError

    monkeypatch.setattr(bench_answer, "measure_answers", measured)

    def refused(out: Path) -> str:
        assert run(["bench", "answer", "--out", str(out)]) == UsageError.exit_code
        return capsys.readouterr().err

    return refused


def test_a_record_that_can_not_be_kept_is_refused_before_anything_is_measured(refusing: Callable[[Path], str], tmp_path: Path) -> None:
    (tmp_path / "a file").touch()
    os.mkfifo(tmp_path / "pipe")
    assert "is a file, not a folder" in refusing(tmp_path / "a file" / "record.json")
    assert "is a folder" in refusing(tmp_path)
    assert "is no ordinary file" in refusing(tmp_path / "pipe")
    for length in (250, 300):
        assert "File name too long" in refusing(tmp_path / ("x" * length))
    assert "Records can't be written to" in refusing(Path("/proc/x/record.json"))  # whoever asks, the superuser too


def test_the_place_of_a_record_is_tried_without_a_trace(tmp_path: Path) -> None:
    kept = tmp_path / "kept.json"
    kept.write_text("of yesterday")
    assert record_path(kept) == kept
    assert record_path(tmp_path / "missing" / "record.json").name == "record.json"
    assert kept.read_text() == "of yesterday"
    assert list(tmp_path.iterdir()) == [kept]


def test_an_hour_that_never_ends_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["bench", "hour", "--minutes", "inf"]) == UsageError.exit_code
    assert "--minutes" in capsys.readouterr().err
