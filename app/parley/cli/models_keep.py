"""`parley models verify` and `remove`: is what lies here still what it was, and away with it."""

import json
import sys
from collections.abc import Sequence

import typer

from parley.cli.program import complain
from parley_models.errors import BundleError, UsageError
from parley_models.hub.installed import Installed, find_installed, installed, remove
from parley_models.hub.places import Places, hub_home
from parley_models.hub.receipt import inspect


def verify_models(names: Sequence[str], *, as_json: bool) -> int:
    """Hash every file of some models, or of all; tells each that is not as recorded. The exit code is that of damage if there is any."""
    places = Places.of_user(hub_home())
    models = [find_installed(name, places) for name in names] if names else installed(places)
    exit_code = 0
    for model in models:
        troubles = _troubles(model)
        if as_json:
            typer.echo(json.dumps({"name": model.name, "folder": str(model.folder), "whole": not troubles, "troubles": troubles}))
        else:
            typer.echo(f"{model.name}: {'every file is as recorded' if not troubles else f'{len(troubles)} damaged'}")
            for path, trouble in troubles.items():
                complain(f"{model.folder / path}: {trouble}.")
        if troubles:
            exit_code = BundleError.exit_code
    return exit_code


def _troubles(model: Installed) -> dict[str, str]:
    try:
        return {state.path: state.trouble for state in inspect(model.folder) if state.trouble}
    except BundleError as error:
        return {"": str(error)}


def remove_model(name: str, *, sure: bool, as_json: bool) -> int:
    """Remove a model and what a pull of it left; asks first."""
    places = Places.of_user(hub_home())
    model = find_installed(name, places, unfinished=True)
    model.check_removable()
    if not sure:
        if not sys.stdin.isatty():
            raise UsageError(f"{model.name} would be removed ({_told(model.size_bytes)}): say --yes.")
        typer.confirm(f"Remove {model.name} ({_told(model.size_bytes)}) from {model.folder.parent}?", abort=True, err=True)
    freed = remove(model, places)
    typer.echo(json.dumps({"name": model.name, "freed_bytes": freed}) if as_json else f"{model.name} is removed: {_told(freed)} free.")
    return 0


def _told(size_bytes: int) -> str:
    return f"{size_bytes / 1e9:.1f} GB" if size_bytes >= 1e9 else f"{size_bytes / 1e6:.1f} MB"
