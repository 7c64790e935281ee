"""`parley bench backbone --device cuda`: the same on a graphics card, all layers, steps recorded and not."""

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from parley.bench.record import Load, hand_out, machine
from parley.cli.bench_backbone import shape_named
from parley_models.device import Device
from parley_models.errors import DeviceError, UsageError
from parley_models.hub.cards import CARDS

OTHERS = ("H200", "H100", "RTX PRO 6000")
"""Cards whose speed is computed from the share that was measured."""


def measure_card(name: str, where: str, out: Path | None, *, as_json: bool) -> int:
    """Measure and tell.

    Raises:
        UsageError: no such shape or device.
        DeviceError: the card can't be had, or can't hold it.
    """
    shape, asked = shape_named(name), Device.named(where)
    if asked.kind != "cuda":
        raise UsageError(f"The backbone is measured on cpu, or on cuda, cuda:1, …, not on {where}.")
    import torch

    if not torch.cuda.is_available() or asked.card >= torch.cuda.device_count():
        raise DeviceError(f"torch can't use card {asked.card} here: there is none, or Parley's `gpu` extra is not installed.")
    if not find_spec("triton"):
        raise DeviceError("The kernels for cards need Triton, which comes with torch's CUDA build for Linux.")
    from parley_models.backbone.bench import ROWS
    from parley_models.backbone.card_bench import READ_IDS, CardBench, card_record

    device, load = torch.device("cuda", asked.card), Load()
    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task(f"backbone {name}", total=len(shape.contexts) * len((*ROWS, READ_IDS)))
        try:
            bench = CardBench(shape, device)
            passes = list(bench.passes(lambda: progress.advance(task)))
        except torch.cuda.OutOfMemoryError:
            raise DeviceError(f"The shape {name} does not fit into the free memory of card {asked.card}.") from None
    others = {card.name: card.usable_gb_per_s * 1e9 for card in CARDS if card.name in OTHERS}
    found: dict[str, Any] = {
        "bench": "backbone",
        "device": torch.cuda.get_device_name(device),
        "machine": machine(),
        "load": load.record(),
        "torch": torch.__version__,
        **card_record(bench, passes, others),
    }
    hand_out(found, out, None if as_json else lambda: show(found))
    return 0


def show(found: dict[str, Any]) -> None:
    """The record as a person reads it."""
    console = Console()
    console.print(f"{found['shape']} at {found['linear']} on {found['device']}: {found['weights_gb']} GB of weights.")
    console.print(f"Copying reaches {found['copy_gb_per_s']} GB/s. A step is {found['step_is']}.")
    table = Table("context", "ids", "eager ms", "recorded ms", "ids/s", "share of copy")
    for each in found["passes"]:
        recorded, share = each["recorded_ms"], each["copy_share"]
        figures = f"{each['eager_ms']:.4g}", "" if recorded is None else f"{recorded:.4g}", f"{each['ids_per_s']:.4g}"
        table.add_row(str(each["context"]), str(each["ids"]), *figures, "" if share is None else f"{share:.0%}")
    console.print(table)
    for matrix, reached in found["kernels"].items():
        console.print(f"{matrix}: " + ", ".join(f"{kernel} {share:.0%}" for kernel, share in reached.items()))
    computed = ", ".join(f"{card} {speed:.3g}" for card, speed in found["other_cards"].items())
    console.print(f"Other cards, {found['other_cards_are']}: {computed}.")
