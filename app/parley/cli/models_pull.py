"""`parley models pull`: fetch a model of the catalogue; what was fetched before is not fetched again."""

import json
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from parley_models.hub.catalogue import find_entry
from parley_models.hub.making import maker_for
from parley_models.hub.places import Places
from parley_models.hub.pull import PullNews, pull
from parley_models.hub.remote import Hub

STEP = 0.01
"""How much further a pull must be before a machine is told again."""


def pull_model(name: str, *, as_json: bool) -> int:
    """Bring a model here. Raises UsageError or BundleError; what has been fetched by then stays."""
    entry, hub = find_entry(name), Hub()
    if entry.built_in:
        typer.echo(json.dumps({"name": entry.name, "state": "built in"}) if as_json else f"{entry.title} comes with Parley.")
        return 0
    telling: AbstractContextManager[Callable[[PullNews], None]] = nullcontext(_Lines()) if as_json else _Bar()
    with telling as tell:
        folder = pull(entry, maker_for(entry), hub, Places.of_user(hub.home), tell)
    typer.echo(json.dumps({"name": entry.name, "state": "here", "folder": str(folder)}) if as_json else f"{entry.title} is here: {folder}")
    return 0


class _Lines:
    """One line of JSON a step."""

    def __init__(self) -> None:
        self._told = ("", "", 0.0)

    def __call__(self, news: PullNews) -> None:
        share = news.done_bytes / max(news.total_bytes, 1)
        doing, path, told = self._told
        if (news.doing, news.path) != (doing, path) or share - told >= STEP:
            self._told = (news.doing, news.path, share)
            told_now = {"doing": news.doing, "path": news.path, "done_bytes": news.done_bytes, "total_bytes": news.total_bytes}
            typer.echo(json.dumps(told_now))


class _Bar(AbstractContextManager[Callable[[PullNews], None]]):
    """Bytes, speed and time left, on stderr."""

    def __init__(self) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
        console = Console(file=sys.stderr)
        self._progress = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._task = self._progress.add_task("asking the hub", total=None)

    def __enter__(self) -> Callable[[PullNews], None]:
        self._progress.start()
        return self._tell

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def _tell(self, news: PullNews) -> None:
        name = news.path.rpartition("/")[2]
        self._progress.update(self._task, description=f"{news.doing} {name}", completed=news.done_bytes, total=news.total_bytes)
