"""How much of a question the model has still to read when it ends: asked of the engine itself, in a session beside the window's."""

import asyncio
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import soxr

from parley.bench.sound_server import PULSE_HZ
from parley.bench.speech import Spoken
from parley.conversation.client import Client
from parley.conversation.listening import wire_sound
from parley.conversation.session import hearing
from parley_models.errors import EngineError
from parley_models.pcm import AudioChunk
from parley_models.realtime.events import WIRE_RATE_HZ, InputAudioAppend, InputAudioCommit, Latency, ResponseCreate, ResponseDone

PIECE_S = 0.02
PATIENCE_S = 30.0


def ids_left(state: Path, questions: Sequence[Spoken], tick: Callable[[], None]) -> list[int]:
    """Of each question, said at the pace of speech and answered when its last piece was sent.

    Args:
        state: the folder in which the window's engine has its token and its address.
        questions: what is asked, in one conversation.
        tick: called after each.

    Raises:
        EngineError: there is no such engine, or it does not answer.
    """
    folder = next(iter(sorted(state.glob("engine-*"))), None)
    if folder is None:
        raise EngineError("The engine that is measured has no address.")
    url = str(json.loads((folder / "out").read_text("utf-8").partition("\n")[0])["url"])
    return asyncio.run(_ask(url, (folder / "token").read_text("utf-8").strip(), questions, tick))


async def _ask(url: str, token: str, questions: Sequence[Spoken], tick: Callable[[], None]) -> list[int]:
    client = await Client.connect(url, token)
    left: list[int] = []
    try:
        client.send(hearing(False, 0.5, 700))
        for question in questions:
            await _speak(client, question)
            async with asyncio.timeout(PATIENCE_S):
                async for event in client.events():
                    if isinstance(event, Latency) and event.ids_left is not None:
                        left.append(event.ids_left)
                    if isinstance(event, ResponseDone):
                        break
            tick()
    except TimeoutError as error:
        raise EngineError(f"The engine did not answer a question in {PATIENCE_S:.0f} s.") from error
    finally:
        await client.close()
    return left


async def _speak(client: Client, question: Spoken) -> None:
    """As a microphone would, and then at once the end."""
    loop = asyncio.get_running_loop()
    sound = soxr.resample(question.sound, PULSE_HZ, WIRE_RATE_HZ)
    began = loop.time()
    for number, piece in enumerate(np.array_split(sound, max(1, round(question.seconds / PIECE_S))), start=1):
        await asyncio.sleep(began + number * PIECE_S - loop.time())
        client.send(InputAudioAppend(audio=wire_sound([AudioChunk(piece, WIRE_RATE_HZ)])))
    client.send(InputAudioCommit())
    client.send(ResponseCreate())
