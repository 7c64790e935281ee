"""`parley bench backbone`: how fast a backbone of a shape would be here, with random weights."""

import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from parley.bench.record import Load, calibration, hand_out, machine
from parley_models.errors import DeviceError, EngineError, UsageError

if TYPE_CHECKING:
    from parley_models.backbone.bench import Bench, Shape, Tick

SHAPES = ("mini", "3b", "130b")
SPARED_BYTES = 1_000_000_000
"""Memory that is left to others."""


def measure_backbone(name: str, threads: int, out: Path | None, *, as_json: bool) -> int:
    """Measure and tell.

    Raises:
        UsageError: no such shape.
        DeviceError: it does not fit into memory.
    """
    shape = shape_named(name)
    import torch

    from parley_models.backbone.bench import ROWS, Bench, record

    free = available_bytes()
    if free is not None and free < shape.needed_bytes + SPARED_BYTES:
        needed = (shape.needed_bytes + SPARED_BYTES) / 1e9
        raise DeviceError(f"Measuring the shape {name} needs {needed:.1f} GB of memory, and {free / 1e9:.1f} GB are free.")
    load, fast = Load(), calibration()
    terminal = Console(stderr=True)
    with Progress(console=terminal, transient=True, disable=not sys.stderr.isatty()) as progress:
        steps = len(shape.contexts) * (len(ROWS) + 4) + (len(ROWS) if shape.linear == "int4" else 0)
        task = progress.add_task(f"backbone {name}", total=steps)
        bench = Bench(shape, threads)

        def tick() -> None:
            progress.advance(task)

        passes = list(bench.passes(tick))
        paired = list(bench.paired(tick)) if shape.linear == "int4" else []
        caches = list(bench.caches(tick))
        peer, lacking = measure_peer(bench, tick)
    found: dict[str, Any] = {
        "bench": "backbone",
        "device": machine()["cpu"],
        "machine": machine(),
        "calibration": fast,
        "load": load.record(),
        "torch": torch.__version__,
        "not_run": ["graphics cards", *lacking],
        **record(shape, passes, paired, caches, bench.copy_bytes_per_s, threads),
        **peer,
    }
    hand_out(found, out, None if as_json else lambda: _show(found))
    return 0


def shape_named(name: str) -> "Shape":
    """What is measured under a name. Raises UsageError."""
    if name not in SHAPES:
        raise UsageError(f"There is no shape “{name}”; there are {', '.join(SHAPES)}.")
    from parley_models.backbone.bench import Shape
    from parley_models.backbone.config import BackboneConfig
    from parley_models.bundle import find_bundle
    from parley_models.hub.catalogue import STEP_3B, STEP_130B

    if name == "mini":
        config = BackboneConfig.from_file(find_bundle("mini") / "backbone" / "config.json")
        return Shape(name, config, "int8", config.num_hidden_layers)
    return Shape(name, STEP_3B if name == "3b" else STEP_130B)


def measure_peer(bench: "Bench", tick: "Tick") -> tuple[dict[str, Any], list[str]]:
    """llama.cpp at the same dimensions: what the record has of it, and why it was not run."""
    from parley_models.backbone.llama_cpp import INSTALL, is_installed

    if not is_installed():
        return {}, [f"llama.cpp (`{INSTALL}` installs it)"]
    from parley_models.backbone.peer import Peer, against, peer_record

    shape = bench.shape
    free, on_disk = available_bytes(), shutil.disk_usage(gettempdir()).free
    for what, has, needed in ("memory", free, Peer.needed_bytes(shape)), (gettempdir(), on_disk, Peer.file_bytes(shape)):
        if has is not None and has < needed + SPARED_BYTES:
            return {}, [f"llama.cpp (needs {(needed + SPARED_BYTES) / 1e9:.1f} GB of {what}, and {has / 1e9:.1f} GB are free)"]
    try:
        with TemporaryDirectory(prefix="parley-") as folder:
            peer = Peer(shape, bench.threads, Path(folder))
            try:
                rows = list(against(bench, peer, tick))
            finally:
                peer.close()  # before its files go, which may be open
        return peer_record(shape, rows), []
    except (EngineError, OSError) as error:
        return {}, [f"llama.cpp ({error})"]


def available_bytes() -> int | None:
    """Memory that programs may still take; None where the system does not tell."""
    try:
        lines = Path("/proc/meminfo").read_text("utf-8").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")), None)


def _show(found: dict[str, Any]) -> None:
    console = Console()
    console.print(f"{found['shape']} at {found['linear']} on {found['device']}, {found['threads']} thread(s), {found['clock']}")
    console.print(f"Copying reaches {found['copy_gb_per_s']} GB/s. A whole step is {found['step_is']} ({found['layers']} layers).")
    table = Table("context", "ids", "layer ms", "step ms", "ids/s", "share of copy")
    for each in found["passes"]:
        share = "" if each["copy_share"] is None else f"{each['copy_share']:.0%}"
        table.add_row(str(each["context"]), str(each["ids"]), *(f"{each[key]:.4g}" for key in ("layer_ms", "step_ms", "ids_per_s")), share)
    console.print(table)
    for each in found["paired_matrices"]:
        theirs = "torch has none" if each["torch_ms"] is None else f"torch's own int4 {each['torch_ms']:.4g} ms"
        console.print(f"Matrices of a layer, {each['ids']} ids: {each['ours_ms']:.4g} ms, {theirs}")
    for each in found["caches"]:
        console.print(
            f"Context of {each['context']} kept as {each['form']}: {each['layer_ms']:.4g} ms, {each['over_float32']:.2f} of float32"
        )
    _show_peer(found)
    for each in found["speculation"]:
        gains = ", ".join(f"{share}: {gain:.2f}" for share, gain in each["gain_by_acceptance"].items())
        console.print(f"Gain by acceptance at context {each['context']}, a draft at {each['draft_in_steps']} steps: {gains}")
    console.print(f"Not run: {', '.join(found['not_run'])}.")


def _show_peer(found: dict[str, Any]) -> None:
    if "llama_cpp" not in found:
        return
    console, about = Console(), found["llama_cpp_is"]
    console.print(f"In turns with llama.cpp ({about['version']}): {about['quantization']}.")
    console.print(f"Its positions are {about['positions']}, its cache is {about['cache']}.")
    console.print(f"Its step is {about['step_is']}. Compiled for {about['compiled_for']}.")
    table = Table("context", "ids", "ours, step ms", "llama.cpp, layer ms", "step ms", "ids/s", "ours/theirs")
    for each in found["llama_cpp"]:
        layer = "" if each["layer_ms"] is None else f"{each['layer_ms']:.4g}"
        ours, step, speed = (f"{each[key]:.4g}" for key in ("ours_step_ms", "step_ms", "ids_per_s"))
        table.add_row(str(each["context"]), str(each["ids"]), ours, layer, step, speed, f"{each['ours_over_theirs']:.2f}")
    console.print(table)
