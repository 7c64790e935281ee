"""How Parley looks: every colour, space, radius and size of type. Nothing else in the window names one."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import IntEnum
from types import MappingProxyType
from typing import Literal

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontInfo, QFontMetrics, QPalette
from PySide6.QtWidgets import QApplication

from parley_models.style import Style

Appearance = Literal["light", "dark", "system"]


class Space(IntEnum):
    """Distances in logical pixels, multiples of 4."""

    XS = 4
    S = 8
    M = 12
    L = 16
    XL = 24
    XXL = 40


class Radius(IntEnum):
    """Corners in logical pixels."""

    S = 6
    M = 9
    L = 14


class Size(IntEnum):
    """Heights and widths in logical pixels that have to agree."""

    ICON = 18
    CONTROL = 36
    TALK = 76
    SIDEBAR = 248
    PANEL = 304
    READING = 720
    """The widest column that reads well."""


TYPE_SCALE = MappingProxyType({"caption": 0.86, "body": 1.0, "reading": 1.12, "heading": 1.25, "title": 1.6})
"""Sizes of type against the desktop's own."""

SMALLEST_BODY_PT = 10.0
USUAL_BODY_PX = 13.0
"""What lengths that hold words are made for."""

MOST_GROWTH = 1.4
"""Beyond that words are broken or end in … instead."""


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of one appearance; text on them keeps a contrast of 4.5 : 1 (WCAG AA)."""

    dark: bool
    window: str
    """Behind everything."""

    side: str
    """Sidebar and panel."""

    surface: str
    """Cards, fields, menus."""

    sunken: str
    """Tracks, hovered rows."""

    line: str
    line_strong: str
    """The edge of something that can be operated: 3 : 1 against what it lies on."""

    ink: str
    ink_soft: str
    ink_faint: str
    """What was not heard, what can't be used."""

    accent: str
    on_accent: str
    accent_soft: str
    accent_ink: str
    """Text on `accent_soft`."""

    bubble: str
    """What the user said."""

    thinking: str
    speaking: str
    good: str
    warning: str
    warning_soft: str
    danger: str
    danger_soft: str
    on_danger: str
    tints: tuple[str, ...]
    """Behind words spoken in a style."""


LIGHT = Palette(
    dark=False,
    window="#fbfaf8",
    side="#f4f2ee",
    surface="#ffffff",
    sunken="#ebe8e2",
    line="#e4e0d9",
    line_strong="#8d877c",
    ink="#1f1d1a",
    ink_soft="#5c574f",
    ink_faint="#716b62",
    accent="#0f766e",
    on_accent="#ffffff",
    accent_soft="#d8efe9",
    accent_ink="#0a554f",
    bubble="#e6f2ef",
    thinking="#9a5b00",
    speaking="#4450b8",
    good="#15703f",
    warning="#8a5200",
    warning_soft="#fdf0d5",
    danger="#b3261e",
    danger_soft="#fde7e4",
    on_danger="#ffffff",
    tints=("#fdeaa8", "#cfe3fb", "#fbd3cd", "#dccffa", "#cdeccf", "#fbd6ea", "#ccecec", "#e6dfd0"),
)
DARK = Palette(
    dark=True,
    window="#161817",
    side="#1c1f1e",
    surface="#242827",
    sunken="#2c3130",
    line="#323736",
    line_strong="#79817f",
    ink="#eceeec",
    ink_soft="#b3b9b6",
    ink_faint="#979e9b",
    accent="#4fd1bd",
    on_accent="#06231f",
    accent_soft="#173f3a",
    accent_ink="#9ce9dc",
    bubble="#1e3531",
    thinking="#f0b35a",
    speaking="#a5b0ff",
    good="#6fd69a",
    warning="#f2bd6b",
    warning_soft="#3a2d14",
    danger="#ff9a90",
    danger_soft="#452220",
    on_danger="#3a0a06",
    tints=("#544510", "#1f3f63", "#5e2a25", "#41306b", "#22492a", "#5a2947", "#1c4a4a", "#463f2f"),
)

_TINT_OF = MappingProxyType({"happy": 0, "sad": 1, "angry": 2, "fearful": 3, "calm": 4, "loving": 5, "whisper": 6, "surprised": 7})


def tint_of(style: Style, palette: Palette) -> str | None:
    """The colour behind words spoken in a style; None where the style leaves everything to the voice."""
    named = style.emotion or style.manner or style.dialect
    if named is not None:
        return palette.tints[_TINT_OF.get(named, zlib.crc32(named.encode()) % len(palette.tints))]
    if style.rate != 1.0:
        return palette.tints[6 if style.rate > 1 else 4]
    return None if style.pitch == 0.0 else palette.tints[5 if style.pitch > 0 else 3]


