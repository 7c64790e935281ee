"""`parley models list`: which bundles are here."""

import json

import typer

from parley.cli.program import complain
from parley_models.bundle import Bundle, bundle_folders, bundle_places
from parley_models.errors import BundleError


def list_models(*, as_json: bool) -> int:
    """Tell name, version, size, languages and place of every bundle; a damaged one is told on stderr and by the exit code."""
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
            typer.echo(json.dumps(record | {"licence": manifest.licence, "folder": str(folder)}))
        else:
            typer.echo(f"{name}  {manifest.version}  {size_mb:.1f} MB  {', '.join(manifest.languages)}  {manifest.licence}  {folder}")
    if not folders and not as_json:
        typer.echo(f"No bundle is here: neither in {bundle_places()[0]} nor in {bundle_places()[1]}.")
    return exit_code
