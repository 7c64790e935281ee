"""Where an answer's sound is made: at once, or on a thread of its own while the model thinks on."""

import os
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


class AtOnce(Executor):
    """Work is done when it is given."""

    def submit(self, work: Callable[..., T], /, *args: object, **kwargs: object) -> Future[T]:
        """Do it, and give what came of it; what it raises is raised here."""
        done: Future[T] = Future()
        done.set_result(work(*args, **kwargs))
        return done


class Beside(Executor):
    """Work is done one piece after the other, each on a thread that ends with it: a voice need not be closed."""

    def __init__(self) -> None:
        self._turn = threading.Lock()

    def submit(self, work: Callable[..., T], /, *args: object, **kwargs: object) -> Future[T]:
        """Begin it, as soon as it is its turn."""
        pool = ThreadPoolExecutor(1, "voice")
        coming = pool.submit(self._in_turn, work, *args, **kwargs)
        pool.shutdown(wait=False)
        return coming

    def _in_turn(self, work: Callable[..., T], /, *args: object, **kwargs: object) -> T:
        with self._turn:
            return work(*args, **kwargs)


AT_ONCE = AtOnce()


def workshop() -> Executor:
    """Beside the model where there is a core for it: while a network runs, Python goes on."""
    return Beside() if (os.cpu_count() or 1) > 1 else AT_ONCE
