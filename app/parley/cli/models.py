"""`parley models …`: one row a command; each imports its own work when it is called."""

from typing import Annotated

import typer

models = typer.Typer(help="Models: which are here, which would run, fetch them, check them.", rich_markup_mode=None)

LineJsonOption = Annotated[bool, typer.Option("--json", help="JSON, for machines.")]


@models.callback(invoke_without_command=True)
def models_alone(context: typer.Context, as_json: LineJsonOption = False) -> int:
    """Models: which are here, which would run, fetch them, check them."""
    return list_command(as_json=as_json) if context.invoked_subcommand is None else 0


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
    """Tell whether a model would run here, and how well, before anything is fetched."""
    from parley.cli.models_plan import plan_models

    return plan_models(name, card=card, as_json=as_json)


@models.command("pull")
def pull_command(name: Annotated[str, typer.Argument(metavar="NAME")], as_json: LineJsonOption = False) -> int:
    """Fetch a model; it may be stopped at any moment and goes on where it was."""
    from parley.cli.models_pull import pull_model

    return pull_model(name, as_json=as_json)


@models.command("verify")
def verify_command(
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME …", help="Models that are here; without it, all.")] = None,
    as_json: LineJsonOption = False,
) -> int:
    """Compare every file of a model with what was recorded when it was made."""
    from parley.cli.models_keep import verify_models

    return verify_models(names or (), as_json=as_json)


@models.command("remove")
def remove_command(
    name: Annotated[str, typer.Argument(metavar="NAME")],
    sure: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    as_json: LineJsonOption = False,
) -> int:
    """Remove a model, and what was fetched for it."""
    from parley.cli.models_keep import remove_model

    return remove_model(name, sure=sure, as_json=as_json)
