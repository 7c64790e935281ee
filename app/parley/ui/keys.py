"""The keys that talk: hold Space or F9. One filter before everything else in the window."""

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent
from PySide6.QtWidgets import QAbstractButton, QAbstractSpinBox, QApplication, QLineEdit, QPlainTextEdit, QTextEdit, QWidget

from parley.ui.key_state import is_down

ANYWHERE = Qt.Key.Key_F9
OUTSIDE_TEXTS = Qt.Key.Key_Space
ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


def takes_a_space(widget: QWidget | None) -> bool:
    """Whether Space belongs into this widget as a character. No text begins with one: after a typed question the empty field still has
    the focus, and who then holds Space wants to talk.
    """
    if isinstance(widget, QLineEdit | QPlainTextEdit | QTextEdit):
        text = widget.text() if isinstance(widget, QLineEdit) else widget.toPlainText()
        return not widget.isReadOnly() and widget.isEnabled() and bool(text)
    return isinstance(widget, QAbstractSpinBox)


class HoldToTalk(QObject):
    """Owns Space and F9 in one window: down once, up once, however often the keyboard repeats. Enter operates buttons, as Space can't."""

    pressed = Signal()
    released = Signal()

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._held: int | None = None
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.installEventFilter(self)
        app.applicationStateChanged.connect(self._state_changed)

    @property
    def held(self) -> bool:
        """Whether one of the keys is down."""
        return self._held is not None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take what is ours; True = nobody else gets it."""
        kind = event.type()
        if kind == QEvent.Type.WindowDeactivate and watched is self._window:
            self._let_go()  # the key's release goes to another window
        if kind not in {QEvent.Type.KeyPress, QEvent.Type.KeyRelease, QEvent.Type.ShortcutOverride} or not isinstance(event, QKeyEvent):
            return False
        if kind == QEvent.Type.KeyRelease:
            return self._up(event)
        if not self._is_ours(watched, event):
            return False
        if kind == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        return self._down(event)

    def _is_ours(self, watched: QObject, event: QKeyEvent) -> bool:
        if QApplication.activePopupWidget() is not None or QApplication.activeModalWidget() is not None:
            return False
        focus = QApplication.focusWidget()
        top = watched if focus is None else focus.window()  # without a focus the window itself gets the keys
        if top not in {self._window, self._window.windowHandle()}:
            return False
        plain = event.modifiers() in {Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier}
        if event.key() == ANYWHERE or event.key() == self._held:
            return plain
        if event.key() == OUTSIDE_TEXTS:
            return plain and not takes_a_space(focus)
        return event.key() in ENTER and plain and isinstance(focus, QAbstractButton)

    def _down(self, event: QKeyEvent) -> bool:
        if event.isAutoRepeat():
            return True
        if event.key() in ENTER:
            focus = QApplication.focusWidget()
            if isinstance(focus, QAbstractButton):
                focus.click()
        elif self._held is None:
            self._held = event.key()
            self.pressed.emit()
        return True

    def _up(self, event: QKeyEvent) -> bool:
        if self._held is None or event.key() != self._held:
            return False
        if not event.isAutoRepeat() and not is_down(event.nativeScanCode()):
            self._let_go()
        return True

    def _state_changed(self, state: Qt.ApplicationState) -> None:
        if state is not Qt.ApplicationState.ApplicationActive and QGuiApplication.platformName() != "offscreen":
            self._let_go()

    def _let_go(self) -> None:
        if self._held is not None:
            self._held = None
            self.released.emit()
