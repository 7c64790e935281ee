"""Large files that were hashed and found whole, so that an unchanged model of 70 GB is not read through at every start."""

import contextlib
import hashlib
import json
import logging
import os
import time
from pathlib import Path

import platformdirs

logger = logging.getLogger(__name__)

WORTH_BYTES = 64 * 2**20
"""Smaller files are hashed each time: it takes no longer than a twentieth of a second."""

SETTLED_S = 2.0
"""A file that was written more recently may be written again without another time: the coarsest clocks of file systems tick so."""

Signs = list[int | str]


class Verified:
    """What is remembered of one folder's files. It lies outside the folder: who can change a model can't vouch for it."""

    def __init__(self, folder: Path, place: Path | None = None) -> None:
        """Read what is remembered of a folder, in a place of the user's; what can't be read is not remembered."""
        name = hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()
        self._path = (place or platformdirs.user_cache_path("parley") / "verified") / f"{name}.json"
        self._known: dict[str, Signs] = {}
        self._changed = False
        with contextlib.suppress(OSError, ValueError):
            known = json.loads(self._path.read_bytes())
            self._known = known if isinstance(known, dict) else {}

    def has(self, path: Path, name: str, sha256: str) -> bool:
        """Whether a file had this hash when it last was read, and nothing has been done to it since."""
        return name in self._known and self._known[name] == _signs(path, sha256)

    def hashed(self, path: Path, name: str) -> str:
        """Read a file; its SHA-256, to be remembered if the file is large and stayed as it is meanwhile."""
        before = _signs(path, "")
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        status = path.stat()
        settled = time.time() - max(status.st_mtime, status.st_ctime) > SETTLED_S
        if status.st_size >= WORTH_BYTES and settled and before == _signs(path, ""):
            self._known[name] = _signs(path, sha256)
            self._changed = True
        return sha256

    def keep(self) -> None:
        """Write down what was read. A place that can't be written costs time at the next start, nothing else."""
        if not self._changed:
            return
        draft = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            draft.write_text(json.dumps(self._known), "utf-8")
            draft.replace(self._path)
        except OSError as error:
            logger.info("verified files can't be remembered: %s", error)


def _signs(path: Path, sha256: str) -> Signs:
    """What changes when a file does; the time of its status can't be set back, as that of its content can."""
    status = path.stat()
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, sha256]
