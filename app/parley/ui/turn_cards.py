"""One turn as it stands in the conversation: what the user said, what Parley answered."""

from typing import Literal

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QGuiApplication, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from parley.conversation.turns import Segment, Turn
from parley.ui.buttons import Button
from parley.ui.flow_layout import FlowLayout
from parley.ui.heard_as import HeardAs
from parley.ui.labels import duration_text, style_text
from parley.ui.latency_bar import LatencyBar
from parley.ui.proof import Proof
from parley.ui.spoken_text import SpokenText
from parley.ui.theme import Radius, Space, Theme, tint_of
from parley.ui.waveform import StillWaveform
from parley_models.style import Style

SPOKEN_WIDTH = 280
"""Of a bubble with sound in it, logical pixels without its margins."""

SLACK = 12
"""What a document keeps around its words, so that they don't break for nothing."""

Deed = Literal["replay", "save", "continue", "again"]


class TurnCard(QFrame):
    """What both sides' turns have: a number, a sound that plays, a row of deeds."""

    wanted = Signal(str, int)
    """(deed, turn): replay, save, continue, again."""

    def __init__(self, theme: Theme, turn: Turn) -> None:
        super().__init__()
        self.theme, self.turn = theme, turn
        self.replay_button = self._deed("play", "Play again", "replay")
        self.copy_button = Button(theme, icon="copy", weight="quiet", name="Copy the text", height=28)
        self.copy_button.clicked.connect(self.copy)
        self.save_button = self._deed("save", "Save the sound", "save")

    def _deed(self, icon: str, name: str, deed: Deed) -> Button:
        button = Button(self.theme, icon=icon, weight="quiet", name=name, height=28)
        button.setProperty("deed", deed)
        button.clicked.connect(self._want)
        return button

    def _want(self) -> None:
        self.wanted.emit(self.sender().property("deed"), self.turn.number)

    def show_replaying(self, on: bool) -> None:
        """The turn is being played, or no longer."""
        self.replay_button.show_icon("stop" if on else "play")
        self.replay_button.setAccessibleName("Stop playing" if on else "Play again")
        self.replay_button.setToolTip(self.replay_button.accessibleName())

    def copy(self) -> None:
        """Put the words on the clipboard."""
        QGuiApplication.clipboard().setText(self.words)
        self.copy_button.show_icon("check")

    @property
    def words(self) -> str:
        """What the turn says."""
        return self.turn.said


class UserCard(TurnCard):
    """What the user said: typed words, the sound of the spoken ones, and what was heard in them."""

    corrected = Signal(int, str)

    def __init__(self, theme: Theme, turn: Turn) -> None:
        super().__init__(theme, turn)
        self.setAccessibleName("You")
        outer = QHBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addStretch(1)
        for button in (self.replay_button, self.copy_button, self.save_button):
            outer.addWidget(button, 0, Qt.AlignmentFlag.AlignBottom)
        outer.addSpacing(Space.XS)
        self.replay_button.setVisible(turn.seconds > 0)
        self.save_button.setVisible(turn.seconds > 0)
        self._bubble = _Bubble(theme)
        outer.addWidget(self._bubble, 8)
        column = QVBoxLayout(self._bubble)
        column.setContentsMargins(Space.L, Space.S, Space.L, Space.S)
        column.setSpacing(Space.XS)
        self.text: SpokenText | None = None
        self.waveform: StillWaveform | None = None
        self.heard_as: HeardAs | None = None
        if turn.text:
            self.text = SpokenText(theme)
            self.text.show_turn(Turn(turn.number, "human", turn.text))
            column.addWidget(self.text)
        if turn.seconds > 0:
            column.addLayout(self._sound(turn))
            self.heard_as = HeardAs(theme)
            self.heard_as.corrected.connect(self._correct)
            column.addWidget(self.heard_as)
            if turn.heard_as is not None:
                self.heard_as.show_text(turn.heard_as, corrected=turn.corrected)
        self._hug()

    def _hug(self) -> None:
        """As wide as what was said, not wider."""
        metrics = QFontMetrics(self.theme.font("reading"))
        spoken = SPOKEN_WIDTH if self.waveform is not None else 0
        typed = metrics.horizontalAdvance(self.turn.text) + SLACK if self.turn.text else 0
        heard = metrics.horizontalAdvance(self.heard_as.text) + SLACK + 28 if self.heard_as is not None else 0
        self._bubble.setMaximumWidth(max(spoken, typed, heard) + 2 * Space.L)

    def _sound(self, turn: Turn) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(Space.M)
        self.waveform = StillWaveform(self.theme, turn.waveform, f"The sound of what you said, {duration_text(turn.seconds)}")
        row.addWidget(self.waveform, 1)
        length = QLabel(duration_text(turn.seconds))
        length.setProperty("role", "caption")
        row.addWidget(length)
        return row

    def understood(self, text: str, *, corrected: bool) -> None:
        """What the model heard, or the user's correction."""
        if self.heard_as is not None:
            self.heard_as.show_text(text, corrected=corrected)
            self._hug()

    def _correct(self, text: str) -> None:
        self.corrected.emit(self.turn.number, text)

    @property
    def words(self) -> str:
        """Typed words and what was heard of the spoken ones."""
        heard = self.heard_as.text if self.heard_as is not None else ""
        return "\n".join(part for part in (self.turn.text, heard) if part)


