"""Where the answers to the questions of one command go, and the records of its measurements."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from parley_models.errors import UsageError
from parley_models.sound_file import WRITTEN

_OTHER_SOUND = frozenset({".mp3", ".ogg", ".oga", ".opus", ".m4a", ".aac", ".aif", ".aiff", ".au", ".raw", ".wma"})


def answer_paths(out: Path | None, names: Sequence[str], questions: Sequence[Path]) -> list[Path]:
    """One path per question: OUT.wav itself, or a file in OUTDIR named after the question.

    Without `out` the answers go into the current folder. No path is that of a question, and no two are the same.

    Raises:
        UsageError: several answers for one file, a format that is not written, a place that can't be written to.
    """
    is_file = out is not None and not _is_folder(out, "Answers")
    if out is not None and is_file and out.suffix.lower() in WRITTEN:
        if len(names) > 1:
            raise UsageError(f"{len(names)} answers don't fit into {out}: name a folder.")
        if out.resolve() in {question.resolve() for question in questions}:
            raise UsageError(f"{out} is the question itself: name another file for the answer.")
        paths = [out]
    elif out is not None and is_file and out.suffix.lower() in _OTHER_SOUND:
        raise UsageError(f"{out} can't be written: answers are .wav or .flac.")
    else:
        paths = _named_after(names, out or Path(), {question.resolve() for question in questions}, plain=out is not None)
    for path in paths:
        _check_writable(path, "Answers")
    return paths


def record_path(out: Path) -> Path:
    """Where a record is to go.

    Raises:
        UsageError: a folder, a device, or a place that can't be written to.
    """
    _check_writable(out, "Records")
    if _is_folder(out, "Records"):
        raise UsageError(f"{out} is a folder: name a file for the record.")
    if out.exists() and not out.is_file():  # the record would be put in its place, even in that of /dev/null
        raise UsageError(f"{out} is no ordinary file: name another one for the record.")
    return out


def _named_after(names: Sequence[str], folder: Path, taken: set[Path], *, plain: bool) -> list[Path]:
    paths = []
    for name in names:
        endings = ([""] if plain else []) + ["-answer"] + [f"-answer-{count}" for count in range(2, len(names) + len(taken) + 2)]
        path = next(path for ending in endings if (path := folder / f"{name}{ending}.wav").resolve() not in taken)
        taken.add(path.resolve())
        paths.append(path)
    return paths


def _is_folder(place: Path, what: str) -> bool:
    try:
        return place.is_dir()
    except OSError as error:  # a name that is too long, for one
        raise _refused(place, what, error) from error


def _refused(place: Path, what: str, error: OSError) -> UsageError:
    return UsageError(f"{what} can't be written to {place} ({error.strerror}): name another place with -o.")


def _check_writable(place: Path, what: str) -> None:
    """Better now than after the work; folders that are missing are made when the first answer is there.

    A draft is really made and taken away again: the superuser is allowed everything, and still can't write into /proc.
    """
    try:
        existing = place.parent
        while not existing.exists() and existing != existing.parent:
            existing = existing.parent
        if not existing.is_dir():
            raise UsageError(f"{existing} is a file, not a folder for {what.lower()}.")
        with tempfile.NamedTemporaryFile(prefix=f".{place.name}.", suffix=".part", dir=existing):  # as long a name as `write_whole` gives
            pass
    except OSError as error:
        raise _refused(place.parent, what, error) from error
