"""The table counts what it says it counts."""

import json

import pytest

from parley_models.evaluation.report import Mark, Share, StyleMark, Table


def mark(category: str, *, right: bool, audible: bool, ceiling: bool | None = True, first_audio_ms: float = 200.0) -> Mark:
    return Mark(category, "?", "flite awb", "!", right, audible, ceiling, first_audio_ms, 0.4)


TABLE = Table(
    "mini 1",
    [
        mark("Knowledge", right=True, audible=True, first_audio_ms=100.0),
        mark("Knowledge", right=True, audible=False, first_audio_ms=200.0),
        mark("Assistant", right=False, audible=False, ceiling=False, first_audio_ms=300.0),
        mark("Outside", right=True, audible=True, first_audio_ms=400.0),
        mark("Outside", right=False, audible=False, first_audio_ms=500.0),
    ],
    [
        StyleMark("rate", 1.4, 1.5, same_words=True),
        StyleMark("rate", 1.4, 1.0, same_words=True),
        StyleMark("pitch", -3.0, -2.0, same_words=False),
        StyleMark("pitch", 3.0, None, same_words=True),
    ],
    outside="Outside",
    peak_memory_mb=512.3,
)


def test_questions_outside_its_world_count_as_honesty_alone() -> None:
    assert TABLE.understood == Share(2, 3)
    assert TABLE.audible == Share(1, 3)
    assert TABLE.ceiling == Share(2, 3)
    assert TABLE.honest == Share(1, 2)
    assert TABLE.by_category() == {"Knowledge": (Share(2, 2), Share(1, 2)), "Assistant": (Share(0, 1), Share(0, 1))}


def test_a_voice_that_ignores_the_rate_shows() -> None:
    assert TABLE.in_style("rate") == Share(1, 2)
    assert TABLE.in_style("pitch") == Share(1, 2)
    assert TABLE.same_words == Share(3, 4)


@pytest.mark.parametrize(
    ("control", "asked", "achieved", "kept"),
    [
        ("rate", 0.5, 0.54, True),
        ("rate", 0.5, 0.56, False),
        ("rate", 2.0, 1.79, False),
        ("pitch", 3.0, 4.0, True),
        ("pitch", 3.0, 1.9, False),
    ],
)
def test_the_tolerances_are_those_of_the_curriculum(control: str, asked: float, achieved: float, kept: bool) -> None:
    assert StyleMark(control, asked, achieved, same_words=True).kept == kept


def test_the_record_is_json_with_every_figure() -> None:
    record = json.loads(json.dumps(TABLE.record()))
    assert record["understood"] == {"percent": 66.7, "hits": 2, "count": 3}
    assert record["fast"]["first_audio_ms"] == {"p50": 300.0, "p95": 480.0}
    assert record["fast"]["peak_memory_mb"] == 512
    assert {row[0].strip() for row in TABLE.rows()} >= {"Understood", "Audible", "Honest outside its world", "Knowledge", "Assistant"}


def test_an_empty_examination_has_no_figures() -> None:
    empty = Table("mini 1", [], [], "Outside", 0.0)
    assert empty.record()["understood"]["percent"] is None
    assert ("Understood", "not asked") in empty.rows()
