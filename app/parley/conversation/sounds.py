"""The sound of turns: of the last ones in memory, of all of them on disk only where the user wants recordings."""

import contextlib
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile

from parley_models.errors import StoreError
from parley_models.pcm import AudioChunk
from parley_models.sound_file import write_sound

IN_MEMORY_S = 600.0
"""So much is kept in memory: 58 MB."""

_OURS = re.compile(r"\d+\.flac")


class Sounds:
    """Sound by the number of its turn."""

    def __init__(self, folder: Path | None, *, record: bool = False) -> None:
        """`folder` is where recordings lie (None = there are none); `record`: new ones are made."""
        self._folder = folder
        self._record = record and folder is not None
        self._recent: dict[int, list[AudioChunk]] = {}

    def record(self, on: bool) -> None:
        """Whether recordings are made from now on; those that lie there stay."""
        self._record = on and self._folder is not None

    def keep(self, turn: int, chunks: Sequence[AudioChunk]) -> str | None:
        """Remember a turn's sound.

        Returns:
            The name of its recording, if there is one.

        Raises:
            ParleyError: the recording can't be written.
        """
        if not chunks:
            return None
        self.remember(turn, chunks)
        if not self._record or self._folder is None:
            return None
        name = f"{turn}.flac"
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_sound(self._folder / name, joined(chunks))
            (self._folder / name).chmod(0o600)
        except OSError as error:
            raise StoreError(f"Recordings can't be kept in {self._folder}: {error.strerror}.") from error
        return name

    def remember(self, turn: int, chunks: Sequence[AudioChunk]) -> None:
        """In memory only, for as long as there is room."""
        self._recent.pop(turn, None)
        self._recent[turn] = list(chunks)
        while len(self._recent) > 1 and sum(chunk.seconds for kept in self._recent.values() for chunk in kept) > IN_MEMORY_S:
            del self._recent[next(iter(self._recent))]

    def of(self, turn: int, name: str | None) -> list[AudioChunk] | None:
        """A turn's sound, from memory or from its recording; None if it was not kept."""
        if turn in self._recent:
            return self._recent[turn]
        if name and self._folder is not None and _OURS.fullmatch(name):
            with contextlib.suppress(OSError, soundfile.LibsndfileError):
                samples, rate_hz = soundfile.read(self._folder / name, dtype="float32")
                return [AudioChunk(samples, rate_hz)]
        return None

    def forget(self, turns: Sequence[int], names: Sequence[str]) -> None:
        """Delete sound and recordings."""
        for turn in turns:
            self._recent.pop(turn, None)
        for name in names:
            if self._folder is not None and _OURS.fullmatch(name):
                with contextlib.suppress(OSError):
                    (self._folder / name).unlink(missing_ok=True)


def joined(chunks: Sequence[AudioChunk]) -> AudioChunk:
    """Abutting chunks of one rate as one."""
    return AudioChunk(np.concatenate([chunk.samples for chunk in chunks]), chunks[0].rate_hz)
