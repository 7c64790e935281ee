"""The conversation: turn below turn, filling as it is spoken."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from parley.conversation.events import Answering, Asked, Dropped, Measured, Progressed, Replaying, Spoke, Styled, Timed, Understood, Wrote
from parley.conversation.turns import Heading, Turn
from parley.ui.buttons import Button
from parley.ui.scrolled import Scrolled
from parley.ui.sweeper import Sweeper
from parley.ui.theme import Size, Space, Theme
from parley.ui.turn_cards import AnswerCard, TurnCard, UserCard
from parley.ui.welcome import Welcome

AT_ONCE = 16
"""How many turns are laid out at a time, so that opening a long conversation does not stall the window."""

NEAR_END_PX = 48


class Column(QWidget):
    """The turns of one conversation, one below the other."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("plain")
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(Space.XL)


class ConversationView(QScrollArea):
    """Shows the turns of one conversation; asks for deeds by signals."""

    wanted = Signal(str, int)
    """(deed, turn): replay, save, continue, again."""

    corrected = Signal(int, str)
    suggested = Signal(str)
    """The user picked one of the sample questions."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._cards: dict[int, TurnCard] = {}
        self._earlier: list[Turn] = []
        self._companion = ""
        """The character of this conversation: gave the answers that do not say whose they are."""

        self._follows = True
        self._wanted_next: int | None = None
        self._sought: int | None = None
        """The turn that is kept in view, until the user looks elsewhere."""

        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName("Conversation")
        self._page = Scrolled()
        self._outer = QVBoxLayout(self._page)
        self._turns = Column()
        self._sweeper = Sweeper(self)
        self.welcome = Welcome(theme)
        self.welcome.suggested.connect(self.suggested)
        self.earlier_button = Button(theme, "Show earlier turns", "up", weight="quiet")
        self.earlier_button.clicked.connect(self._show_earlier)
        self.earlier_button.hide()
        self._outer.addWidget(self.earlier_button, 0, Qt.AlignmentFlag.AlignHCenter)
        self._outer.addWidget(self.welcome, 99)  # nearly all of it; what is left below keeps turns at the top
        self._outer.addWidget(self._turns)
        self._outer.addStretch(1)
        self.setWidget(self._page)
        self.latest_button = Button(theme, "Latest", "down", height=32)
        self.latest_button.setParent(self)
        self.latest_button.clicked.connect(self.follow)
        self.latest_button.hide()
        self.verticalScrollBar().rangeChanged.connect(self._range_changed)
        self.verticalScrollBar().valueChanged.connect(self._moved)

    @property
    def cards(self) -> dict[int, TurnCard]:
        """The turns that are laid out, by number."""
        return self._cards

    def open(self, heading: Heading, turns: Sequence[Turn]) -> None:
        """Show another conversation."""
        before, self._turns = self._turns, Column()
        self._outer.replaceWidget(before, self._turns)
        self._sweeper.sweep(before, list(self._cards.values()))
        self._cards.clear()
        self._companion = heading.character
        self._earlier = list(turns[:-AT_ONCE])
        for turn in turns[-AT_ONCE:]:
            self._add(self._card(turn))
        sought, self._wanted_next = self._wanted_next, None
        sought = sought if sought in {turn.number for turn in turns} else None
        while sought is not None and sought not in self._cards:
            self._add_earlier()
        self._after_change()
        self.follow()
        if sought is not None:
            self._follows, self._sought = False, sought
            QTimer.singleShot(0, self, self._reveal)

    def seek(self, turn: int) -> None:
        """The conversation that is opened next is shown from this turn on."""
        self._wanted_next = turn

    def _reveal(self) -> None:
        sought = self._sought
        if sought is not None and sought in self._cards:
            card = self._cards[sought]
            self.verticalScrollBar().setValue(card.mapTo(self._page, card.rect().topLeft()).y() - Space.XL)
            self._sought = sought  # it was not the user who moved

    def use_speaker(self, name: str) -> None:
        """Who answers from now on."""
        self.welcome.show_speaker(name or "Parley")

    def ask(self, news: Asked) -> None:
        """The user said something."""
        self._put(self._card(news.turn))

    def begin(self, news: Answering) -> None:
        """An answer begins."""
        self._put(self._answer_card(news.turn))

    def write(self, news: Wrote) -> None:
        """More words."""
        card = self._answer(news.turn)
        if card is not None:
            card.write(news.text, news.segment)

    def restyle(self, news: Styled) -> None:
        """How a stretch was spoken."""
        card = self._answer(news.turn)
        if card is not None:
            card.restyle(news.segment, news.content)

    def progress(self, news: Progressed) -> None:
        """How far the sound is."""
        card = self._answer(news.turn)
        if card is not None:
            card.text.hear(news.heard_characters)

    def finish(self, news: Spoke) -> None:
        """An answer is over."""
        card = self._answer(news.turn.number)
        if card is not None:
            card.finish(news.turn)

    def understand(self, news: Understood) -> None:
        """What was heard in a question."""
        card = self._cards.get(news.turn)
        if isinstance(card, UserCard):
            card.understood(news.text, corrected=news.corrected)

    def drop(self, news: Dropped) -> None:
        """A turn that turned out to be none."""
        card = self._cards.pop(news.turn, None)
        if card is not None:
            card.setParent(None)
            card.deleteLater()
        self._after_change()

    def measure(self, news: Measured) -> None:
        """Proof of style."""
        card = self._answer(news.turn)
        if card is not None:
            card.proof.show_measured(news.asked, news.achieved)

    def time(self, news: Timed) -> None:
        """Where the wait went."""
        card = self._answer(news.turn)
        if card is not None:
            card.latency.show_stages(news.stages)
            card.latency.show()

    def replaying(self, news: Replaying) -> None:
        """A turn is played again."""
        card = self._cards.get(news.turn)
        if card is not None:
            card.show_replaying(news.on)

    def complain(self, turn: int, message: str) -> bool:
        """What went wrong with a turn; False if it is not shown."""
        card = self._answer(turn)
        if card is not None:
            card.complain(message)
        return card is not None

    def follow(self) -> None:
        """Go to the end and stay there; a welcome is read from its beginning."""
        self._follows, self._sought = True, None
        bar = self.verticalScrollBar()
        bar.setValue(bar.maximum() if self._cards else 0)
        self.latest_button.hide()

    def _answer(self, turn: int) -> AnswerCard | None:
        card = self._cards.get(turn)
        return card if isinstance(card, AnswerCard) else None

    def _card(self, turn: Turn) -> TurnCard:
        if turn.side == "human":
            return UserCard(self._theme, turn)
        card = self._answer_card(turn)
        card.finish(turn)
        return card

    def _answer_card(self, turn: Turn) -> AnswerCard:
        speaker = self._companion if turn.speaker is None else turn.speaker
        return AnswerCard(self._theme, turn, speaker or "Parley")

    def _put(self, card: TurnCard) -> None:
        self._add(card)
        self._after_change()
        self.follow()

    def _add(self, card: TurnCard, at: int = -1) -> None:
        known = self._cards.get(card.turn.number)
        if known is not None:  # news about a turn that is shown: the new card takes its place
            at = self._turns.column.indexOf(known)
            known.setParent(None)
            known.deleteLater()
        card.wanted.connect(self.wanted)
        if isinstance(card, UserCard):
            card.corrected.connect(self.corrected)
        self._cards[card.turn.number] = card
        self._turns.column.insertWidget(at, card)

    def _show_earlier(self) -> None:
        bar = self.verticalScrollBar()
        from_end = bar.maximum() - bar.value()
        self._add_earlier()
        self._follows = False
        self._after_change()
        QTimer.singleShot(0, self, lambda: bar.setValue(bar.maximum() - from_end))

    def _add_earlier(self) -> None:
        for turn in reversed(self._earlier[-AT_ONCE:]):
            self._add(self._card(turn), 0)
        del self._earlier[-AT_ONCE:]

    def _after_change(self) -> None:
        self.welcome.setVisible(not self._cards)
        self.earlier_button.setVisible(bool(self._earlier))

    def _range_changed(self, _least: int, most: int) -> None:
        if self._sought is not None:
            self._reveal()  # cards above it have found their height
        elif self._follows and self._cards:
            self.verticalScrollBar().setValue(most)

    def _moved(self, value: int) -> None:
        self._sought = None
        self._follows = value >= self.verticalScrollBar().maximum() - NEAR_END_PX
        self.latest_button.setVisible(not self._follows)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the column readable and the button in its corner."""
        super().resizeEvent(event)
        side = max(Space.L, (self.viewport().width() - Size.READING) // 2)
        self._outer.setContentsMargins(side, Space.XL, side, Space.XL)
        button = self.latest_button
        button.resize(button.sizeHint())
        button.move((self.width() - button.width()) // 2, self.height() - button.height() - Space.M)
