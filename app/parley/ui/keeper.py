"""Settings written to disk a moment after they change, so that a moving slider does not write a file a pixel."""

from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from parley.settings import save_settings
from parley.ui.chosen import Chosen
from parley_models.errors import ParleyError

SETTLE_MS = 500


class Keeper(QObject):
    """Writes what is chosen."""

    troubled = Signal(str)

    def __init__(self, path: Path, chosen: Chosen) -> None:
        super().__init__(chosen)
        self._path, self._chosen = path, chosen
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(SETTLE_MS)
        self._settle.timeout.connect(self.write)
        chosen.changed.connect(self._changed)

    def _changed(self) -> None:
        self._settle.start()

    def write(self) -> None:
        """Write now."""
        self._settle.stop()
        try:
            save_settings(self._path, self._chosen.settings)
        except ParleyError as error:
            self.troubled.emit(str(error))
