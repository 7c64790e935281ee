"""`parley models list`: which models are here, and which could be."""

import json

import typer

from parley.cli.program import complain
from parley_models.bundle import Bundle, bundle_folders, bundle_places
from parley_models.errors import BundleError
from parley_models.hub.catalogue import CATALOGUE
from parley_models.hub.installed import Installed, installed
from parley_models.hub.places import Places, hub_home


def list_models(*, as_json: bool, everything: bool = False) -> int:
    """Tell name, version, size, languages and place of every model; a damaged one is told on stderr and by the exit code.

    Args:
        as_json: one line of JSON each.
        everything: tell of the catalogue's other models, too.
    """
    exit_code = 0
    folders = bundle_folders()
    for name, folder in sorted(folders.items()):
        try:
            bundle = Bundle.open(folder)
        except BundleError as error:
            complain(error)
            exit_code = error.exit_code
            continue
        manifest, size_mb = bundle.manifest, bundle.size_bytes / 1e6
        if as_json:
            record = {"name": name, "version": manifest.version, "size_mb": round(size_mb, 1), "languages": manifest.languages}
            typer.echo(json.dumps(record | {"licence": manifest.licence, "folder": str(folder), "kind": "bundles"}))
        else:
            typer.echo(f"{name}  {manifest.version}  {size_mb:.1f} MB  {', '.join(manifest.languages)}  {manifest.licence}  {folder}")
    others = [model for model in installed(Places.of_user(hub_home()), unfinished=True) if model.kind in {"drafts", "unfinished"}]
    for model in others:
        _tell_other(model, as_json=as_json)
    absent = [name for name in CATALOGUE if name not in folders.keys() | {model.name for model in others}]
    if everything:
        for name in absent:
            _tell_available(name, as_json=as_json)
    elif absent and not as_json:
        typer.echo(f"{len(absent)} more can be fetched: `parley models list --all` names them.")
    if not folders and not as_json:
        typer.echo(f"No bundle is here: neither in {bundle_places()[0]} nor in {bundle_places()[1]}.")
    return exit_code


def _tell_other(model: Installed, *, as_json: bool) -> None:
    """A draft, or a pull that is not complete."""
    size_mb = model.size_bytes / 1e6
    if as_json:
        typer.echo(json.dumps({"name": model.name, "size_mb": round(size_mb, 1), "folder": str(model.folder), "kind": model.kind}))
    else:
        state = "being pulled" if model.kind == "unfinished" else "drafts for another"
        typer.echo(f"{model.name}  {state}  {size_mb:.1f} MB  {model.folder}")


def _tell_available(name: str, *, as_json: bool) -> None:
    entry = CATALOGUE[name]
    if as_json:
        typer.echo(
            json.dumps({"name": name, "download_gb": round(entry.download_bytes / 1e9, 1), "licence": entry.licence, "kind": "available"})
        )
    else:
        typer.echo(f"{name}  not here  {entry.download_bytes / 1e9:.0f} GB to fetch  {entry.licence}  {entry.summary}")
