"""The lower edge of the window: what is going on, the big button, the sound of now, the input line."""

from typing import Protocol

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QGridLayout, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from parley.conversation.events import Activity
from parley.ui import icons
from parley.ui.buttons import Button
from parley.ui.composer import Composer
from parley.ui.situation import Situation
from parley.ui.talk_button import HALO, TalkButton
from parley.ui.theme import Size, Space, Theme
from parley.ui.waveform import LiveWaveform

WORDS_WIDTH = 188
"""Logical pixels for the words on the left, and as many for the buttons on the right."""


class Levels(Protocol):
    """Where the loudness of this moment is read; the audio desk."""

    @property
    def input_level(self) -> float:
        """Of the microphone, 0…1."""

    @property
    def output_level(self) -> float:
        """Of the speaker, 0…1."""


class _StateIcon(QWidget):
    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.icon_name, self.colour_name = "engine", "ink_soft"
        self.setFixedSize(20, 20)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        icons.draw(painter, self.icon_name, QRectF(self.rect()), self._theme.colour(self.colour_name))
        painter.end()


class TalkBar(QWidget):
    """Shows the situation, asks for what the user wants by signals."""

    held = Signal()
    let_go = Signal()
    microphone_opened = Signal(bool)
    muted = Signal(bool)
    interrupted = Signal()

    def __init__(self, theme: Theme, levels: Levels) -> None:
        super().__init__()
        self._theme, self._levels = theme, levels
        self.situation = Situation()
        column = QVBoxLayout(self)
        column.setContentsMargins(Space.L, Space.S, Space.L, Space.M)
        column.setSpacing(Space.S)
        self._stage = QGridLayout()
        self._stage.setSpacing(Space.S)
        self.waveform = LiveWaveform(theme, Size.TALK + 2 * HALO + Space.M)
        self.button = TalkButton(theme)
        self._words, self._toggles = self._make_words(theme), self._make_toggles(theme)
        self._stage.addWidget(self.waveform, 1, 1)
        self._stage.addWidget(self.button, 1, 1, Qt.AlignmentFlag.AlignCenter)
        self._stage.addWidget(self._toggles, 1, 2, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._stage.setColumnStretch(1, 1)
        self._is_narrow = False
        self._arrange()
        column.addLayout(self._stage)
        self.composer = Composer(theme)
        holder = QHBoxLayout()
        self.composer.setMaximumWidth(Size.READING)
        holder.addWidget(self.composer)
        column.addLayout(holder)
        self.button.held.connect(self.held)
        self.button.let_go.connect(self.let_go)
        self.waveform.moved.connect(self.button.show_level)
        self.show_situation(self.situation)

    def _make_words(self, theme: Theme) -> QWidget:
        words = QWidget()
        self._sentence = QBoxLayout(QBoxLayout.Direction.TopToBottom, words)
        self._sentence.setContentsMargins(0, 0, 0, 0)
        row = QHBoxLayout()
        row.setSpacing(Space.S)
        self._icon = _StateIcon(theme)
        self.word = QLabel()
        self.word.setProperty("role", "heading")
        self.word.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Preferred)  # the hint can break, the word can't
        row.addWidget(self._icon)
        row.addWidget(self.word)
        row.addStretch(1)
        self.hint = QLabel()
        self.hint.setProperty("role", "caption")
        self.hint.setWordWrap(True)
        self._sentence.addLayout(row)
        self._sentence.addWidget(self.hint, 1)
        return words

    def _make_toggles(self, theme: Theme) -> QWidget:
        toggles = QWidget()
        row = QHBoxLayout(toggles)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(Space.S)
        self.open_button = Button(theme, icon="open-microphone", name="Open microphone (Ctrl+M)", height=40)
        self.mute_button = Button(theme, icon="microphone", weight="alarm", name="Mute the microphone (Ctrl+Shift+M)", height=40)
        self.stop_button = Button(theme, icon="stop", name="Interrupt (Esc)", height=40)
        for button in (self.open_button, self.mute_button):
            button.setCheckable(True)
        self.open_button.clicked.connect(self.microphone_opened)
        self.mute_button.clicked.connect(self.muted)
        self.stop_button.clicked.connect(self.interrupted)
        for button in (self.open_button, self.mute_button, self.stop_button):
            row.addWidget(button)
        return toggles

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The words lie beside the button while there is room for them, else above it."""
        super().resizeEvent(event)
        needs = 2 * (self._theme.grown(WORDS_WIDTH) + Space.S) + self.button.width() + 2 * Space.L
        if self._is_narrow != (self.width() < needs):
            self._is_narrow = not self._is_narrow
            self._arrange()

    def _arrange(self) -> None:
        """Both sides are of one width, so that the button stays in the middle, whatever the words are."""
        words = self._theme.grown(WORDS_WIDTH)
        self._stage.removeWidget(self._words)
        if self._is_narrow:
            self._stage.addWidget(self._words, 0, 0, 1, 3)
        else:
            self._stage.addWidget(self._words, 1, 0, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for side in (0, 2):
            self._stage.setColumnMinimumWidth(side, self._toggles.sizeHint().width() if self._is_narrow else words)
        self._sentence.setDirection(QBoxLayout.Direction.LeftToRight if self._is_narrow else QBoxLayout.Direction.TopToBottom)
        self._sentence.setSpacing(Space.M if self._is_narrow else 0)
        self.hint.setMinimumWidth(0 if self._is_narrow else words)
        self.hint.setMaximumWidth(self.maximumWidth() if self._is_narrow else words)

    def show_situation(self, now: Situation) -> None:
        """Words, colours, buttons and the waveform for what is going on."""
        self.situation = now
        shown, state = now.shown, now.state
        self.word.setText(shown.word)
        self.hint.setText(shown.hint)
        self.word.setAccessibleName(f"State: {shown.word}. {shown.hint}")
        self._icon.icon_name, self._icon.colour_name = shown.icon, shown.colour
        self._icon.update()
        self.open_button.setChecked(state.open_microphone)
        self.mute_button.setChecked(state.muted)
        self.mute_button.show_icon("microphone-off" if state.muted else "microphone")
        self.mute_button.setAccessibleName(f"{'Unmute' if state.muted else 'Mute'} the microphone (Ctrl+Shift+M)")
        self.mute_button.setToolTip(self.mute_button.accessibleName())
        self.stop_button.setEnabled(state.activity is not Activity.IDLE)
        self.button.setEnabled(now.sound.microphone is not None)
        self.button.show_held(state.held)
        self.composer.show_speaking(state.activity is Activity.LISTENING)
        self._follow(now)

    def _follow(self, now: Situation) -> None:
        state = now.state
        if state.activity is Activity.SPEAKING:
            self.button.show_state("microphone", "speaking")
            self.waveform.follow(self._output, "speaking")
        elif state.activity is Activity.LISTENING or (state.open_microphone and now.can_listen):
            self.button.show_state("microphone", "accent")
            self.waveform.follow(self._input, "accent")
        else:
            self.button.show_state("microphone-off" if state.muted else "microphone", "accent")
            self.waveform.rest()

    def _input(self) -> float:
        return self._levels.input_level

    def _output(self) -> float:
        return self._levels.output_level
