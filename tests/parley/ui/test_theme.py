"""The two looks: readable, complete, and in one file."""

import re
from importlib.resources import files
from pathlib import Path

import pytest
from PySide6.QtGui import QColor, QFontMetrics, QImage
from PySide6.QtWidgets import QApplication

import parley.ui
from parley.conversation.turns import Heading
from parley.ui import icons
from parley.ui.conversation_list import ConversationList
from parley.ui.roles_panel import PARLEY, RoleCard
from parley.ui.theme import DARK, LIGHT, Palette, Theme, colour_names
from tests.parley.ui.conftest import Desktop, end

UI = Path(parley.ui.__file__).parent
LOOKS = pytest.mark.parametrize("look", [LIGHT, DARK], ids=["light", "dark"])


def contrast(one: str, two: str) -> float:
    """WCAG 2.2's contrast ratio."""

    def luminance(name: str) -> float:
        colour = QColor(name)
        parts = (colour.redF(), colour.greenF(), colour.blueF())
        red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    lighter, darker = sorted((luminance(one), luminance(two)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@LOOKS
def test_text_is_readable_on_every_ground(look: Palette) -> None:
    grounds = [look.window, look.side, look.surface, look.bubble]
    pairs = [(ink, ground) for ink in (look.ink, look.ink_soft, look.ink_faint) for ground in grounds]
    pairs += [(look.ink, tint) for tint in look.tints] + [(look.ink, look.sunken)]
    pairs += [(look.on_accent, look.accent), (look.accent_ink, look.accent_soft), (look.accent, look.side), (look.danger, look.danger_soft)]
    pairs += [(look.ink, look.warning_soft), (look.ink, look.danger_soft), (look.good, look.window), (look.warning, look.surface)]
    weak = {pair: round(contrast(*pair), 2) for pair in pairs if contrast(*pair) < 4.5}

    assert len(pairs) > 25
    assert weak == {}


@LOOKS
def test_what_can_be_operated_has_a_visible_edge(look: Palette) -> None:
    assert all(contrast(look.line_strong, ground) >= 3 for ground in (look.window, look.side, look.surface))
    assert all(contrast(look.accent, ground) >= 3 for ground in (look.window, look.side, look.surface))


def test_every_colour_is_one() -> None:
    assert all(QColor(getattr(look, name)).isValid() for look in (LIGHT, DARK) for name in colour_names())
    assert len(LIGHT.tints) == len(DARK.tints)


def test_only_the_theme_names_colours() -> None:
    modules = [path for path in UI.glob("*.py") if path.name != "theme.py"]
    found = {path.name: re.findall(r'"#[0-9a-fA-F]{3,8}"', path.read_text("utf-8")) for path in modules}

    assert len(modules) > 20
    assert {name for name, colours in found.items() if set(colours) - {'"#000"', '"#000000"'}} == set()  # the icons' own ink


def test_every_icon_that_is_named_is_there_and_has_ink(qapp: QApplication) -> None:
    folder = files("parley_assets").joinpath("icons")
    there = {each.name.removesuffix(".svg") for each in folder.iterdir()}
    source = "\n".join(path.read_text("utf-8") for path in UI.glob("*.py"))
    used = {name for name in there if f'"{name}"' in source}

    assert used == there
    for name in there:
        picture: QImage = icons.picture(name, 24).toImage()
        assert any(QColor.fromRgba(picture.pixel(x, y)).alpha() > 128 for x in range(24) for y in range(24)), name


def test_icons_are_sharp_at_any_scale(qapp: QApplication) -> None:
    assert icons.picture("microphone", 18, 1.5).width() == 27
    assert icons.picture("microphone", 18, 2.0).devicePixelRatio() == 2.0


def test_the_assets_stay_small() -> None:
    folder = files("parley_assets").joinpath("icons")

    assert sum(len(each.read_bytes()) for each in folder.iterdir()) < 150_000


def test_changing_the_look_changes_what_is_painted(desktop: Desktop) -> None:
    window, theme = desktop.window, desktop.theme
    desktop.talk.answer(None)
    desktop.settle()
    light = window.grab().toImage()
    theme.use("dark")
    desktop.settle()
    dark = window.grab().toImage()

    assert QColor(light.pixel(600, 300)).name() == LIGHT.window
    assert QColor(dark.pixel(600, 300)).name() == DARK.window
    assert QColor(dark.pixel(4, 400)).name() == DARK.side


def test_what_holds_words_is_larger_where_type_is(qapp: QApplication, theme: Theme, large: Theme) -> None:
    heading = Heading(1, "what is the capital of France", 2, "2026-11-21T09:05:00+00:00", "")
    rows, cards = [], []
    for look in (theme, large):
        sidebar, card = ConversationList(look), RoleCard(look, PARLEY, None)
        sidebar.show_headings([heading])
        rows.append(sidebar.list.sizeHintForRow(0))
        cards.append(card.sizeHint().height())
        end(sidebar)
        end(card)
    words = [QFontMetrics(large.font(role)).height() for role in ("body", "caption")]

    assert rows[0] < sum(words) + 14 <= rows[1]
    assert cards[0] < sum(words) + 20 <= cards[1]
    assert (theme.grown(100), large.grown(100)) == (100, 140)


def test_type_keeps_to_the_scale(theme: Theme) -> None:
    assert theme.points("caption") < theme.points("body") < theme.points("reading") < theme.points("heading") < theme.points("title")
    assert theme.points("body") >= 10
