"""What belongs to every figure: how often, on which machine, beside what else, of which versions."""

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from parley_models.bundle import Bundle, find_bundle
from parley_models.sound_file import write_whole

PACKAGES = (
    "parley",
    "numpy",
    "onnxruntime",
    "onnxruntime-gpu",
    "torch",
    "PySide6-Essentials",
    "sounddevice",
    "websockets",
    "pywebrtc-audio",
)
MATRIX = 512
READ_BYTES = 1 << 26


@dataclass(frozen=True, slots=True)
class Spread:
    """Many times the same figure."""

    count: int
    p50: float
    p95: float
    worst: float

    @classmethod
    def of(cls, values: Iterable[float | None]) -> "Spread | None":
        """Without those that are None; None if there is no other."""
        found = np.array([value for value in values if value is not None])
        if not len(found):
            return None
        p50, p95 = np.percentile(found, [50, 95])
        return cls(len(found), round(float(p50), 1), round(float(p95), 1), round(float(found.max()), 1))

    def words(self) -> str:
        """As it stands in a table."""
        return f"{self.p50:.0f} / {self.p95:.0f} / {self.worst:.0f}"


def hand_out(found: Mapping[str, Any], out: Path | None, show: Callable[[], None] | None) -> None:
    """Keep a record as a file, if one is named, and show it as people read it; None = print it for machines."""
    if out is not None:
        write_whole(out, (json.dumps(found, indent=1) + "\n").encode())
    if show is None:
        sys.stdout.write(json.dumps(found) + "\n")
    else:
        show()


def machine() -> dict[str, Any]:
    """What it runs on."""
    cpu = next((line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")), platform.processor())
    memory = next((int(line.split()[1]) // 1024 for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), None)
    return {"cpu": cpu, "cores": os.cpu_count(), "memory_mb": memory, "system": f"{platform.system()} {platform.release()}"}


def versions(bundle: str) -> dict[str, str]:
    """Of Parley, of the model, and of what both rest on."""
    manifest = Bundle.open(find_bundle(bundle)).manifest
    found = {"bundle": f"{manifest.name} {manifest.version}", "python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    told = subprocess.run(["pulseaudio", "--version"], capture_output=True, text=True, check=False).stdout.split()
    return {**found, "pulseaudio": told[1] if len(told) > 1 else "unknown"}


def calibration() -> dict[str, float]:
    """How fast the machine is just now, whatever runs besides: the best and the median of many, on one thread of numpy."""
    left, memory = np.ones((MATRIX, MATRIX), np.float32), np.ones(READ_BYTES // 4, np.float32)
    products, reads = _timed(lambda: left @ left, 40), _timed(memory.sum, 10)
    return {
        "matrix_512_ms_best": round(min(products) * 1000, 3),
        "matrix_512_ms_median": round(float(np.median(products)) * 1000, 3),
        "read_gb_s_best": round(READ_BYTES / min(reads) / 1e9, 2),
        "read_gb_s_median": round(READ_BYTES / float(np.median(reads)) / 1e9, 2),
    }


class Load:
    """How busy the machine is from now on."""

    def __init__(self) -> None:
        self._before = _ticks()
        self._load = os.getloadavg()
        self._began = datetime.now(UTC).isoformat(timespec="seconds")

    def record(self) -> dict[str, Any]:
        """What it was like until now; `busy` is the share of all cores' time that was used, by whomever."""
        used, whole = (after - before for after, before in zip(_ticks(), self._before, strict=True))
        return {
            "began": self._began,
            "load_before": round(self._load[0], 2),
            "load_after": round(os.getloadavg()[0], 2),
            "busy": round(used / max(1, whole), 3),
            "nice": os.getpriority(os.PRIO_PROCESS, 0),
        }


def resources(pid: int) -> Mapping[str, int] | None:
    """Of a process: resident memory in kB, threads, open files; None if it is gone."""
    try:
        status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text("utf-8").splitlines() if ":" in line)
        files = len(list(Path(f"/proc/{pid}/fd").iterdir()))
        return {"rss_kb": int(status["VmRSS"].split()[0]), "threads": int(status["Threads"]), "files": files}
    except (OSError, KeyError):
        return None


def _ticks() -> tuple[int, int]:
    """(used, all) of the machine's time."""
    fields = [int(each) for each in _lines("/proc/stat")[0].split()[1:9]]
    idle = fields[3] + fields[4]
    return sum(fields) - idle, sum(fields)


def _lines(path: str) -> list[str]:
    return Path(path).read_text("utf-8").splitlines()


def _timed(work: Callable[[], object], times: int) -> list[float]:
    took = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return took
