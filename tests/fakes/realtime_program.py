"""The scripted Realtime server as a program that Parley starts and that can be killed: `python realtime_program.py TOKEN_FILE`."""

import asyncio
import json
import os
import sys
import threading
from pathlib import Path

ROOT = Path(__file__).parents[2]


def program() -> None:
    """As an engine that Parley starts: reads its token, says where it listens, leaves with its parent."""
    sys.path.insert(0, str(ROOT))
    from tests.fakes.realtime_script import Script
    from tests.fakes.realtime_server import open_door, url_of

    threading.Thread(target=lambda: (sys.stdin.buffer.read(), os._exit(0)), daemon=True).start()

    async def main() -> None:
        server = await open_door(Script(), Path(sys.argv[1]).read_text(), [])
        print(json.dumps({"url": url_of(server), "pid": os.getpid()}), flush=True)  # noqa: T201
        await server.wait_closed()

    asyncio.run(main())


if __name__ == "__main__":
    program()
