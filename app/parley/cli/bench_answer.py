"""`parley bench answer`: how fast a model answers, from the question's last sample to the answer's; no microphone is needed."""

import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from parley.bench.record import Load, Spread, calibration, machine, resources, versions
from parley_models.answer import Answered, SoundPiece
from parley_models.assistant import Assistant
from parley_models.pcm import AudioChunk
from parley_models.sound_file import read_question, write_whole

WARM_UP = 2
"""Answers before it counts: a network's first run costs more than any later one."""

WINDOW_S = 1.0
"""The slowest second of sound is the one that would have made a gap."""


@dataclass(frozen=True, slots=True)
class Timed:
    """One answer."""

    question: str
    first_audio_ms: float | None
    """From the question's end, had it been spoken; None where the answer has no sound."""

    thought_ms: float | None
    real_time_factor: float | None
    slowest_second: float | None
    """The most work that any second of the sound took, as a share of a second; None for less than that of sound."""

    ids_per_s: float
    """Ids made a second of all work, ears and voice included."""


def measure_answers(bundle: str, rounds: int, out: Path | None, *, as_json: bool) -> int:
    """Measure and tell.

    Raises:
        BundleError: the model is not there, or damaged.
    """
    load, speed = Load(), calibration()
    asked = spoken_questions()
    began = time.perf_counter()
    assistant = Assistant.load(bundle)
    load_s = time.perf_counter() - began
    timed: list[Timed] = []
    with Progress(console=Console(file=sys.stderr), transient=True, disable=not sys.stderr.isatty()) as progress:
        for number in progress.track(range(WARM_UP + rounds * len(asked)), description="answering"):
            name, sound = asked[number % len(asked)]
            answer = timed_answer(assistant, name, sound, seed=number)
            if number >= WARM_UP:
                timed.append(answer)
    memory = resources(os.getpid())
    record = {
        "what": "parley bench answer",
        "answers": len(timed),
        "machine": machine(),
        "load": load.record(),
        "calibration": speed,
        "versions": versions(bundle),
        "figures": {"load_s": round(load_s, 2), "rss_mb": round(memory["rss_kb"] / 1024) if memory else None, **figures(timed)},
        "raw": [asdict(each) for each in timed],
    }
    if out is not None:
        write_whole(out, (json.dumps(record, indent=1) + "\n").encode())
    if as_json:
        sys.stdout.write(json.dumps(record) + "\n")
    else:
        show(record)
    return 0


def spoken_questions() -> list[tuple[str, AudioChunk]]:
    """The sample questions that come with Parley."""
    folder = files("parley_assets") / "questions"
    return [(path.stem, read_question(path)) for path in sorted(Path(str(folder)).glob("*.wav"))]


def timed_answer(assistant: Assistant, name: str, sound: AudioChunk, seed: int) -> Timed:
    """Ask once, and note when each piece of sound came."""
    came: list[tuple[float, float]] = []
    done: Answered | None = None
    began = time.perf_counter()
    for event in assistant.ask(sound, seed=seed):
        match event:
            case SoundPiece(sound=piece):
                came.append((time.perf_counter() - began, piece.seconds))
            case Answered():
                done = event
            case _:
                pass
    took_s = time.perf_counter() - began
    if done is None:
        raise RuntimeError("An answer ended without its end.")
    made = done.counts.text + done.counts.linguistic + done.counts.semantic
    timing = done.timing
    return Timed(name, timing.first_audio_ms, timing.thought_ms, timing.real_time_factor, slowest_second(came), round(made / took_s, 1))


def slowest_second(came: Sequence[tuple[float, float]]) -> float | None:
    """The longest time between two pieces that lie a second of sound or more apart, for a second of it; pieces are (came at, seconds)."""
    worst: float | None = None
    for first, (begin_s, _) in enumerate(came):
        length = 0.0
        for at_s, seconds in came[first + 1 :]:
            length += seconds
            if length >= WINDOW_S:
                worst = max(worst or 0.0, (at_s - begin_s) / length)
                break
    return None if worst is None else round(worst, 3)


def figures(timed: Sequence[Timed]) -> dict[str, Any]:
    """Spreads over all answers."""
    columns = ("first_audio_ms", "thought_ms", "real_time_factor", "slowest_second", "ids_per_s")
    return {name: _spread([getattr(each, name) for each in timed], 1000 if name in SHARES else 1) for name in columns}


SHARES = frozenset({"real_time_factor", "slowest_second"})


def _spread(values: Sequence[float | None], fine: int) -> dict[str, Any] | None:
    """A spread, whose rounding to a tenth is too rough for shares of a second: those in thousandths."""
    spread = Spread.of(None if value is None else value * fine for value in values)
    if spread is None:
        return None
    return {"count": spread.count, **{name: round(getattr(spread, name) / fine, 4) for name in ("p50", "p95", "worst")}}


ROWS = (
    ("question's end → first sound, ms", "first_audio_ms", "{:.0f}"),
    ("question's end → first ids of sound, ms", "thought_ms", "{:.0f}"),
    ("work a second of sound (real-time factor)", "real_time_factor", "{:.2f}"),
    ("the same, slowest second", "slowest_second", "{:.2f}"),
    ("ids made a second", "ids_per_s", "{:.0f}"),
)


def show(record: dict[str, Any]) -> None:
    """The table."""
    found, load = record["figures"], record["load"]
    about = f"{record['answers']} answers, {record['versions']['bundle']}, {record['machine']['cpu']}, {load['busy']:.0%} of it busy"
    grid = Table(title=about, caption=f"loaded in {found['load_s']} s; {found['rss_mb']} MB of memory")
    for name in ("", "p50", "p95", "worst"):
        grid.add_column(name, justify="left" if not name else "right")
    for words, key, form in ROWS:
        spread = found[key]
        grid.add_row(words, *((form.format(spread[name]) for name in ("p50", "p95", "worst")) if spread else ("–", "–", "–")))
    Console().print(grid)
