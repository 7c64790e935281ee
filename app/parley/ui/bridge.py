"""The one door from other threads into the window."""

from PySide6.QtCore import QObject, Qt, Signal

from parley.conversation.events import Event


class Bridge(QObject):
    """Carries events to the thread it was made on, in order."""

    arrived = Signal(object)
    _sent = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._sent.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def tell(self, event: Event) -> None:
        """Hand an event over and return at once. Any thread."""
        self._sent.emit(event)

    def _deliver(self, event: object) -> None:
        self.arrived.emit(event)
