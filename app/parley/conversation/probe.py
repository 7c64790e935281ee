"""Is there a Realtime server at this address, and will it talk to us? The button in the settings."""

import asyncio
import time
from dataclasses import dataclass

from parley.conversation.client import Client
from parley.conversation.offer import Remote
from parley_models.errors import EngineError, ParleyError
from parley_models.realtime.events import ErrorEvent, SessionCreated


@dataclass(frozen=True, slots=True)
class Probe:
    """What was found."""

    good: bool
    sentence: str
    """Fit to be shown."""


def probe(choice: Remote, *, patience_s: float = 8.0) -> Probe:
    """Connect, wait for the server's hello, and leave. Blocks: call it beside the window's thread. Never raises."""
    started = time.monotonic()
    try:
        hello = asyncio.run(_hello(choice, patience_s))
    except ParleyError as error:
        return Probe(good=False, sentence=str(error))
    ms = (time.monotonic() - started) * 1000
    bundle = hello.session.parley.bundle if hello.session.parley else None
    who = f"Parley with {bundle.title}" if bundle else hello.session.model or "A Realtime server"
    return Probe(good=True, sentence=f"{who} answers, after {ms:.0f} ms.")


async def _hello(choice: Remote, patience_s: float) -> SessionCreated:
    client = await Client.connect(choice.url, choice.key, patience_s=patience_s)
    try:
        async with asyncio.timeout(patience_s):
            async for event in client.events():
                if isinstance(event, SessionCreated):
                    return event
                if isinstance(event, ErrorEvent):
                    raise EngineError(f"The server says: {event.error.message}")
    except TimeoutError:
        raise EngineError("Something answers there, but it is no Realtime service: it does not open a session.") from None
    finally:
        await client.close()
    raise EngineError("The server hung up before it opened a session.")