class Theme(QObject):
    """The look in use. Widgets read it when they paint, and hear from `changed` when they keep something made from it."""

    changed = Signal()

    def __init__(self, app: QApplication, appearance: Appearance = "system") -> None:
        super().__init__(app)
        self._app = app
        self._base = QFont(app.font())
        self._base.setPointSizeF(max(SMALLEST_BODY_PT, self._base.pointSizeF()))
        self._appearance: Appearance = appearance
        self._worn: Palette | None = None
        app.setStyle("Fusion")
        app.setFont(self._base)
        app.styleHints().colorSchemeChanged.connect(self._desktop_changed)
        self.use(appearance)

    def use(self, appearance: Appearance) -> None:
        """Wear one of the two looks, or the desktop's."""
        self._appearance = appearance
        schemes = {"light": Qt.ColorScheme.Light, "dark": Qt.ColorScheme.Dark, "system": Qt.ColorScheme.Unknown}
        self._app.styleHints().setColorScheme(schemes[appearance])
        self._wear()

    def _desktop_changed(self, _scheme: Qt.ColorScheme) -> None:
        if self._appearance == "system":
            self._wear()

    def _wear(self) -> None:
        dark = self._appearance == "dark" or (self._appearance == "system" and self._app.styleHints().colorScheme() is Qt.ColorScheme.Dark)
        palette = DARK if dark else LIGHT
        if palette is self._worn:
            return
        self._worn = palette
        self._app.setPalette(_qt_palette(self.palette))
        self._app.setStyleSheet(_style_sheet(self.palette, {name: self.points(name) for name in TYPE_SCALE}))
        self.changed.emit()

    @property
    def palette(self) -> Palette:
        """The colours in use."""
        return self._worn or LIGHT

    def points(self, role: str) -> float:
        """A size of type in points."""
        return round(self._base.pointSizeF() * TYPE_SCALE[role], 1)

    def font(self, role: str = "body", *, strong: bool = False) -> QFont:
        """The typeface at one of the sizes of `TYPE_SCALE`."""
        font = QFont(self._base)
        font.setPointSizeF(self.points(role))
        font.setWeight(QFont.Weight.DemiBold if strong else QFont.Weight.Normal)
        return font

    def grown(self, length: int) -> int:
        """A length that has to hold words: longer where the desktop's type is larger than usual."""
        return round(length * min(MOST_GROWTH, max(1.0, QFontInfo(self._base).pixelSize() / USUAL_BODY_PX)))

    def line_height(self, role: str, least: int) -> int:
        """What one line of a role needs, in logical pixels, and no less than what the usual size of type is given."""
        return max(least, QFontMetrics(self.font(role)).height())

    def colour(self, name: str) -> QColor:
        """A colour of the palette by its name."""
        return QColor(getattr(self.palette, name))


def colour_names() -> tuple[str, ...]:
    """Every single colour that a palette has."""
    return tuple(field.name for field in fields(Palette) if field.name not in {"dark", "tints"})


def _qt_palette(look: Palette) -> QPalette:
    role = QPalette.ColorRole
    colours = {
        role.Window: look.window,
        role.WindowText: look.ink,
        role.Base: look.surface,
        role.AlternateBase: look.side,
        role.Text: look.ink,
        role.PlaceholderText: look.ink_faint,
        role.Button: look.surface,
        role.ButtonText: look.ink,
        role.ToolTipBase: look.ink,
        role.ToolTipText: look.window,
        role.Highlight: look.accent,
        role.HighlightedText: look.on_accent,
        role.Accent: look.accent,
        role.Link: look.accent,
    }
    palette = QPalette()
    for each, colour in colours.items():
        palette.setColor(each, QColor(colour))
    for each in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, each, QColor(look.ink_faint))
    return palette


def _style_sheet(look: Palette, points: Mapping[str, float]) -> str:
    return f"""
    QWidget#side {{ background: {look.side}; }}
    QWidget#window {{ background: {look.window}; }}
    QFrame#line {{ background: {look.line}; border: none; }}
    QScrollArea, QScrollArea > QWidget > QWidget#plain {{ background: transparent; border: none; }}
    QToolTip {{ background: {look.ink}; color: {look.window}; border: none; padding: 5px 8px; }}
    QLabel[role="caption"] {{ font-size: {points["caption"]}pt; color: {look.ink_soft}; }}
    QLabel[role="faint"] {{ font-size: {points["caption"]}pt; color: {look.ink_faint}; }}
    QLabel[role="label"] {{ font-weight: 600; }}
    QLabel[role="heading"] {{ font-size: {points["heading"]}pt; font-weight: 600; }}
    QLabel[role="title"] {{ font-size: {points["title"]}pt; font-weight: 600; }}
    QLabel[role="value"] {{ color: {look.accent}; font-weight: 600; }}
    QLabel[role="bad"] {{ font-size: {points["caption"]}pt; color: {look.danger}; }}
    QLabel[role="good"] {{ font-size: {points["caption"]}pt; color: {look.good}; }}
    QLabel:disabled {{ color: {look.ink_faint}; }}
    QLineEdit, QPlainTextEdit, QSpinBox {{
        background: {look.surface}; color: {look.ink}; border: 1px solid {look.line_strong}; border-radius: {Radius.M}px;
        padding: 6px 10px; selection-background-color: {look.accent}; selection-color: {look.on_accent};
    }}
    QLineEdit:focus, QPlainTextEdit:focus, QSpinBox:focus {{ border: 2px solid {look.accent}; padding: 5px 9px; }}
    QLineEdit:disabled, QPlainTextEdit:disabled, QSpinBox:disabled {{ background: {look.side}; color: {look.ink_faint};
        border-color: {look.line}; }}
    QPlainTextEdit[bare="true"] {{ border: none; background: transparent; padding: 0; }}
    QListView, QTreeView {{ background: transparent; border: none; outline: none; }}
    QMenu {{ background: {look.surface}; border: 1px solid {look.line}; border-radius: {Radius.M}px; padding: 5px; }}
    QMenu::item {{ padding: 6px 22px 6px 12px; border-radius: {Radius.S}px; color: {look.ink}; }}
    QMenu::item:selected {{ background: {look.accent_soft}; color: {look.accent_ink}; }}
    QMenu::item:disabled {{ color: {look.ink_faint}; }}
    QMenu::separator {{ height: 1px; background: {look.line}; margin: 5px 8px; }}
    QScrollBar:vertical {{ background: transparent; width: 10px; margin: 0; }}
    QScrollBar::handle:vertical {{ background: {look.line_strong}; margin: 2px 3px; border-radius: 2px; min-height: 36px; }}
    QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page {{ background: none; border: none; height: 0; }}
    QDialog {{ background: {look.window}; }}
    """
