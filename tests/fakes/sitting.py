"""A desk in a simulated room, and a list of all it told."""

from types import TracebackType
from typing import TypeVar

import numpy as np

from parley.audio.desk import DESK_HZ, AudioDesk
from parley.audio.events import AudioEvent
from parley.audio.settings import AudioSettings
from parley_models.pcm import AudioChunk, Samples
from tests.fakes.room import Room

E = TypeVar("E", bound=AudioEvent)
CHUNK = int(0.36 * DESK_HZ)
"""What the voice gives at a time."""


class Sitting:
    """Use as a context: the desk is started, and closed at the end whatever happened."""

    def __init__(self, room: Room | None = None, settings: AudioSettings | None = None) -> None:
        self.room = room or Room()
        self.told: list[tuple[float, AudioEvent]] = []
        self.desk = AudioDesk(settings or AudioSettings(), self._hear, self.room)

    def _hear(self, event: AudioEvent) -> None:
        self.told.append((self.room.now(), event))

    def __enter__(self) -> "Sitting":
        self.desk.start()
        self.room.run(0.2)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.room.release()
        self.desk.close()

    def all_of(self, kind: type[E]) -> list[E]:
        """What was told of one kind."""
        return [event for _, event in self.told if isinstance(event, kind)]

    def times_of(self, kind: type[E]) -> list[float]:
        """When it was."""
        return [at for at, event in self.told if isinstance(event, kind)]

    def answer(self, turn: int, sound: Samples) -> float:
        """Queue a whole answer; its length in seconds."""
        for at in range(0, len(sound), CHUNK):
            self.desk.play(turn, AudioChunk(sound[at : at + CHUNK], DESK_HZ))
        self.desk.finish(turn)
        return len(sound) / DESK_HZ

    def loudspeaker(self, begin: float = 0.0, end: float = np.inf) -> Samples:
        """What came out between two times."""
        blocks = [block for at, block in self.room.played if begin <= at < end]
        return np.concatenate(blocks) if blocks else np.zeros(0, np.float32)
