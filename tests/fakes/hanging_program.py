"""A real engine whose model hangs at its first question, once: `python hanging_program.py TOKEN_FILE BUNDLE MARK`.

MARK is a file that is not there before it hung. The next engine, for which it is there, answers.
"""

import asyncio
import json
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]


class NobodySpeaks:
    """Hears no speech: questions are typed."""

    def probability(self, _frame: object) -> float:
        return 0.0


def program(token_file: Path, folder: Path, mark: Path) -> None:
    """As an engine that Parley starts: reads its token, says where it listens, leaves with its parent."""
    sys.path[:0] = [str(ROOT), str(ROOT / "models")]
    from parley_models.bundle import Bundle
    from parley_models.realtime.door import Door
    from parley_models.realtime.engine import Engine
    from parley_models.realtime.server import Address, RealtimeServer
    from tests.fakes.parts import ScriptedBrain
    from tests.fakes.thimble import scripted, thimble

    class HangingBrain(ScriptedBrain):
        def decode(self, seed: int, limit: int) -> Iterator[int]:
            if not mark.exists():
                mark.touch()
                threading.Event().wait()
            yield from super().decode(seed, limit)

    threading.Thread(target=lambda: (sys.stdin.buffer.read(), os._exit(0)), daemon=True).start()
    engine = Engine(Bundle.open(folder), lambda: thimble(folder, HangingBrain(scripted(folder).script)), detector=NobodySpeaks)

    async def main() -> None:
        async with RealtimeServer(engine, Door(token_file.read_text().strip(), "127.0.0.1")).running(Address()) as url:
            print(json.dumps({"url": url, "pid": os.getpid()}), flush=True)  # noqa: T201
            engine.warm()
            await asyncio.Event().wait()

    asyncio.run(main())


if __name__ == "__main__":
    program(*map(Path, sys.argv[1:4]))
