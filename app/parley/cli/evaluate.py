"""`parley eval`: a bundle is asked the test questions in the test voices, and CURRICULUM's table is printed."""

import json
import shutil
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table as Grid

from parley.cli.program import complain
from parley_models.assistant import Assistant
from parley_models.errors import UsageError
from parley_models.evaluation.claims import WORLDS, unclaimed, world_of
from parley_models.evaluation.examination import Examination, peak_memory_mb, spread
from parley_models.evaluation.judge import Judge
from parley_models.evaluation.measures import Measures
from parley_models.evaluation.people import PersonMark, left_out
from parley_models.evaluation.people import ask as meet
from parley_models.evaluation.questions import OUTSIDE, Question, questions
from parley_models.evaluation.report import HeardStyle, Mark, StyleMark, Table
from parley_models.evaluation.speakers import INSTALL, missing_voices, taught, voices_here
from parley_models.evaluation.wide_examination import WideExamination
from parley_models.evaluation.wide_questions import WideQuestion, mini1_questions
from parley_models.manifest import Manifest

STYLED_QUESTIONS = 12
"""So many questions are asked again in every style."""


def evaluate_bundle(name: str, *, limit: int | None, as_json: bool, world: str | None = None, people: Path | None = None) -> int:
    """Hold the examination and print the table; raises ParleyError if it can't be held."""
    if world not in (None, *WORLDS):
        raise UsageError(f"There is no world “{world}”; the examinations are: {', '.join(WORLDS)}.")
    voices = voices_here()
    if missing := missing_voices():
        complain(f"Not installed, so left out: the test voices {', '.join(map(str, missing))}. To have them: {INSTALL}.")
    words = left_out(people, limit) if people is not None else []
    assistant, judge = Assistant.load(name), Judge()
    teacher = taught if shutil.which("flite") else None
    exam = Examination(assistant, voices, judge, Measures(), teacher)
    wide = WideExamination(assistant, voices, judge, teacher)
    manifest = assistant.bundle.manifest
    wider = (world or world_of(manifest)) == "mini1"
    claimed, skipped = _claimed(manifest, wider=wider)
    asked = spread(claimed, limit)
    inside = [question for question in asked if question.intent != OUTSIDE and _stands_alone(question)]
    styled = spread(inside, min(STYLED_QUESTIONS, max(1, len(asked) // 8)))
    marks: list[Mark] = []
    styles: list[StyleMark] = []
    heard: list[HeardStyle] = []
    met: list[PersonMark] = []
    with Progress(console=Console(file=sys.stderr), transient=True, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task(f"asking {len(asked)} questions", total=len(asked) + len(styled) + len(words))
        for number, question in enumerate(asked):
            marks.append(wide.mark(number, question) if isinstance(question, WideQuestion) else exam.mark(number, question))
            progress.advance(task)
        for number, question in enumerate(styled):
            styles += exam.styles(number, question)
            if isinstance(question, WideQuestion):
                heard += wide.offered(number, question)
            else:
                heard += exam.offered(number, question)
            progress.advance(task)
        for recording in words:
            met.append(meet(assistant, recording))
            progress.advance(task)
    heard += wide.styles()
    outside = next((question.category for question in questions() if question.intent == OUTSIDE), OUTSIDE)
    table = Table(f"{manifest.name} {manifest.version}", marks, styles, outside, peak_memory_mb(), heard, met, skipped)
    _show(table, as_json=as_json)
    return 0


def _claimed(manifest: Manifest, *, wider: bool) -> tuple[Sequence[Question], Counter[str]]:
    """The questions of a world that the bundle claims to be able to answer, and why how many are left out."""
    every: Sequence[Question] = mini1_questions() if wider else questions()
    reasons = [unclaimed(question, manifest) for question in every]
    left = Counter(reason for reason in reasons if reason is not None)
    return [question for question, reason in zip(every, reasons, strict=True) if reason is None], left


def _stands_alone(question: Question) -> bool:
    """Whether it can be asked in any style: nothing before it, in sound, and no style of its own."""
    return not isinstance(question, WideQuestion) or not (question.before or question.system or question.style or not question.spoken)


def _show(table: Table, *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(table.record()) + "\n")
        return
    grid = Grid(title=f"{table.bundle}: {len(table.marks)} questions", show_header=False)
    for name, figure in table.rows():
        grid.add_row(name, figure)
    Console().print(grid)
