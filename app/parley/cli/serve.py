"""`parley serve`: the engine, for the window and for any other program that speaks the Realtime protocol."""

import asyncio
import json
import logging
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from parley.cli.engine_choice import HERE, EngineChoice
from parley_models.assistant import Assistant
from parley_models.bundle import Bundle, find_bundle
from parley_models.device import Device
from parley_models.realtime.door import Door, is_loopback, new_token, token_from
from parley_models.realtime.engine import Engine
from parley_models.realtime.server import Address, serve_until_told

LAST_WORK_S = 2.0
"""How long the end waits for the model's last step."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ServeRequest:
    """What the command line asks for."""

    bundle: str
    address: Address
    token_file: Path | None
    idle_unload_min: float | None
    engine: EngineChoice = HERE
    device: str = "auto"


def run_engine(request: ServeRequest) -> int:
    """Run the engine until it is told to stop.

    Raises:
        ParleyError: the bundle, the token file, the address or the device can't be used.
    """
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="parley: %(message)s")
    token = token_from(request.token_file) if request.token_file is not None else new_token()
    elsewhere = request.engine.server()
    device = Device.named(request.device)
    device.sessions()  # what can't be had at all is said before anybody comes in
    bundle = Bundle.open(find_bundle(request.bundle))
    if not is_loopback(request.address.host):
        logger.warning("Other machines can reach the engine at %s; whoever has the token can talk to it.", request.address.host)
    idle_s = None if request.idle_unload_min is None else request.idle_unload_min * 60
    engine = Engine(bundle, lambda: Assistant.of(bundle, elsewhere, device), idle_unload_s=idle_s)
    try:
        asyncio.run(_serve(engine, request, token))
    except KeyboardInterrupt:
        pass
    finally:
        if not engine.close(LAST_WORK_S):
            os._exit(0)  # loading can't be interrupted, and nothing of it is worth waiting for
    return 0


async def _serve(engine: Engine, request: ServeRequest, token: str) -> None:
    def announce(url: str) -> None:
        about: dict[str, str | int] = {"url": url, "pid": os.getpid()}
        if request.token_file is None:
            about["token"] = token  # nobody could come in otherwise
        sys.stdout.write(json.dumps(about) + "\n")
        sys.stdout.flush()

    await serve_until_told(engine, Door(token, request.address.host), request.address, announce)
