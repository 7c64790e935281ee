"""The panel is the bundle's control table: what is in it can be moved, what is not says why."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QScrollArea
from pytestqt.qtbot import QtBot

from parley.conversation.events import EngineChanged, EngineState, Measured, StyleChanged
from parley.conversation.offer import Offer
from parley.ui.labels import CONTROLS
from parley.ui.style_panel import StylePanel
from parley.ui.style_rows import DiscreteRow, SliderRow, UnavailableRow
from parley_models.style import STYLE_FIELDS, Control, ControlTable, Level, Style
from tests.fakes.window_talk import FOREIGN, MINI, RICH
from tests.parley.ui.conftest import Desktop


def use(desktop: Desktop, offer: Offer) -> StylePanel:
    desktop.talk.tell(EngineChanged(EngineState.READY, offer=offer))
    desktop.settle()
    return desktop.window.style_panel


def slider(panel: StylePanel, name: str) -> SliderRow:
    row = panel.rows[name]
    assert isinstance(row, SliderRow)
    return row


def buttons(panel: StylePanel, name: str) -> DiscreteRow:
    row = panel.rows[name]
    assert isinstance(row, DiscreteRow)
    return row


def test_every_field_of_a_style_has_a_label() -> None:
    assert set(CONTROLS) == STYLE_FIELDS


@pytest.mark.parametrize("offer", [MINI, RICH, FOREIGN])
def test_every_control_is_there_usable_or_greyed_with_its_reason(desktop: Desktop, offer: Offer) -> None:
    panel = use(desktop, offer)
    offered = {row.name for row in offer.controls.rows} | ({"voice"} if len(offer.voices) > 1 else set())

    assert set(panel.rows) == set(CONTROLS)
    for name, row in panel.rows.items():
        assert row.is_usable == (name in offered)
        if not row.is_usable:
            assert isinstance(row, UnavailableRow)
            assert not row.label.isEnabled()
            assert row.small.isVisible() and row.small.text().endswith(".")
            assert row.label.accessibleDescription() == row.small.text()


def test_reasons_name_the_bundle(desktop: Desktop) -> None:
    panel = use(desktop, MINI)

    assert panel.rows["emotion"].small.text() == "Mini was not trained to show emotions."
    assert panel.rows["voice"].small.text() == "Mini has one voice, slt."
    assert "no Parley engine" in use(desktop, FOREIGN).rows["rate"].small.text()


def test_before_the_engine_is_up_nothing_can_be_moved(desktop: Desktop) -> None:
    panel = StylePanel(desktop.theme)

    assert not any(row.is_usable for row in panel.rows.values())


def test_a_moved_slider_is_the_style_of_the_next_answers(desktop: Desktop, qtbot: QtBot) -> None:
    panel = use(desktop, MINI)
    with qtbot.waitSignal(panel.style_chosen):
        row = slider(panel, "rate")
        row.slider.setFocus()
        for _ in range(6):
            QTest.keyClick(row.slider, Qt.Key.Key_Right)

    assert desktop.called("set_style")[-1] == (Style(rate=1.3),)
    assert row.shown.text() == "1.30×"


def test_dragging_tells_a_few_values_not_hundreds(desktop: Desktop, qtbot: QtBot) -> None:
    panel = use(desktop, MINI)
    row = slider(panel, "pitch")
    with qtbot.waitSignal(panel.style_chosen):
        for value in range(row.slider.maximum() + 1):
            row.slider.setValue(value)

    assert desktop.called("set_style") == [(Style(pitch=6.0),)]


def test_a_click_on_the_track_goes_there(desktop: Desktop, qtbot: QtBot) -> None:
    row = slider(use(desktop, MINI), "rate")
    with qtbot.waitSignal(desktop.window.style_panel.style_chosen):
        QTest.mouseClick(row.slider, Qt.MouseButton.LeftButton, pos=row.slider.rect().center())

    assert row.value == pytest.approx(1.25, abs=0.051)


def test_emotion_wakes_intensity(desktop: Desktop, qtbot: QtBot) -> None:
    panel = use(desktop, RICH)
    assert not panel.rows["intensity"].isEnabled()
    with qtbot.waitSignal(panel.style_chosen):
        next(button for button in buttons(panel, "emotion").buttons if button.text() == "Sad").click()
    assert panel.rows["intensity"].isEnabled()
    with qtbot.waitSignal(panel.style_chosen):
        slider(panel, "intensity").slider.setValue(16)
    assert panel.style_now == Style(emotion="sad", intensity=0.8)

    with qtbot.waitSignal(panel.style_chosen):
        buttons(panel, "emotion").buttons[0].click()
    assert panel.style_now == Style()


def test_many_levels_become_a_menu(desktop: Desktop, qtbot: QtBot) -> None:
    row = buttons(use(desktop, RICH), "dialect")
    assert row.menu is not None and row.menu.count() == 13
    with qtbot.waitSignal(desktop.window.style_panel.style_chosen):
        row.menu.activated.emit(3)

    assert desktop.window.style_panel.style_now == Style(dialect="dialect_2")


def test_a_control_that_only_this_bundle_knows_is_shown_too(desktop: Desktop) -> None:
    offer = Offer("Odd", ControlTable("Odd", (Control("breathiness", "discrete", (Level("soft"),)),)), ("v",), is_parley=True)

    assert use(desktop, offer).rows["breathiness"].label.text() == "Breathiness"


def test_a_style_set_elsewhere_is_shown_and_not_told_back(desktop: Desktop) -> None:
    panel = use(desktop, RICH)
    desktop.talk.tell(StyleChanged(Style(rate=0.7, emotion="angry", intensity=0.4, voice="momo")))
    desktop.settle()

    assert slider(panel, "rate").shown.text() == "0.70×"
    assert slider(panel, "intensity").shown.text() == "40%"
    assert [button.text() for button in buttons(panel, "emotion").buttons if button.isChecked()] == ["Angry"]
    assert [button.text() for button in buttons(panel, "voice").buttons if button.isChecked()] == ["Momo"]
    assert desktop.called("set_style") == []


def test_news_of_an_earlier_value_does_not_pull_the_slider_back(desktop: Desktop, qtbot: QtBot) -> None:
    panel = use(desktop, MINI)
    row = slider(panel, "rate")
    panel.style_chosen.disconnect(desktop.talk.set_style)  # the conversation is slow to say what it took
    for position in (12, 20):
        with qtbot.waitSignal(panel.style_chosen):
            row.slider.setValue(position)
    panel.hear_style(Style(rate=1.1))
    assert row.shown.text() == "1.50×"
    panel.hear_style(Style(rate=1.5))
    panel.hear_style(Style(rate=0.8))

    assert row.shown.text() == "0.80×"


def test_reset_leaves_everything_to_the_voice(desktop: Desktop, qtbot: QtBot) -> None:
    panel = use(desktop, MINI)
    assert not panel.reset_button.isEnabled()
    desktop.talk.tell(StyleChanged(Style(rate=0.7)))
    desktop.settle()
    with qtbot.waitSignal(panel.style_chosen):
        panel.reset_button.click()

    assert desktop.called("set_style") == [(Style(),)]


def test_asked_and_achieved_stand_at_each_control(desktop: Desktop) -> None:
    panel = use(desktop, MINI)
    desktop.talk.tell(Measured(1, (("rate", 1.3), ("pitch", 2.0)), (("rate", 1.0), ("pitch", None))))
    desktop.settle()

    assert panel.rows["rate"].small.text() == "Asked 1.30×, got 1.00× ✗"
    assert panel.rows["pitch"].small.text() == "Asked +2.0 st, not measurable"

    desktop.talk.tell(Measured(2, (("rate", 1.0), ("pitch", 0.0)), (("rate", 1.0), ("pitch", None))))
    desktop.settle()
    assert panel.rows["pitch"].small.text() == ""  # nobody moved it, nothing is to be proved

    desktop.talk.tell(Measured(3, (("rate", 1.0), ("voice", "momo")), (("rate", 1.0), ("voice", None))))
    desktop.settle()
    assert [name for name, row in panel.rows.items() if row.is_usable and row.small.text()] == ["rate"]


def test_what_fits_is_not_scrolled_and_what_does_not_is(desktop: Desktop) -> None:
    panel = use(desktop, RICH)
    scroll = panel.findChild(QScrollArea)
    assert scroll is not None
    page = scroll.widget()
    assert page is not None
    desktop.window.resize(1200, 800)
    desktop.settle()
    assert scroll.verticalScrollBar().maximum() == 0

    desktop.window.resize(1200, 520)
    desktop.settle()
    voice = panel.rows["voice"]
    end = voice.mapTo(page, voice.rect().bottomLeft()).y()
    assert scroll.verticalScrollBar().maximum() > 0
    assert end <= page.height() < end + 40
