"""The virtual environment: made once, found damaged when it is, repaired rather than made anew."""

import csv
import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Environment:
    """A virtual environment and the stamps that say which steps it has behind it."""

    folder: Path

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

    def program(self, name: str) -> Path:
        """A program that one of its packages brought along."""
        return self.python.with_name(name + (".exe" if os.name == "nt" else ""))

    def works(self) -> bool:
        """Whether its Python starts, is new enough and has a pip; False for a folder that was left half-made."""
        ask = "import sys, pip; sys.exit(sys.version_info < (3, 11))"
        return self.python.exists() and subprocess.run([self.python, "-c", ask], capture_output=True, check=False).returncode == 0

    def make(self) -> None:
        """Make it from nothing with the Python that runs the installer, in place of whatever is there."""
        subprocess.run([sys.executable, "-m", "venv", "--clear", self.folder], check=True)

    def has_stamp(self, step: str, key: str) -> bool:
        """Whether a step was finished for this key."""
        stamp = self._stamp(step)
        return stamp.is_file() and stamp.read_text(encoding="utf-8") == key

    def stamp(self, step: str, key: str) -> None:
        """Note that a step is finished; an older note of the same step is forgotten."""
        part = self._stamp(step).with_suffix(".part")
        part.write_text(key, encoding="utf-8")
        part.replace(self._stamp(step))  # all of it or nothing: a kill may come at any time

    def forget(self, step: str) -> None:
        """Note that a step has begun and is not finished."""
        self._stamp(step).unlink(missing_ok=True)

    def repair(self) -> list[str]:
        """Take out what an interrupted pip left half-installed, so that pip sees it as missing.

        pip itself calls a package installed as soon as its `.dist-info` exists, and never looks again.

        Returns:
            The names of the `.dist-info` folders that were taken out.

        """
        taken = []
        for packages in self.folder.glob("lib*/python*/site-packages"):
            for remains in packages.glob("~*"):  # pip renames what it is about to replace
                shutil.rmtree(remains, ignore_errors=True)
            for info in packages.glob("*.dist-info"):
                if not is_whole(info):
                    shutil.rmtree(info)
                    taken.append(info.name)
        return sorted(taken)

    def _stamp(self, step: str) -> Path:
        return self.folder / f"parley-{step}.stamp"


def is_whole(info: Path) -> bool:
    """Whether every file that a package's RECORD names is there, at its recorded size."""
    record = info / "RECORD"
    if not record.is_file():
        return False
    with record.open(encoding="utf-8", newline="") as lines:
        for row in csv.reader(lines):
            if not row or "__pycache__" in row[0]:
                continue  # compiled files come and go
            file = info.parent / row[0]
            if not file.exists() or (len(row) > 2 and row[2] and file.stat().st_size != int(row[2])):
                return False
    return True


def key_of(*files: Path, extras: list[str]) -> str:
    """What an installation depends on, as one hash: the contents of the files and the chosen extras."""
    digest = hashlib.sha256(",".join(extras).encode())
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()