class _Bubble(QFrame):
    """The ground of what the user said."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme

    def paintEvent(self, _event: QPaintEvent) -> None:
        """A rounded ground."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.colour("bubble"))
        painter.drawRoundedRect(QRectF(self.rect()), Radius.L, Radius.L)
        painter.end()


class AnswerCard(TurnCard):
    """An answer: its words, how they were spoken, how long it took."""

    def __init__(self, theme: Theme, turn: Turn, speaker: str) -> None:
        super().__init__(theme, turn)
        self.setAccessibleName(speaker)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.XS)
        head = QHBoxLayout()
        head.setContentsMargins(3, 0, 0, 0)  # as far in as the words are
        head.setSpacing(Space.S)
        name = QLabel(speaker)
        name.setProperty("role", "label")
        head.addWidget(name)
        self._waiting = QLabel("thinking…")
        self._waiting.setProperty("role", "caption")
        head.addWidget(self._waiting)
        head.addStretch(1)
        column.addLayout(head)
        self.text = SpokenText(theme)
        column.addWidget(self.text)
        self.continue_button = Button(theme, "Continue", "continue", height=30, role="caption", name="Continue with what was not heard")
        self.continue_button.setProperty("deed", "continue")
        self.continue_button.clicked.connect(self._want)
        column.addWidget(self.continue_button, 0, Qt.AlignmentFlag.AlignLeft)
        self._styles = QWidget()
        self._style_flow = FlowLayout(self._styles, Space.S)
        column.addWidget(self._styles)
        self.proof = Proof()
        self.trouble = QLabel()
        self.trouble.setProperty("role", "bad")
        self.trouble.setWordWrap(True)
        column.addWidget(self.proof)
        column.addWidget(self.trouble)
        column.addLayout(self._foot(theme))
        for hidden in (self.continue_button, self._styles, self.proof, self.trouble):
            hidden.hide()
        self._stretch_styles: dict[int, Style] = {}
        self._deeds.hide()

    def _foot(self, theme: Theme) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(0)
        self._deeds = QWidget()
        deeds = QHBoxLayout(self._deeds)
        deeds.setContentsMargins(0, 0, 0, 0)
        deeds.setSpacing(0)
        self.again_button = self._deed("again", "Say it again in the style of now", "again")
        for button in (self.replay_button, self.again_button, self.copy_button, self.save_button):
            deeds.addWidget(button)
        self.latency = LatencyBar(theme, ())
        self.latency.hide()
        row.addWidget(self._deeds)
        row.addStretch(1)
        row.addWidget(self.latency)
        return row

    @property
    def words(self) -> str:
        """All of it, heard or not."""
        return self.text.words

    def write(self, text: str, segment: int) -> None:
        """More words."""
        self._waiting.hide()
        self.text.write(text, segment, self._stretch_styles.get(segment, self.turn.style))

    def restyle(self, segment: int, content: Segment) -> None:
        """A stretch is complete."""
        self._stretch_styles[segment] = content.style
        self.text.restyle(segment, content)
        self._show_styles(list(self._stretch_styles.values()))

    def finish(self, turn: Turn, *, speaking: bool = False) -> None:
        """It is over: this is what is kept of it."""
        self.turn = turn
        self._waiting.hide()
        self.text.show_turn(turn)
        self._show_styles([segment.style for segment in turn.segments] or [turn.style])
        self.continue_button.setVisible(turn.interrupted and not speaking)
        self._deeds.show()
        if turn.achieved:
            self.proof.show_measured(tuple(turn.style.asked().items()), turn.achieved)
        if turn.latency:
            self.time(turn)

    def time(self, turn: Turn) -> None:
        """Where the wait went."""
        self.latency.show_stages(turn.latency)
        self.latency.show()

    def complain(self, message: str) -> None:
        """What went wrong with this answer."""
        self._waiting.hide()
        self.trouble.setText(message)
        self.trouble.show()

    def _show_styles(self, styles: list[Style]) -> None:
        self._style_flow.clear()
        seen = {style_text(style): style for style in styles if style_text(style)}
        for words, style in seen.items():
            self._style_flow.addWidget(_StyleChip(self.theme, words, style))
        self._styles.setVisible(bool(seen))


class _StyleChip(QLabel):
    """The legend of a tint."""

    def __init__(self, theme: Theme, words: str, style: Style) -> None:
        super().__init__(words)
        self._theme, self._style = theme, style
        self.setFont(theme.font("caption"))
        self.setContentsMargins(Space.S + 1, 2, Space.S + 1, 3)
        self.setAccessibleName(f"Spoken {words}")

    def paintEvent(self, event: QPaintEvent) -> None:
        """The tint behind the words."""
        tint = tint_of(self._style, self._theme.palette)
        if tint is not None:
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(tint))
            painter.drawRoundedRect(QRectF(self.rect()), self.height() / 2, self.height() / 2)
            painter.end()
        super().paintEvent(event)
