"""`parley bench turn`: what is waited for, through the real window and the real sound card's way."""

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from parley.bench.prefill import ids_left
from parley.bench.record import Load, Spread, calibration, machine, versions
from parley.bench.sitting import Sitting
from parley.bench.speech import questions
from parley.bench.stalls import Stalls
from parley.bench.turns import Interruption, Wait, by_key, hands_free, interrupted, with_pauses
from parley.settings import EngineSettings, Settings
from parley_models.sound_file import write_whole

WARM_UP = 2
"""Turns that are asked before it counts: a network's first run costs more than any later one."""


@dataclass(frozen=True, slots=True)
class Turns:
    """Everything that was measured."""

    key: list[Wait]
    voice: list[Wait]
    pauses: list[Wait]
    interruptions: list[Interruption]
    stalls: Stalls
    driver_gaps: int
    underruns: int
    ids_left: list[int]

    def figures(self) -> dict[str, Any]:
        """The summary: spreads in milliseconds, counts, shares."""
        counted = [each for each in self.interruptions if each.in_time]
        return {
            "push_to_talk_ms": _spread(each.wait_ms for each in self.key),
            "open_microphone_ms": _spread(each.wait_ms for each in self.voice),
            "open_microphone_cut_in_share": _share(self.voice),
            "pause_cut_in_share": _share(self.pauses),
            "pause_open_microphone_ms": _spread(each.wait_ms for each in self.pauses),
            "interruption_duck_ms": _spread(each.ducked_ms for each in counted),
            "interruption_decision_ms": _spread(each.decided_ms for each in counted),
            "interruption_silent_ms": _spread(each.silent_ms for each in counted),
            "decision_to_silence_ms": _spread(each.obeyed_ms for each in counted),
            "interruptions_missed": sum(each.silent_ms is None for each in counted),
            "unanswered": sum(each.wait_ms is None and not each.cut_in for each in (*self.key, *self.voice, *self.pauses)),
            "ids_left_to_prefill": _spread(self.ids_left),
            "main_thread": self.stalls.record(),
            "underruns": self.underruns,
            "driver_gaps": self.driver_gaps,
        }


def measure_turns(bundle: str, turns: int, out: Path | None, *, as_json: bool) -> int:
    """Measure and tell.

    Raises:
        DeviceError: there is no PulseAudio to be had.
        EngineError: the window or its engine does not come.
    """
    load, speed = Load(), calibration()
    with Progress(console=Console(file=sys.stderr), transient=True, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("talking", total=4 * turns + 2 * WARM_UP + len(questions()))
        measured = _measure(bundle, turns, lambda: progress.advance(task))
    record = {
        "what": "parley bench turn",
        "turns": turns,
        "warm_up": WARM_UP,
        "machine": machine(),
        "load": load.record(),
        "calibration": speed,
        "versions": versions(bundle),
        "figures": measured.figures(),
        "raw": {name: [asdict(each) for each in getattr(measured, name)] for name in ("key", "voice", "pauses", "interruptions")},
    }
    if out is not None:
        write_whole(out, (json.dumps(record, indent=1) + "\n").encode())
    if as_json:
        sys.stdout.write(json.dumps(record) + "\n")
    else:
        show(record)
    return 0


def show(record: dict[str, Any]) -> None:
    """The table."""
    load, versions_ = record["load"], record["versions"]
    about = f"{record['turns']} turns of each kind, {versions_['bundle']}, {record['machine']['cpu']}, {load['busy']:.0%} of it busy"
    grid = Table(title=about, caption="times in ms")
    for name in ("", "p50", "p95", "worst", "of"):
        grid.add_column(name, justify="left" if not name else "right")
    for row in rows(record["figures"]):
        grid.add_row(*row)
    Console().print(grid)


ROWS = (
    ("key released → first sound", "push_to_talk_ms"),
    ("open microphone: last word → first sound", "open_microphone_ms"),
    ("the same, with a pause of 600 ms inside the sentence", "pause_open_microphone_ms"),
    ("interruption: its first word → turned down", "interruption_duck_ms"),
    ("interruption: its first word → taken for one by the engine", "interruption_decision_ms"),
    ("interruption: taken for one → silent", "decision_to_silence_ms"),
    ("ids left to be read when the question ends", "ids_left_to_prefill"),
)


def rows(figures: dict[str, Any]) -> list[tuple[str, str, str, str, str]]:
    """What the table says, line by line."""
    found = []
    for words, key in ROWS:
        spread = figures[key]
        found.append((words, *((f"{spread[name]:.0f}" for name in ("p50", "p95", "worst", "count")) if spread else ("–", "–", "–", "0"))))
    stalls = figures["main_thread"]
    found.append(("window: its main thread kept waiting", "", f"{stalls['p99_ms']} (p99)", str(stalls["worst_ms"]), str(stalls["beats"])))
    shares = (("cut in at a pause of 600 ms", "pause_cut_in_share"), ("cut in without a pause", "open_microphone_cut_in_share"))
    found += [(words, f"{figures[key]:.0%}", "", "", "") for words, key in shares]
    counts = (("questions without an answer", "unanswered"), ("interruptions that were not obeyed", "interruptions_missed"))
    found += [(words, str(figures[key]), "", "", "") for words, key in (*counts, ("gaps in answers", "underruns"))]
    return [(row[0], row[1], row[2], row[3], row[4]) for row in found]


def _measure(bundle: str, turns: int, tick: Callable[[], None]) -> Turns:
    """Everything, in one window; each kind of turn in a conversation of its own."""
    asked = questions()
    engine = EngineSettings(bundle=bundle)
    with Sitting(Settings(engine=engine)) as sitting:
        window = sitting.window
        by_key(sitting, asked, WARM_UP, tick)
        window.figures()
        key = by_key(sitting, asked, turns, tick)
        window.tell("open")
        hands_free(sitting, asked, WARM_UP, tick)
        voice = hands_free(sitting, asked, turns, tick)
        pauses = with_pauses(sitting, asked, turns, tick)
        figures = window.figures()
        window.tell("slow")
        interruptions = interrupted(sitting, asked, turns, tick)
        window.tell("shut")
        left = ids_left(window.state, asked, tick)
        underruns = window.counts["underrun"]
    return Turns(key, voice, pauses, interruptions, Stalls.of(figures), int(figures["driver_gaps"] or 0), underruns, left)


def _spread(values: Iterable[float | None]) -> dict[str, Any] | None:
    spread = Spread.of(values)
    return None if spread is None else asdict(spread)


def _share(waits: Sequence[Wait]) -> float:
    return round(sum(each.cut_in for each in waits) / max(1, len(waits)), 4)
