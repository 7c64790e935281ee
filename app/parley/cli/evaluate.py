"""`parley eval`: a bundle is asked the test questions in the test voices, and CURRICULUM's table is printed."""

import json
import shutil
import sys

from rich.console import Console
from rich.progress import Progress
from rich.table import Table as Grid

from parley.cli.program import complain
from parley_models.assistant import Assistant
from parley_models.evaluation.examination import Examination, peak_memory_mb, spread
from parley_models.evaluation.judge import Judge
from parley_models.evaluation.measures import Measures
from parley_models.evaluation.questions import OUTSIDE, questions
from parley_models.evaluation.report import Mark, StyleMark, Table
from parley_models.evaluation.speakers import INSTALL, missing_programs, taught, voices_here

STYLED_QUESTIONS = 12
"""So many questions are asked again in every style."""


def evaluate_bundle(name: str, *, limit: int | None, as_json: bool) -> int:
    """Hold the examination and print the table; raises ParleyError if it can't be held."""
    voices = voices_here()
    if missing := missing_programs():
        complain(f"Not installed, so left out: the test voices of {', '.join(missing)}. To have them: {INSTALL}.")
    assistant = Assistant.load(name)
    exam = Examination(assistant, voices, Judge(), Measures(), taught if shutil.which("flite") else None)
    asked = spread(questions(), limit)
    inside = [question for question in asked if question.intent != OUTSIDE]
    styled = spread(inside, min(STYLED_QUESTIONS, max(1, len(asked) // 8)))
    marks: list[Mark] = []
    styles: list[StyleMark] = []
    with Progress(console=Console(file=sys.stderr), transient=True) as progress:
        task = progress.add_task(f"asking {len(asked)} questions", total=len(asked) + len(styled))
        for number, question in enumerate(asked):
            marks.append(exam.mark(number, question))
            progress.advance(task)
        for number, question in enumerate(styled):
            styles += exam.styles(number, question)
            progress.advance(task)
    manifest = assistant.bundle.manifest
    outside = next((question.category for question in questions() if question.intent == OUTSIDE), OUTSIDE)
    table = Table(f"{manifest.name} {manifest.version}", marks, styles, outside, peak_memory_mb())
    _show(table, as_json=as_json)
    return 0


def _show(table: Table, *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(table.record()) + "\n")
        return
    grid = Grid(title=f"{table.bundle}: {len(table.marks)} questions", show_header=False)
    for name, figure in table.rows():
        grid.add_row(name, figure)
    Console().print(grid)
