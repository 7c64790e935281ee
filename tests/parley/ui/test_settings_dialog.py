"""Settings: every field changes what it says, tests are real, nothing waits on the window's thread."""

import threading
from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QScrollArea
from pytestqt.qtbot import QtBot

from parley.conversation.offer import Remote
from parley.conversation.probe import Probe
from parley.settings import EngineSettings
from parley.ui.engine_page import FOLDER, REMOTE, Machine
from parley.ui.fields import Choice, Slider, Switch
from parley.ui.settings_dialog import SettingsDialog
from parley.ui.theme import Theme
from tests.parley.ui.conftest import Desktop, end
from tests.parley.ui.screens import cut_words


class Wire:
    """Answers the test of an address when it is let."""

    def __init__(self) -> None:
        self.asked: list[Remote] = []
        self.go = threading.Event()

    def probe(self, remote: Remote) -> Probe:
        self.asked.append(remote)
        self.go.wait(5)
        if remote.key != "secret":
            return Probe(good=False, sentence="The server refuses the key.")
        return Probe(good=True, sentence="gpt-realtime answers, after 120 ms.")


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def dialog(desktop: Desktop, wire: Wire) -> Iterator[SettingsDialog]:
    machine = Machine(lambda: ["mini"], lambda: [("NVIDIA H100", "cuda:0")], wire.probe)
    dialog = SettingsDialog(desktop.theme, desktop.desk, machine, desktop.chosen, desktop.window)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, on=False)
    dialog.open()
    yield dialog
    wire.go.set()
    dialog.close()


def pick(field: Choice, value: object) -> None:
    index = field.findData(value)
    assert index >= 0
    field.setCurrentIndex(index)
    field.activated.emit(index)


def named(dialog: SettingsDialog, name: str) -> Switch | Slider | Choice:
    found: list[Switch | Slider | Choice] = [*dialog.findChildren(Switch), *dialog.findChildren(Slider), *dialog.findChildren(Choice)]
    return next(each for each in found if each.accessibleName() == name)


def test_devices_are_chosen_by_name(dialog: SettingsDialog, desktop: Desktop) -> None:
    assert [dialog.sound.microphone.itemText(row) for row in range(3)] == ["The system's default", "Built-in microphone", "USB headset"]
    pick(dialog.sound.microphone, "USB headset")
    pick(dialog.sound.speaker, "Built-in speaker")

    audio = desktop.chosen.settings.audio
    assert (audio.input_device, audio.output_device) == ("USB headset", "Built-in speaker")


def test_the_test_tone_plays(dialog: SettingsDialog, desktop: Desktop) -> None:
    dialog.sound.tone_button.click()

    assert ("test_tone",) in desktop.desk.calls


def test_the_microphone_test_listens_only_while_it_runs(dialog: SettingsDialog, desktop: Desktop, qtbot: QtBot) -> None:
    sound = dialog.sound
    sound.mic_button.click()
    assert desktop.desk.microphone_open
    assert sound.verdict.text() == "Say something…"
    desktop.desk.input_level = 0.6
    qtbot.waitUntil(lambda: sound.verdict.text() == "I hear you well.")

    dialog.open_page("Turns")
    assert not desktop.desk.microphone_open


def test_a_microphone_that_was_open_stays_open_after_the_test(dialog: SettingsDialog, desktop: Desktop) -> None:
    desktop.desk.microphone_open = True
    dialog.sound.mic_button.click()
    dialog.sound.mic_button.click()

    assert desktop.desk.microphone_open


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("Echo cancellation", "audio.echo_cancellation"),
        ("Noise suppression", "audio.noise_suppression"),
        ("My voice may interrupt", "audio.interruption"),
        ("Start with an open microphone", "turns.open_microphone"),
        ("Keep conversations", "privacy.keep_history"),
        ("Keep recordings of my voice", "privacy.keep_recordings"),
    ],
)
def test_a_switch_shows_a_setting_and_turns_it(dialog: SettingsDialog, desktop: Desktop, name: str, field: str) -> None:
    table, key = field.split(".")
    before = getattr(getattr(desktop.chosen.settings, table), key)
    switch = named(dialog, name)
    assert isinstance(switch, Switch) and switch.isChecked() == before
    switch.click()

    assert getattr(getattr(desktop.chosen.settings, table), key) == (not before)


