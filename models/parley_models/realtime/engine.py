"""What all sessions share: the loaded model, the thread that runs it, the thread that listens."""

import gc
import logging
import threading
import time
from collections.abc import Callable, Iterator

from parley_models.assistant import Assistant
from parley_models.bundle import Bundle
from parley_models.errors import EngineError, ParleyError
from parley_models.hearing.detector import SileroDetector, SpeechDetector
from parley_models.hearing.listener import ListeningThread
from parley_models.realtime.compute import ComputeThread
from parley_models.realtime.server_events import EngineState

Watcher = Callable[[EngineState, str | None], None]
"""Told of every state and why; on the compute thread."""

logger = logging.getLogger(__name__)


class Engine:
    """One bundle, loaded when it is needed and, if wished, released when it was not for a while."""

    def __init__(
        self,
        bundle: Bundle,
        load: Callable[[], Assistant],
        *,
        idle_unload_s: float | None = None,
        detector: Callable[[], SpeechDetector] = SileroDetector,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self.bundle = bundle
        self.detector = detector
        self.state: EngineState = "unloaded"
        self.message: str | None = None
        self.compute = ComputeThread(now_s)
        self.listening = ListeningThread()
        self._load = load
        self._idle_unload_s = idle_unload_s
        self._now_s = now_s
        self._used_s = now_s()
        self._assistant: Assistant | None = None
        self._watchers: list[Watcher] = []
        self._lock = threading.Lock()

    def watch(self, watcher: Watcher) -> Callable[[], None]:
        """Tell of every change of state from now on; call what comes back to end that."""
        with self._lock:
            self._watchers.append(watcher)

        def stop() -> None:
            with self._lock:
                self._watchers.remove(watcher)

        return stop

    def assistant(self) -> Assistant:
        """The loaded model; loads it if need be. On the compute thread.

        Raises:
            ParleyError: it can't be loaded.
        """
        self._used_s = self._now_s()
        if self._assistant is None:
            self._tell("loading")
            try:
                self._assistant = self._load()
            except ParleyError as error:
                self._tell("failed", str(error))
                raise
            except Exception as error:
                logger.exception("Loading failed.")
                self._tell("failed", f"{self.bundle.manifest.title} could not be loaded.")
                raise EngineError(f"{self.bundle.manifest.title} could not be loaded.") from error
            self._used_s = self._now_s()
            self.compute.advanced()
            self._tell("ready")
        return self._assistant

    @property
    def working_s(self) -> float:
        """How long the model has been at one step; 0 if it is at none, or is being loaded, which takes what it takes. Any thread."""
        return 0.0 if self.state == "loading" else self.compute.working_s

    def warm(self) -> None:
        """Have the model loaded before anybody asks."""
        self.compute.submit(self, self._warm())

    def unload_if_idle(self) -> None:
        """Release the model if nobody used it for long enough. Any thread."""
        if self._is_idle():
            self.compute.submit(self, self._unload())

    def close(self, timeout_s: float | None = None) -> bool:
        """End both threads. False if the model was still at something, such as being loaded, after `timeout_s`."""
        self.listening.close()
        return self.compute.close(timeout_s)

    def _is_idle(self) -> bool:
        limit = self._idle_unload_s
        return limit is not None and self.state == "ready" and self._now_s() - self._used_s >= limit

    def _warm(self) -> Iterator[None]:
        try:
            self.assistant()
        except ParleyError:
            logger.warning("The model could not be loaded; it is tried again when it is needed.")
        yield

    def _unload(self) -> Iterator[None]:
        if self._is_idle() and not self.compute.serves_others(self):  # a long answer may take longer than nobody asking
            self._assistant = None
            self._tell("unloaded")  # sessions let go of their contexts
            gc.collect()
        yield

    def _tell(self, state: EngineState, message: str | None = None) -> None:
        self.state, self.message = state, message
        with self._lock:
            watchers = list(self._watchers)
        for watcher in watchers:
            watcher(state, message)
