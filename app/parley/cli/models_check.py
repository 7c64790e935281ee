"""`parley models check`: a reference folder, imported and held against its numbers."""

import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from parley_models.errors import EngineError
from parley_models.hub.comparison import Row
from parley_models.hub.importing import ImportNews
from parley_models.hub.reference import check_reference


def check_folder(folder: Path, *, as_json: bool) -> int:
    """Print one row for each item; the exit code says whether all are within their tolerances."""
    rows: list[Row] = []
    console = Console(file=sys.stderr)
    with (
        tempfile.TemporaryDirectory(prefix="parley-check-") as scratch,
        Progress(console=console, transient=True, disable=not console.is_terminal) as progress,
    ):
        bar = progress.add_task("importing", total=None)

        def tell(news: ImportNews) -> None:
            progress.update(bar, description=f"importing {news.doing}", completed=news.done_bytes, total=news.total_bytes)

        for row in check_reference(folder, Path(scratch), tell):
            rows.append(row)
            progress.update(bar, description=row.item, total=None)
            if as_json:
                typer.echo(json.dumps(asdict(row) | {"passed": row.passed}))
    failed = sum(not row.passed for row in rows)
    if not as_json:
        _show(rows)
        typer.echo(f"{len(rows) - failed} of {len(rows)} rows pass.")
    return EngineError.exit_code if failed or not rows else 0


def _show(rows: list[Row]) -> None:
    """The table, as wide as it needs to be where nobody watches."""
    table = Table("item", "difference", "tolerance", "", "note")
    for row in rows:
        difference = "–" if row.difference is None else f"{row.difference:.3g}"
        tolerance = "told only" if row.tolerance is None else f"{row.tolerance:g}" if row.tolerance else "exact"
        table.add_row(row.item, difference, tolerance, "pass" if row.passed else "FAIL", row.note)
    console = Console()
    if not console.is_terminal:
        console = Console(width=220)
    console.print(table)
