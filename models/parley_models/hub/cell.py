"""Files that could carry code are opened by another process: no network, no programs, little memory and time, one folder to write to."""

import json
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import parley_models
from parley_models.errors import BundleCorrupt

Found = Any
"""Plain JSON, as the job gives it."""

_ROOT = str(Path(parley_models.__file__).parent.parent)
_DOOR = "import sys; sys.path.insert(0, sys.argv.pop(1)); from parley_models.hub.cell_door import main; main()"


def run_in_cell(
    job: str,
    *arguments: str,
    reads: Path,
    writes: Path | None = None,
    seconds: int = 600,
    computing_s: int | None = None,
    memory_bytes: int = 2**32,
) -> Found:
    """Run a job of `cell_door` on a file and return what it found out.

    Args:
        job: a name in `cell_door.JOBS`.
        arguments: the job's own.
        reads: the file; named in every message.
        writes: the only folder where it may write.
        seconds: when it is ended.
        computing_s: how long it may compute within that.
        memory_bytes: what it may take beyond its libraries.

    Raises:
        BundleCorrupt: the file is refused.
    """
    limits = {"computing_s": computing_s or seconds, "memory_bytes": memory_bytes, "writes": str(writes.resolve()) if writes else ""}
    order = json.dumps({"job": job, "arguments": arguments, **limits})
    command: Sequence[str] = [sys.executable, "-I", "-c", _DOOR, _ROOT, order]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        raise BundleCorrupt(f"{reads} is refused: opening it took longer than {seconds} s.") from None
    if sys.platform != "win32" and done.returncode == -signal.SIGXCPU:
        raise BundleCorrupt(f"{reads} is refused: opening it took longer than {computing_s or seconds} s of computing.")
    try:
        answer = json.loads(done.stdout.splitlines()[-1])
    except (ValueError, IndexError):
        raise BundleCorrupt(f"{reads} is refused: the process that opened it died ({done.returncode}).") from None
    if "refused" in answer:
        raise BundleCorrupt(f"{reads} is refused: {answer['refused']}.")
    return answer["found"]
