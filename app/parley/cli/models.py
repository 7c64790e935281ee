"""`parley models …`: one row a command; each imports its own work when it is called."""

from typing import Annotated

import typer

models = typer.Typer(help="Models: which are here, which would run, fetch them, check them.", rich_markup_mode=None)

LineJsonOption = Annotated[bool, typer.Option("--json", help="JSON, for machines.")]


@models.callback(invoke_without_command=True)
def models_alone(context: typer.Context, as_json: LineJsonOption = False) -> int:
    """Models: which are here, which would run, fetch them, check them."""
    return list_command(as_json) if context.invoked_subcommand is None else 0


@models.command("list")
def list_command(as_json: LineJsonOption = False) -> int:
    """List the models that are here."""
    from parley.cli.models_list import list_models

    return list_models(as_json=as_json)
