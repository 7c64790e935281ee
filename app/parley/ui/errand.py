"""Something that takes a while, done beside the window: its outcome comes back to the window's thread."""

import logging
import threading
from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, Signal

from parley_models.errors import ParleyError

log = logging.getLogger(__name__)


class Errand(QObject):
    """One deed at a time on a thread of its own."""

    done = Signal(object)
    failed = Signal(str)
    """One sentence."""

    _ended = Signal(object, str)

    def __init__(self, parent: QObject, name: str) -> None:
        super().__init__(parent)
        self._name = name
        self._thread: threading.Thread | None = None
        self._ended.connect(self._tell, Qt.ConnectionType.QueuedConnection)
        parent.destroyed.connect(self.close)

    @property
    def busy(self) -> bool:
        """Whether it is under way."""
        return self._thread is not None

    def run(self, deed: Callable[[], object]) -> None:
        """Begin; ignored while the last one is under way."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, args=(deed,), name=self._name)
            self._thread.start()

    def close(self) -> None:
        """Wait for the end of what is under way."""
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join()

    def _work(self, deed: Callable[[], object]) -> None:
        try:
            self._ended.emit(deed(), "")
        except ParleyError as error:
            self._ended.emit(None, str(error))
        except Exception:
            log.exception("%s failed", self._name)
            self._ended.emit(None, "That failed for a reason that Parley did not foresee; the log has it.")

    def _tell(self, outcome: object, trouble: str) -> None:
        if self._thread is None:
            return
        self.close()
        if trouble:
            self.failed.emit(trouble)
        else:
            self.done.emit(outcome)
