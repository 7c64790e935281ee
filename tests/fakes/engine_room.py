"""A real server on a port of its own, with whatever assistant a test needs behind it, and the official client at its door."""

import asyncio
import base64
import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from openai import OpenAI
from openai.resources.realtime.realtime import RealtimeConnection

from parley_models.assistant import Assistant
from parley_models.bundle import Bundle
from parley_models.hearing.detector import SpeechDetector
from parley_models.pcm import Samples
from parley_models.realtime.door import Door
from parley_models.realtime.engine import Engine
from parley_models.realtime.server import Address, RealtimeServer
from parley_models.text_tokenizer import TextTokenizer
from tests.fakes.thimble import LAYOUT

TOKEN = "a-token-that-only-tests-know"


ANSWER = "The capital of France is Paris, and that of Japan is another."
LEFT_OVER_S = 0.1
"""Of sound that was sent, at most so much lies in the resampler and in a frame that is not full."""

SILENCE: Samples = np.zeros(24_000, np.float32)


class LoudnessDetector:
    """Takes what is loud for speech."""

    def probability(self, frame: Samples) -> float:
        return float(min(1.0, 10 * np.sqrt(np.square(frame).mean())))


@dataclass
class Client:
    """The official client's connection, with every event that came."""

    connection: RealtimeConnection
    events: list[dict[str, Any]] = field(default_factory=list)

    def until(self, *kinds: str) -> dict[str, Any]:
        """Read on until one of these comes."""
        while True:
            event = self.connection.recv().to_dict()
            self.events.append(event)
            if event["type"] in kinds:
                return event

    def speak(self, sound: Samples, piece_s: float = 0.1) -> None:
        """Append sound at 24 kHz, piece by piece, as fast as it goes."""
        size = round(24_000 * piece_s)
        for at in range(0, len(sound), size):
            self.connection.input_audio_buffer.append(audio=pcm(sound[at : at + size]))

    def speak_live(self, sound: Samples, piece_s: float = 0.24) -> None:
        """Append sound at the pace of a model that keeps up with a microphone: the next piece when it has heard those before the last."""
        before_s = self.heard_s()
        size = round(24_000 * piece_s)
        for at in range(0, len(sound), size):
            self.speak(sound[at : at + size], piece_s)
            wait_for(lambda at=at: self.heard_s() >= before_s + at / 24_000 - LEFT_OVER_S, tries=12_000)  # type: ignore[misc]

    def heard_s(self) -> float:
        """Up to where the engine has heard this session's sound."""
        self.connection.send({"type": "parley.ping"})  # type: ignore[arg-type]
        return float(self.until("parley.pong")["heard_s"])

    def manual(self, **session: object) -> None:
        """Turn the ears off: turns end by commit."""
        wish: Any = {"type": "realtime", "audio": {"input": {"turn_detection": None}}, **session}
        self.connection.session.update(session=wish)
        self.until("session.updated")

    def ask(self, sound: Samples) -> None:
        """A whole manual turn."""
        self.speak(sound)
        self.connection.input_audio_buffer.commit()
        self.connection.response.create()

    def of(self, kind: str) -> list[dict[str, Any]]:
        """Events of a kind that came so far."""
        return [event for event in self.events if event["type"] == kind]

    @property
    def transcript(self) -> str:
        """All that was said so far."""
        return "".join(event["delta"] for event in self.of("response.output_audio_transcript.delta"))

    @property
    def sound(self) -> Samples:
        """All that sounded so far."""
        raw = b"".join(base64.b64decode(event["delta"]) for event in self.of("response.output_audio.delta"))
        return np.frombuffer(raw, "<i2").astype(np.float32) / np.float32(32768)


def pcm(sound: Samples) -> str:
    """Sound as it goes over the wire."""
    return base64.b64encode((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes()).decode()


def noise(seconds: float, level: float = 0.5) -> Samples:
    """Loud enough to be taken for speech; at 24 kHz."""
    return (level * np.random.default_rng(5).uniform(-1, 1, round(24_000 * seconds))).astype(np.float32)


@dataclass
class EngineRoom:
    """Where the engine runs."""

    url: str
    engine: Engine

    @contextlib.contextmanager
    def client(self, token: str = TOKEN, model: str = "thimble") -> Iterator[Client]:
        """Come in with the official client."""
        base = self.url.removesuffix("/realtime")
        openai = OpenAI(api_key=token, base_url="http://127.0.0.1/v1", websocket_base_url=base)
        with openai, openai.realtime.connect(model=model) as connection:
            client = Client(connection)
            client.until("session.created")
            yield client


@contextlib.contextmanager
def engine_room(
    folder: Path,
    load: Callable[[], Assistant],
    *,
    detector: Callable[[], SpeechDetector] = LoudnessDetector,
    idle_unload_s: float | None = None,
    now_s: Callable[[], float] | None = None,
    origins: tuple[str, ...] = (),
) -> Iterator[EngineRoom]:
    """Open the room; all its threads end with it."""
    clock = {} if now_s is None else {"now_s": now_s}
    engine = Engine(Bundle.open(folder), load, idle_unload_s=idle_unload_s, detector=detector, **clock)
    server = RealtimeServer(engine, Door(TOKEN, "127.0.0.1", origins))
    ready = threading.Event()
    found: dict[str, Any] = {}

    async def run() -> None:
        over = asyncio.Event()
        async with server.running(Address()) as url:
            found.update(url=url, loop=asyncio.get_running_loop(), over=over)
            ready.set()
            await over.wait()

    thread = threading.Thread(target=lambda: asyncio.run(run()), name="engine-room")
    thread.start()
    try:
        assert ready.wait(timeout=30)
        yield EngineRoom(found["url"], engine)
    finally:
        found["loop"].call_soon_threadsafe(found["over"].set)
        thread.join()
        engine.close()


def words(folder: Path, ids: list[int]) -> str:
    """The text among ids."""
    return TextTokenizer(folder / "text.model").decode(token for token in ids if token < LAYOUT.audio_offset)


def wait_for(state: Callable[[], bool], tries: int = 1_000) -> None:
    """Wait for something that no event tells; 10 ms a try."""
    pause = threading.Event()
    for _ in range(tries):
        if state():
            return
        pause.wait(0.01)
    raise AssertionError("It never came to that.")
