"""`parley models import`: a checkpoint's folders become one bundle."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from parley_models.bundle import Bundle
from parley_models.errors import UsageError
from parley_models.hub.importing import ImportNews, import_checkpoint
from parley_models.hub.sources import find_sources

PRECISIONS = ("int8", "int4", "int3", "none")


def import_model(places: Sequence[Path], out: Path, *, quantize: str, as_json: bool) -> int:
    """Make the bundle; raises ParleyError. What is finished by then is taken over by the next try."""
    if quantize not in PRECISIONS:
        raise UsageError(f"Weights can be {', '.join(PRECISIONS[:-1])} or {PRECISIONS[-1]}, not {quantize}.")
    sources = find_sources(places)
    console = Console(file=sys.stderr)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("looking at the files", total=None)

        def tell(news: ImportNews) -> None:
            progress.update(bar, description=news.doing, completed=news.done_bytes, total=news.total_bytes)

        import_checkpoint(sources, out, quantize, tell)
    bundle = Bundle.open(out, verify=False)
    if as_json:
        names = [voice.name for voice in bundle.manifest.voices]
        typer.echo(json.dumps({"folder": str(out), "title": bundle.manifest.title, "bytes": bundle.size_bytes, "voices": names}))
    else:
        typer.echo(f"{bundle.manifest.title} is in {out}: {bundle.size_bytes / 1e6:,.1f} MB. Ask it with: parley ask --bundle {out} Q.wav")
    return 0
