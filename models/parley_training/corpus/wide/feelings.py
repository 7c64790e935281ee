"""What people tell about themselves, answered with the emotion that fits: joy with joy, sorrow with comfort, fear with calm."""

from __future__ import annotations

from parley_training.corpus.wide.scene import Scene, SceneWriter, among, row_rule, rows, styled
from parley_training.corpus.wide.styles import mood
from parley_training.corpus.world import facts

_ROWS = facts("feelings")

feelings = SceneWriter(
    "feeling",
    "Speech emotion control",
    rows([(row["said"], ".") for row in _ROWS]),
    among([Scene({}, styled(row["reply"], mood(row["emotion"])), row["key"], rule=row_rule(n)) for n, row in enumerate(_ROWS)]),
    weight=8,
)
