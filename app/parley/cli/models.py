"""`parley models …`: one row a command; each imports its own work when it is called."""

from pathlib import Path
from typing import Annotated

import typer

models = typer.Typer(help="Models: which are here, which would run, fetch them, check them.", rich_markup_mode=None)

LineJsonOption = Annotated[bool, typer.Option("--json", help="JSON, for machines.")]


@models.callback(invoke_without_command=True)
def models_alone(context: typer.Context, as_json: LineJsonOption = False) -> int:
    """Models: which are here, which would run, fetch them, check them."""
    if context.invoked_subcommand is None:
        return list_command(as_json=as_json)
    if as_json:
        raise typer.BadParameter(f"it belongs behind “{context.invoked_subcommand}”.", param_hint="--json")
    return 0


@models.command("list")
def list_command(
    everything: Annotated[bool, typer.Option("--all", help="Those that could be pulled, too.")] = False, as_json: LineJsonOption = False
) -> int:
    """List the models that are here."""
    from parley.cli.models_list import list_models

    return list_models(as_json=as_json, everything=everything)


@models.command("plan")
def plan_command(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="A model of the catalogue; without it, all.")] = None,
    card: Annotated[str | None, typer.Option("--card", metavar="CARD", help="As if this card were here, such as “RTX 4090”.")] = None,
    as_json: LineJsonOption = False,
) -> int:
    """Tell whether a model would run here, and how well. Nothing is fetched for that."""
    from parley.cli.models_plan import plan_models

    return plan_models(name, card=card, as_json=as_json)


@models.command("pull")
def pull_command(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A model of the catalogue.")], as_json: LineJsonOption = False
) -> int:
    """Fetch a model. It may be stopped at any moment and goes on where it was."""
    from parley.cli.models_pull import pull_model

    return pull_model(name, as_json=as_json)


@models.command("verify")
def verify_command(
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME", help="A model that is here; without it, all.")] = None,
    as_json: LineJsonOption = False,
) -> int:
    """Compare a model's files with what was recorded when it was made."""
    from parley.cli.models_keep import verify_models

    return verify_models(names or (), as_json=as_json)


@models.command("remove")
def remove_command(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A model that is here.")],
    sure: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    as_json: LineJsonOption = False,
) -> int:
    """Remove a model, and what was fetched for it."""
    from parley.cli.models_keep import remove_model

    return remove_model(name, sure=sure, as_json=as_json)


@models.command("import")
def import_command(
    sources: Annotated[
        list[Path],
        typer.Argument(metavar="SRC", help="Folders of a checkpoint: backbone, Step-Audio-Tokenizer, vocoder; and recordings of voices."),
    ],
    out: Annotated[Path, typer.Option("--out", metavar="BUNDLE", help="The new bundle's folder.")],
    quantize: Annotated[
        str, typer.Option("--quantize", metavar="int8|int4|int3|none", help="How the backbone's weights are kept.")
    ] = "int8",
    as_json: LineJsonOption = False,
) -> int:
    """Make a bundle of a checkpoint on this disk. It may be stopped at any moment and goes on where it was."""
    from parley.cli.models_import import import_model

    return import_model(sources, out, quantize=quantize, as_json=as_json)


@models.command("check")
def check_command(
    folder: Annotated[Path, typer.Argument(metavar="REFERENCE_DIR", help="Checkpoints, recordings and golden numbers.")],
    as_json: LineJsonOption = False,
) -> int:
    """Hold the checkpoints of a reference folder against its numbers. They are imported for that, and all that they compute is compared."""
    from parley.cli.models_check import check_folder

    return check_folder(folder, as_json=as_json)
