"""What a scripted Realtime server answers, and how it behaves."""

import array
import base64
import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

RATE_HZ = 24_000
Json = dict[str, Any]


@dataclass(frozen=True)
class Reply:
    """What is answered."""

    text: str
    sound_s: float = 1.0
    calls: tuple[tuple[str, Json], ...] = ()
    fails: str = ""
    style: Json | None = None
    """Chosen by the model itself; told with the first words."""


@dataclass
class Script:
    """How the server behaves."""

    reply: Callable[[list[Json]], Reply] = lambda items: Reply(f"Answer to {said(items[-1])}.")
    """From the conversation so far to the answer."""

    is_parley: bool = True
    opens: threading.Event | None = None
    """Who is connected gets a session only when this is set; None = at once."""

    wakes: threading.Event | None = None
    """The model is asleep, and the first answer waits until it is loaded, which is when this is set; None = it is there."""

    pieces: threading.Semaphore | None = None
    """Each piece of sound takes one; None = all come at once."""

    recognizes: bool = True
    """Whether it writes down what it hears; servers of others never do."""

    commits: threading.Event | None = None
    """Sound becomes an item only when this is set, and what the client says meanwhile waits, as with our engine; None = at once."""

    reflects: threading.Event | None = None
    """After an answer, what was heard is written down and its style measured only when this is set; None = at once."""

    finishes: threading.Event | None = None
    """An answer that has been given is over only when this is set; None = at once."""

    roles: tuple[str, ...] = ("*",)
    recites: tuple[str, ...] = ("*",)
    speech_s: float = 0.1
    silence_s: float = 0.3
    late: Json | None = None
    """A response to a question of before, or words that were wanted before, begins before each answer and goes on into it: its metadata."""

    swallow: bool = False
    """Speech in the open microphone never becomes a turn."""


def said(item: Json) -> str:
    """The words of an item."""
    parts = item.get("content") or []
    return " ".join(str(part.get("text") or part.get("transcript") or f"{len(part.get('audio', '')) * 3 // 4 // 48} ms") for part in parts)


def tone(seconds: float, number: int) -> str:
    """The piece with this number of one long tone, as base64."""
    count = round(seconds * RATE_HZ)
    wave = (int(9_000 * math.sin(2 * math.pi * 220 * (number * count + at) / RATE_HZ)) for at in range(count))
    return base64.b64encode(array.array("h", wave).tobytes()).decode()
