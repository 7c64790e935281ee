"""The settings in force, as something that can be heard from."""

from PySide6.QtCore import QObject, Signal

from parley.settings import Settings


class Chosen(QObject):
    """Holds the settings; every change is told as (before, after)."""

    changed = Signal(object, object)

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.settings = settings

    def choose(self, settings: Settings) -> None:
        """From now on these."""
        if settings != self.settings:
            before, self.settings = self.settings, settings
            self.changed.emit(before, settings)
