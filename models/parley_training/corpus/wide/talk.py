"""Small talk, and what people ask about Parley."""

from __future__ import annotations

from parley_training.corpus.wide.scene import Scene, SceneWriter, among, row_rule, rows, styled
from parley_training.corpus.wide.styles import mood
from parley_training.corpus.world import Row, facts


def scenes_of(table: tuple[Row, ...], system: str = "") -> list[Scene]:
    """One scene for each row of a table with the columns answer, emotion (or manner) and key; row n is asked by the rule `row_rule(n)`."""
    return [
        Scene({}, styled(row["answer"], mood(row["emotion"])), row["key"], rule=row_rule(n), system=system) for n, row in enumerate(table)
    ]


def _writer(intent: str, weight: float) -> SceneWriter:
    table = tuple(row for row in facts("small_talk") if row["intent"] == intent)
    return SceneWriter(intent, "Assistant", rows([(row["said"], row["mark"]) for row in table]), among(scenes_of(table)), weight)


about_parley, small_talk = _writer("about_parley", 6), _writer("small_talk", 7)
