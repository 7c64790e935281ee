"""Settings: microphone and speaker, with a test of each."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from PySide6.QtCore import QRectF, Qt, QTimer
from PySide6.QtGui import QHideEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from parley.audio.card import Device
from parley.audio.settings import AudioSettings
from parley.ui.chosen import Chosen
from parley.ui.form import FIELD_WIDTH, Page, caption
from parley.ui.theme import Theme

LOUD_ENOUGH = 0.35
"""A meter's position, 0…1, that ordinary speech reaches."""

FRAME_MS = 16


class Desk(Protocol):
    """What the page needs of the audio desk."""

    @property
    def devices(self) -> Sequence[Device]:
        """What there is to choose from."""

    @property
    def input_level(self) -> float:
        """Loudness of the microphone, 0…1."""

    @property
    def output_level(self) -> float:
        """Loudness of the speaker, 0…1."""

    @property
    def microphone_open(self) -> bool:
        """Whether somebody listens already."""

    @property
    def echo_loss_db(self) -> float | None:
        """How much of its own voice is taken out; None = not measured."""

    def open_microphone(self) -> None:
        """Listen."""

    def close_microphone(self) -> None:
        """No longer."""

    def test_tone(self) -> int:
        """Two soft notes."""

    def refresh_devices(self) -> None:
        """Look again."""

    def apply(self, settings: AudioSettings) -> None:
        """Take other settings."""


class Meter(QWidget):
    """Loudness as a bar, with a mark where speech should reach."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme, self.level, self.peak = theme, 0.0, 0.0
        self.setFixedSize(theme.grown(FIELD_WIDTH), 18)
        self.setAccessibleName("Microphone level")

    def show_level(self, level: float) -> None:
        """Loudness of now, 0…1."""
        self.level, self.peak = level, max(level, self.peak * 0.99)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Track, bar, mark."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        track = QRectF(0, 5, self.width(), 8)
        painter.setBrush(self._theme.colour("sunken"))
        painter.drawRoundedRect(track, 4, 4)
        painter.setBrush(self._theme.colour("good" if self.peak >= LOUD_ENOUGH else "accent"))
        painter.drawRoundedRect(QRectF(0, 5, max(8.0, self.width() * self.level) if self.level > 0.01 else 0.0, 8), 4, 4)
        painter.setBrush(self._theme.colour("line_strong"))
        painter.drawRect(QRectF(self.width() * LOUD_ENOUGH, 1, 2, 16))
        painter.end()


class SoundPage(Page):
    """Devices, tests, and what is done to the sound."""

    def __init__(self, theme: Theme, desk: Desk, chosen: Chosen) -> None:
        super().__init__(theme, "Sound")
        self._desk, self._chosen = desk, chosen
        self._opened_here = False
        audio = chosen.settings.audio
        devices = list(desk.devices)
        self.microphone = self.choice(
            "Microphone",
            choices([each.name for each in devices if each.inputs], audio.input_device),
            audio.input_device,
            self._use_microphone,
        )
        self.speaker = self.choice(
            "Speaker", choices([each.name for each in devices if each.outputs], audio.output_device), audio.output_device, self._use_speaker
        )
        self.tone_button = self.act("Try the speaker", "Play a sound", self._tone, "Two soft notes.", "speaker")
        self.mic_button = self.act("Try the microphone", "Start", self._toggle_test, "Speak: the bar should pass the mark.", "microphone")
        self.mic_button.setCheckable(True)
        self.meter = Meter(theme)
        self.verdict = caption("")
        self._meter_row = self.row("", self.meter)
        self.column.addWidget(self.verdict)
        self._meter_row.hide()
        self.verdict.hide()
        self._clock = QTimer(self)
        self._clock.setInterval(FRAME_MS)
        self._clock.timeout.connect(self._measure)
        self._treatment(audio)
        self.end()

    def _treatment(self, audio: AudioSettings) -> None:
        loss = self._desk.echo_loss_db
        measured = f" Measured here: {loss:.0f} dB." if loss is not None else ""
        self.section("What is done to the sound")
        self.switch(
            "Echo cancellation",
            audio.echo_cancellation,
            lambda on: self._change(echo_cancellation=on),
            f"Takes Parley's own voice out of the microphone. Off only with headphones.{measured}",
        )
        self.switch("Noise suppression", audio.noise_suppression, lambda on: self._change(noise_suppression=on))
        self.switch(
            "My voice may interrupt",
            audio.interruption,
            lambda on: self._change(interruption=on),
            "Parley grows quiet when you speak over it.",
        )
        self.choice(
            "Listen while speaking",
            (("When it can tell echo apart", None), ("Always", False), ("Never", True)),
            audio.half_duplex,
            lambda value: self._change(half_duplex=value),
        )
        self.amount(
            "Microphone gain", (-20, 30, 1), audio.input_gain_db, lambda db: f"{db:+.0f} dB", lambda db: self._change(input_gain_db=db)
        )
        self.amount(
            "Speaker gain", (-40, 6, 1), audio.output_gain_db, lambda db: f"{db:+.0f} dB", lambda db: self._change(output_gain_db=db)
        )

    def _change(self, **changes: object) -> None:
        settings = self._chosen.settings
        self._chosen.choose(replace(settings, audio=replace(settings.audio, **changes)))  # type: ignore[arg-type]

    def _use_microphone(self, name: object) -> None:
        self._change(input_device=name)

    def _use_speaker(self, name: object) -> None:
        self._change(output_device=name)

    def _tone(self) -> None:
        self._desk.test_tone()

    def _toggle_test(self) -> None:
        if self._clock.isActive():
            self.stop_test()
            return
        self._opened_here = not self._desk.microphone_open
        if self._opened_here:
            self._desk.open_microphone()
        self.meter.peak = 0.0
        self.verdict.setText("Say something…")
        self._meter_row.show()
        self.verdict.show()
        self.mic_button.setText("Stop")
        self._clock.start()

    def stop_test(self) -> None:
        """The microphone is closed again, if it was opened for the test."""
        if not self._clock.isActive():
            return
        self._clock.stop()
        if self._opened_here:
            self._desk.close_microphone()
        self.meter.show_level(0.0)
        self.mic_button.setText("Start")
        self.mic_button.setChecked(False)

    def _measure(self) -> None:
        self.meter.show_level(self._desk.input_level)
        if self.meter.peak >= LOUD_ENOUGH:
            self.verdict.setText("I hear you well.")

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks: nobody listens."""
        self.stop_test()
        super().hideEvent(event)


def choices(names: Sequence[str], chosen: str | None) -> list[tuple[str, object]]:
    """The system's default, what there is, and the chosen one even while it is unplugged."""
    options: list[tuple[str, object]] = [("The system's default", None), *((name, name) for name in names)]
    if chosen is not None and chosen not in names:
        options.append((f"{chosen} (not there)", chosen))
    return options