def test_sliders_set_what_they_are_called(dialog: SettingsDialog, desktop: Desktop) -> None:
    for name in ("Voice threshold", "Silence that ends a turn", "Microphone gain", "Speaker gain"):
        slider = named(dialog, name)
        assert isinstance(slider, Slider)
        slider.setValue(slider.maximum())

    settings = desktop.chosen.settings
    assert (settings.turns.threshold, settings.turns.silence_ms) == (0.9, 3000)
    assert (settings.audio.input_gain_db, settings.audio.output_gain_db) == (30, 6)


def test_colours_are_chosen_by_name(dialog: SettingsDialog, desktop: Desktop) -> None:
    colours = named(dialog, "Colours")
    assert isinstance(colours, Choice)
    pick(colours, "dark")

    assert desktop.chosen.settings.appearance.theme == "dark"


def test_another_engine_comes_into_force_by_the_button_only(dialog: SettingsDialog, desktop: Desktop) -> None:
    engine = dialog.engine
    assert not engine.use_button.isEnabled()
    pick(engine.who, FOLDER)
    assert not engine.use_button.isEnabled()
    engine.folder.setText("/somewhere/bundle")
    pick(engine.sleep, 15.0)
    assert desktop.chosen.settings.engine == EngineSettings()
    engine.use_button.click()

    assert desktop.chosen.settings.engine == EngineSettings(bundle="/somewhere/bundle", idle_unload_min=15.0)


def test_a_gpu_that_is_found_can_be_chosen(dialog: SettingsDialog, desktop: Desktop, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: dialog.engine.device.findData("cuda:0") >= 0)
    pick(dialog.engine.device, "cuda:0")
    dialog.engine.use_button.click()

    assert desktop.chosen.settings.engine.device == "cuda:0"


@pytest.mark.parametrize(
    ("key", "sentence", "role"),
    [("secret", "gpt-realtime answers, after 120 ms.", "good"), ("", "The server refuses the key.", "bad")],
)
def test_a_realtime_address_is_tried_beside_the_window(
    dialog: SettingsDialog, desktop: Desktop, wire: Wire, qtbot: QtBot, key: str, sentence: str, role: str
) -> None:
    engine = dialog.engine
    dialog.open_page("Engine")
    pick(engine.who, REMOTE)
    assert engine.url.isVisible() and not engine.folder.isVisible()
    assert not engine.test_button.isEnabled()
    engine.url.setText("wss://api.example.com/v1/realtime?model=m")
    engine.key.setText(key)
    engine.test_button.click()
    assert engine.outcome.text() == "Connecting…"
    assert not engine.test_button.isEnabled()
    wire.go.set()
    qtbot.waitUntil(lambda: engine.outcome.text() == sentence)

    assert engine.outcome.property("role") == role
    assert wire.asked == [Remote("wss://api.example.com/v1/realtime?model=m", key)]
    engine.use_button.click()
    assert desktop.chosen.settings.engine.choice == Remote("wss://api.example.com/v1/realtime?model=m", key)


def test_a_key_is_not_shown(dialog: SettingsDialog) -> None:
    from PySide6.QtWidgets import QLineEdit

    assert dialog.engine.key.echoMode() is not QLineEdit.EchoMode.Normal


def test_space_operates_the_dialog_and_does_not_talk(dialog: SettingsDialog, desktop: Desktop) -> None:
    from PySide6.QtTest import QTest

    switch = named(dialog, "Noise suppression")
    switch.setFocus()
    QTest.keyClick(switch, Qt.Key.Key_Space)

    assert desktop.called("press") == []
    assert not desktop.chosen.settings.audio.noise_suppression


def test_no_page_is_cut_where_type_is_large(desktop: Desktop, wire: Wire, large: Theme) -> None:
    machine = Machine(lambda: ["mini"], list, wire.probe)
    dialog = SettingsDialog(large, desktop.desk, machine, desktop.chosen, desktop.window)
    dialog.open()
    cut, beyond = {}, {}
    for name in dialog.tabs:
        dialog.open_page(name)
        desktop.settle()
        cut[name] = cut_words(dialog)
        page = dialog.pages.currentWidget()
        content = page.widget() if isinstance(page, QScrollArea) else None
        assert isinstance(page, QScrollArea) and content is not None
        beyond[name] = max(0, content.width() - page.viewport().width())
    end(dialog)

    assert len(cut) == 6
    assert {name: words for name, words in cut.items() if words} == {}
    assert {name: pixels for name, pixels in beyond.items() if pixels} == {}
