"""Microphones and speakers that come and go, as Qt hears of them."""

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer

SETTLE_MS = 400
"""Plugging in a headset is several pieces of news: wait for the last one."""


class HotPlug(QObject):
    """Tells once, when the devices have settled. PortAudio's own list is frozen when it begins, hence Qt's."""

    def __init__(self, changed: Callable[[], None], parent: QObject) -> None:
        super().__init__(parent)
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(SETTLE_MS)
        self._settle.timeout.connect(changed)
        from PySide6.QtMultimedia import QMediaDevices  # complains to the terminal while it is loaded, unless it was told not to

        self.devices = QMediaDevices(self)
        self.devices.audioInputsChanged.connect(self._settle.start)
        self.devices.audioOutputsChanged.connect(self._settle.start)
