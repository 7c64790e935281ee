"""How much memory a model could take here."""

import os
from pathlib import Path

_MEMINFO = Path("/proc/meminfo")


def free_memory_bytes() -> int | None:
    """What programs could still have; None where the system doesn't tell (Windows, macOS).

    Linux counts what it would give back of its file cache; `SC_AVPHYS_PAGES` does not.
    """
    try:
        for line in _MEMINFO.read_text("ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError, AttributeError):
        return None
