"""`parley bench …`: one row a command; each imports its own work when it is called."""

from pathlib import Path
from typing import Annotated

import typer

bench = typer.Typer(help="Measure how long you wait on this machine, how steadily it runs.", no_args_is_help=True, rich_markup_mode=None)


def _record_path(out: Path | None) -> Path | None:
    """Looked at before anything is measured: an hour would be lost."""
    from parley.cli.destination import record_path

    return None if out is None else record_path(out)


JsonOption = Annotated[bool, typer.Option("--json", help="The record as JSON, for machines.")]
OutOption = Annotated[
    Path | None, typer.Option("-o", "--out", metavar="F.json", callback=_record_path, help="Where the record goes besides.")
]
BundleOption = Annotated[str, typer.Option("--bundle", metavar="NAME|DIR", help="The model that answers.")]


@bench.command("turn")
def turn_command(
    turns: Annotated[
        int, typer.Option("--turns", metavar="N", min=1, help="How many turns of each kind; what the aims ask for is 30.")
    ] = 30,
    bundle: BundleOption = "mini",
    out: OutOption = None,
    as_json: JsonOption = False,
) -> int:
    """Measure turns through the real window: waits and interruptions. It hears and speaks on a virtual microphone and speaker."""
    from parley.cli.bench_turn import measure_turns

    return measure_turns(bundle, turns, out, as_json=as_json)


@bench.command("hour")
def hour_command(
    minutes: Annotated[float, typer.Option("--minutes", metavar="N", min=0.2, max=10_080, help="How long to talk; up to a week.")] = 60.0,
    bundle: BundleOption = "mini",
    out: OutOption = None,
    as_json: JsonOption = False,
) -> int:
    """Talk for an hour, and look for gaps, growth and stalls. It is talked to on a virtual microphone and speaker."""
    from parley.cli.bench_hour import measure_hour

    return measure_hour(bundle, minutes, out, as_json=as_json)


@bench.command("answer")
def answer_command(
    rounds: Annotated[int, typer.Option("--rounds", metavar="N", min=1, help="How often each sample question is asked.")] = 5,
    bundle: BundleOption = "mini",
    out: OutOption = None,
    as_json: JsonOption = False,
) -> int:
    """Measure answers to the sample questions, without a microphone. How long you wait, how steadily sound is made."""
    from parley.cli.bench_answer import measure_answers

    return measure_answers(bundle, rounds, out, as_json=as_json)


@bench.command("backbone")
def backbone_command(
    shape: Annotated[str, typer.Option("--shape", metavar="mini|3b|130b", help="Whose dimensions.")] = "mini",
    device: Annotated[str, typer.Option("--device", metavar="cpu|cuda[:N]", help="The processor, or a graphics card.")] = "cpu",
    threads: Annotated[int, typer.Option("--threads", metavar="N", min=1, help="How many threads compute.")] = 1,
    out: OutOption = None,
    as_json: JsonOption = False,
) -> int:
    """Measure decoding, checking drafts and reading. The weights are random, their shape is that of a true model."""
    if device != "cpu":
        from parley.cli.bench_card import measure_card

        return measure_card(shape, device, out, as_json=as_json)
    from parley.cli.bench_backbone import measure_backbone

    return measure_backbone(shape, threads, out, as_json=as_json)
