"""Parley's own icons: drawn from vectors at the resolution of whatever they are painted on, in the colour asked for."""

from functools import lru_cache
from importlib.resources import files

from PySide6.QtCore import QByteArray, QRectF
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap, Qt
from PySide6.QtSvg import QSvgRenderer


@lru_cache(maxsize=256)
def _drawing(name: str, colour: str) -> QSvgRenderer:
    source = files("parley_assets").joinpath("icons", f"{name}.svg").read_text("utf-8")
    return QSvgRenderer(QByteArray(source.replace("#000", colour).encode()))


def draw(painter: QPainter, name: str, box: QRectF, colour: QColor) -> None:
    """Paint an icon into a box.

    Raises:
        FileNotFoundError: there is no icon of that name.
    """
    _drawing(name, colour.name()).render(painter, box)


def draw_as_is(painter: QPainter, name: str, box: QRectF) -> None:
    """Paint an icon that has colours of its own."""
    _drawing(name, "#000").render(painter, box)


def app_icon() -> QIcon:
    """The program's own icon at the sizes that desktops ask for."""
    icon = QIcon()
    for side in (16, 24, 32, 48, 64, 128, 256):
        icon.addPixmap(picture("parley", side))
    return icon


def picture(name: str, side: int, ratio: float = 1.0, colour: str = "#000000") -> QPixmap:
    """An icon as a picture of `side` logical pixels."""
    pixmap = QPixmap(round(side * ratio), round(side * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    _drawing(name, colour).render(painter, QRectF(0, 0, side, side))
    painter.end()
    return pixmap
