"""`parley bench hour`: does it still talk after an hour, and at what price?"""

import json
import sys
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from parley.bench.record import Load, calibration, machine, versions
from parley.bench.sitting import Sitting
from parley.bench.soak import Soak, talk
from parley.bench.speech import questions
from parley.bench.stalls import Stalls
from parley.settings import EngineSettings, Settings
from parley_models.sound_file import write_whole


def measure_hour(bundle: str, minutes: float, out: Path | None, *, as_json: bool) -> int:
    """Talk and tell.

    Raises:
        DeviceError: there is no PulseAudio to be had.
        EngineError: the window or its engine does not come.
    """
    load, speed = Load(), calibration()
    with (
        Progress(console=Console(file=sys.stderr), transient=True, disable=not sys.stderr.isatty()) as progress,
        Sitting(Settings(engine=EngineSettings(bundle=bundle))) as sitting,
    ):
        task = progress.add_task("talking", total=minutes * 60)
        sitting.window.figures()
        began, mark = time.monotonic(), sitting.window.mark
        soak = talk(sitting, questions(), minutes, lambda seconds: progress.update(task, completed=seconds))
        figures = sitting.window.figures()
        counts = sitting.window.counts
        stalls = [{"at_s": round(news.at_s - began, 1), **news.facts} for news in sitting.window.since(mark, "stall")]
    record = {
        "what": "parley bench hour",
        "minutes": minutes,
        "machine": machine(),
        "load": load.record(),
        "calibration": speed,
        "versions": versions(bundle),
        "figures": {
            "asked": soak.asked,
            "answered": soak.answered,
            "interrupted": soak.interrupted,
            "underruns": counts["underrun"],
            "driver_gaps": figures["driver_gaps"],
            "trouble": counts["trouble"],
            "engine_died": counts["engine died"],
            "main_thread": {**Stalls.of(figures).record(), "told": stalls},
            "window": soak.growth("window"),
            "engine": soak.growth("engine"),
        },
        "raw": soak.samples,
    }
    if out is not None:
        write_whole(out, (json.dumps(record, indent=1) + "\n").encode())
    if as_json:
        sys.stdout.write(json.dumps(record) + "\n")
    else:
        _show(record, soak)
    return 0


def _show(record: dict[str, Any], soak: Soak) -> None:
    figures = record["figures"]
    stalls = figures["main_thread"]
    grid = Table(title=f"{record['minutes']:g} minutes with {record['versions']['bundle']}, machine {record['load']['busy']:.0%} busy")
    grid.add_column()
    grid.add_column(justify="right")
    grid.add_row("questions asked, answered, interrupted", f"{soak.asked}, {soak.answered}, {soak.interrupted}")
    grid.add_row("gaps of our own making (a chunk came too late)", str(figures["underruns"]))
    grid.add_row("gaps of the sound card's drivers (the machine was too busy)", str(figures["driver_gaps"]))
    grid.add_row("trouble told; engines that died", f"{figures['trouble']}; {figures['engine_died']}")
    grid.add_row("main thread kept waiting: p99, worst", f"{stalls['p99_ms']} ms, {stalls['worst_ms']} ms")
    for process in ("window", "engine"):
        grew = figures[process]
        if grew:
            share = grew["slope_share_an_hour"]
            slope = "too short to tell a slope" if share is None else f"{share:+.1%} an hour"
            line = f"{grew['at_first_mb']:.0f} → {grew['last_mb']:.0f} MB, {slope}"
            grid.add_row(f"memory of the {process}", line)
    Console().print(grid)
