"""The right side: style and roles, one at a time."""

from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from parley.ui.buttons import Button
from parley.ui.fields import line
from parley.ui.roles_panel import RolesPanel
from parley.ui.style_panel import StylePanel
from parley.ui.theme import Space, Theme


class SidePanel(QWidget):
    """Two tabs."""

    def __init__(self, theme: Theme, style: StylePanel, roles: RolesPanel) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        row = QHBoxLayout()
        row.setContentsMargins(Space.M, Space.S, Space.M, Space.S)
        row.setSpacing(Space.S)
        self._pages = QStackedWidget()
        self._group = QButtonGroup(self)
        self.tabs: list[Button] = []
        for index, (word, icon, page) in enumerate((("Style", "settings", style), ("Roles", "role", roles))):
            tab = Button(theme, word, icon, weight="quiet")
            tab.setCheckable(True)
            self._group.addButton(tab, index)
            self._pages.addWidget(page)
            self.tabs.append(tab)
            row.addWidget(tab, 1)
        self._group.idClicked.connect(self._pages.setCurrentIndex)
        self.tabs[0].setChecked(True)
        column.addLayout(row)
        column.addWidget(line())
        column.addWidget(self._pages, 1)

    def open_tab(self, index: int) -> None:
        """0 = style, 1 = roles."""
        self.tabs[index].setChecked(True)
        self._pages.setCurrentIndex(index)
