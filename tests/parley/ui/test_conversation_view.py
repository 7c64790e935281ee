"""Turns fill word by word, carry their style, and offer what can be done with them."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFontMetrics, QGuiApplication, QTextCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from parley.conversation import events as news
from parley.conversation.turns import Segment, Stage, Turn
from parley.settings import EngineSettings
from parley.ui.conversation_view import AT_ONCE
from parley.ui.latency_bar import LatencyBar, spans
from parley.ui.proof import NO_BREAK
from parley.ui.spoken_text import SpokenText
from parley.ui.theme import LIGHT, Theme, tint_of
from parley.ui.turn_cards import AnswerCard, UserCard
from parley_models.style import Style
from tests.fakes.window_talk import PIRATE, WAVE
from tests.parley.ui.conftest import Desktop


def answer_of(desktop: Desktop) -> AnswerCard:
    return [card for card in desktop.window.view.cards.values() if isinstance(card, AnswerCard)][-1]


def question_of(desktop: Desktop) -> UserCard:
    return [card for card in desktop.window.view.cards.values() if isinstance(card, UserCard)][-1]


def ink(text: SpokenText, position: int) -> str:
    cursor = QTextCursor(text.document())
    cursor.setPosition(position + 1)
    return cursor.charFormat().foreground().color().name()


def test_words_appear_as_they_come(desktop: Desktop) -> None:
    turn = desktop.talk.begin(None)
    seen = []
    for word in ("Paris", " is", " the capital."):
        desktop.talk.tell(news.Wrote(turn.number, word, 0))
        desktop.settle()
        seen.append(answer_of(desktop).words)

    assert seen == ["Paris", "Paris is", "Paris is the capital."]


def test_what_was_heard_is_darker_than_what_waits(desktop: Desktop) -> None:
    turn = desktop.talk.begin(None)
    desktop.talk.tell(news.Wrote(turn.number, "Paris is the capital.", 0))
    desktop.talk.tell(news.Progressed(turn.number, 0.4, 2.0, 5))
    desktop.talk.tell(news.Wrote(turn.number, " Indeed.", 0))
    desktop.settle()
    text = answer_of(desktop).text

    assert (ink(text, 2), ink(text, 10), ink(text, 24)) == (LIGHT.ink, LIGHT.ink_soft, LIGHT.ink_soft)


def test_an_interrupted_answer_greys_its_rest_and_offers_to_continue(desktop: Desktop) -> None:
    turn = desktop.talk.answer(None, heard=14)
    desktop.settle()
    card = answer_of(desktop)

    assert card.words == "The capital of France is Paris."
    assert (ink(card.text, 3), ink(card.text, 20)) == (LIGHT.ink, LIGHT.ink_faint)
    assert card.continue_button.isVisible()
    card.continue_button.click()
    assert desktop.called("continue_answer") == [(turn.number,)]


def test_a_heard_answer_has_nothing_to_continue(desktop: Desktop) -> None:
    desktop.talk.answer(None)
    desktop.settle()

    assert not answer_of(desktop).continue_button.isVisible()
    assert ink(answer_of(desktop).text, 20) == LIGHT.ink


def test_an_answer_that_is_told_again_is_shown_anew(desktop: Desktop) -> None:
    turn = desktop.talk.answer(None, heard=14)
    whole = replace(turn, text=turn.text + turn.unheard, unheard="")
    desktop.talk.tell(news.Spoke(whole))
    desktop.settle()

    assert answer_of(desktop).words == "The capital of France is Paris."
    assert not answer_of(desktop).continue_button.isVisible()


def test_the_rest_is_greyed_also_where_the_segments_hold_only_what_was_heard(theme: Theme) -> None:
    text = SpokenText(theme)
    text.show_turn(Turn(1, "assistant", "Paris is", unheard="the capital.", segments=(Segment("Paris is", Style()),)))

    assert text.words == "Paris is the capital."
    assert (ink(text, 1), ink(text, 12)) == (LIGHT.ink, LIGHT.ink_faint)


@pytest.mark.parametrize("heard", ["Lovely! But hush.", "Lovely! But", "Lovely!", "Love"])
def test_segments_as_the_engine_tells_them_are_words_apart(theme: Theme, heard: str) -> None:
    text, whole = SpokenText(theme), "Lovely! But hush."
    segments = Segment("Lovely!", Style(emotion="happy")), Segment("But hush.", Style(manner="whisper"))
    text.show_turn(Turn(1, "assistant", heard, unheard=whole[len(heard) :], segments=segments))

    assert text.words == whole
    assert [ink(text, place) for place in (len(heard) - 1, len(whole) - 1)] == [LIGHT.ink, LIGHT.ink if heard == whole else LIGHT.ink_faint]
    if heard == whole:
        assert [whole[stretch.start : stretch.end] for stretch in text._stretches.values()] == ["Lovely!", "But hush."]


def test_segments_are_tinted_by_their_style(desktop: Desktop) -> None:
    happy, whispered = Style(emotion="happy", intensity=0.7), Style(manner="whisper")
    desktop.talk.reply = (Segment("Lovely! ", happy), Segment("But hush.", whispered))
    desktop.talk.answer(None)
    desktop.settle()
    card = answer_of(desktop)
    picture = card.text.viewport().grab().toImage()
    colours = {QColor(picture.pixel(x, y)).name() for x in range(picture.width()) for y in range(0, picture.height(), 2)}

    tints = {tint_of(happy, LIGHT), tint_of(whispered, LIGHT)}
    assert len(tints) == 2
    assert tints <= colours
    assert [chip.text() for chip in card._styles.findChildren(type(card._waiting)) if chip.isVisible()] == ["Happy, 70%", "Whisper"]


def test_a_neutral_answer_has_no_tint(theme: Theme) -> None:
    assert tint_of(Style(), theme.palette) is None
    assert tint_of(Style(voice="slt"), theme.palette) is None


def test_a_spoken_turn_shows_its_sound_and_afterwards_what_was_heard(desktop: Desktop) -> None:
    turn = Turn(desktop.talk.next_number(), "human", seconds=1.8, waveform=WAVE)
    desktop.talk.tell(news.Asked(turn))
    desktop.settle()
    card = question_of(desktop)
    assert card.waveform is not None and max(card.waveform.bars(20)) == max(WAVE)
    assert card.heard_as is not None and not card.heard_as.isVisible()

    desktop.talk.tell(news.Understood(turn.number, "what is the capital of franz"))
    desktop.settle()
    assert card.heard_as.isVisible()
    assert card.words == "what is the capital of franz"


def test_what_was_heard_can_be_put_right(desktop: Desktop) -> None:
    turn = desktop.talk.spoken("what is the capital of franz")
    desktop.settle()
    heard = question_of(desktop).heard_as
    assert heard is not None
    heard.edit_button.click()
    assert heard.field.text() == "what is the capital of franz"
    heard.field.setText("what is the capital of France")
    QTest.keyClick(heard.field, Qt.Key.Key_Return)
    desktop.settle()

    assert desktop.called("correct") == [(turn.number, "what is the capital of France")]
    assert (heard.text, heard.field.isVisible()) == ("what is the capital of France", False)
    assert "corrected" in heard._caption.text()


def test_typed_words_and_speech_stand_in_one_turn(desktop: Desktop) -> None:
    desktop.talk.spoken("and this aloud", text="this was typed")
    desktop.settle()
    card = question_of(desktop)

    assert card.text is not None and card.text.words == "this was typed"
    assert card.waveform is not None
    assert card.words == "this was typed\nand this aloud"


def test_every_turn_can_be_played_copied_and_saved(desktop: Desktop) -> None:
    turn = desktop.talk.answer(None)
    desktop.settle()
    card = answer_of(desktop)
    card.replay_button.click()
    desktop.settle()
    assert desktop.called("replay") == [(turn.number,)]
    assert card.replay_button.accessibleName() == "Stop playing"

    desktop.talk.tell(news.Replaying(turn.number, on=False))
    desktop.settle()
    assert card.replay_button.accessibleName() == "Play again"

    card.copy_button.click()
    assert QGuiApplication.clipboard().text() == "The capital of France is Paris."
    wanted: list[tuple[str, int]] = []
    desktop.window.view.wanted.disconnect()
    desktop.window.view.wanted.connect(lambda deed, number: wanted.append((deed, number)))
    card.save_button.click()
    assert wanted == [("save", turn.number)]


def test_a_typed_turn_has_no_sound_to_play(desktop: Desktop) -> None:
    desktop.talk.send("hello")
    desktop.settle()

    assert not question_of(desktop).replay_button.isVisible()
    assert question_of(desktop).copy_button.isVisible()


def test_say_again_takes_the_style_of_now(desktop: Desktop) -> None:
    turn = desktop.talk.answer(None)
    desktop.talk.tell(news.StyleChanged(Style(rate=1.5)))
    desktop.settle()
    answer_of(desktop).again_button.click()

    assert desktop.called("say_again") == [(turn.number, Style(rate=1.5))]


def test_each_turn_says_where_its_wait_went(desktop: Desktop) -> None:
    desktop.talk.answer(None)
    desktop.settle()
    bar = answer_of(desktop).latency

    assert bar.isVisible()
    assert bar.caption == "214 ms to first sound"
    assert [round(part.ms) for part in bar.parts] == [30, 21, 77, 51, 35]
    assert "voice" in bar.accessibleDescription()


def test_stages_are_points_in_time_and_become_spans() -> None:
    stages = (Stage("endpoint", 30), Stage("heard", 20), Stage("thought", 20), Stage("first_audio", 90))

    assert spans(stages) == [Stage("endpoint", 30), Stage("heard", 20), Stage("first_audio", 70)]


def test_asked_and_achieved_stand_below_the_answer(desktop: Desktop) -> None:
    desktop.talk.style = Style(rate=1.3)
    desktop.talk.answer(None)
    desktop.settle()

    assert "Speed: asked 1.30×, got 1.26× ✓" in answer_of(desktop).proof._line.text().replace(NO_BREAK, " ")


def test_a_turn_that_was_none_goes_away_with_a_word(desktop: Desktop) -> None:
    turn = Turn(desktop.talk.next_number(), "human", seconds=0.2)
    desktop.talk.tell(news.Asked(turn))
    desktop.settle()
    desktop.talk.tell(news.Dropped(turn.number, "Hold the button while you speak."))
    desktop.settle()

    assert turn.number not in desktop.window.view.cards
    assert "Hold the button while you speak." in desktop.window.banner.texts


def test_trouble_with_an_answer_stands_at_the_answer(desktop: Desktop) -> None:
    turn = desktop.talk.begin(None)
    desktop.talk.tell(news.Stumbled("The engine lost the thread.", turn.number))
    desktop.settle()

    assert answer_of(desktop).trouble.text() == "The engine lost the thread."
    assert desktop.window.banner.texts == []


def test_a_character_answers_under_its_own_name(desktop: Desktop) -> None:
    desktop.talk.set_character(PIRATE)
    desktop.talk.answer(None)
    desktop.settle()

    assert answer_of(desktop).accessibleName() == "Pirate"


def test_kept_answers_bear_the_names_of_those_who_gave_them(desktop: Desktop) -> None:
    heading, _ = desktop.talk.conversations[desktop.talk.open]
    speakers = ("Pirate", "", "Ghost", None)  # the last one was kept before it was written down
    turns = [Turn(number, "assistant", "Hello.", speaker=speaker) for number, speaker in enumerate(speakers)]
    desktop.talk.tell(news.ConversationOpened(replace(heading, character="Ghost"), tuple(turns)))
    desktop.settle()

    assert [card.accessibleName() for card in desktop.window.view.cards.values()] == ["Pirate", "Parley", "Ghost", "Ghost"]


def test_a_long_conversation_opens_in_pieces(desktop: Desktop) -> None:
    heading, _ = desktop.talk.conversations[desktop.talk.open]
    turns = tuple(Turn(number, "human", f"turn {number}") for number in range(1, 101))
    desktop.talk.tell(news.ConversationOpened(heading, turns))
    desktop.settle()
    view = desktop.window.view
    assert sorted(view.cards) == list(range(101 - AT_ONCE, 101))

    view.earlier_button.click()
    desktop.settle()
    assert sorted(view.cards) == list(range(101 - 2 * AT_ONCE, 101))
    tops = [view.cards[number].y() for number in sorted(view.cards)]
    assert tops == sorted(tops)


def test_turns_of_the_conversation_before_are_not_seen_any_more_and_gone_by_and_by(desktop: Desktop, qtbot: QtBot) -> None:
    for _ in range(8):
        desktop.talk.answer(None)
    desktop.settle()
    before = list(desktop.window.view.cards.values())
    heading, _ = desktop.talk.conversations[desktop.talk.open]

    desktop.talk.tell(news.ConversationOpened(heading, (Turn(99, "human", "Hello."),)))
    desktop.settle()
    assert list(desktop.window.view.cards) == [99]
    assert desktop.window.view.cards[99].isVisible()
    assert not any(isValid(card) and card.isVisible() for card in before)
    qtbot.waitUntil(lambda: not any(isValid(card) for card in before))


def test_the_view_follows_the_words_unless_the_user_has_scrolled_up(desktop: Desktop) -> None:
    for _ in range(8):
        desktop.talk.answer(None)
    desktop.settle()
    view, bar = desktop.window.view, desktop.window.view.verticalScrollBar()
    assert bar.maximum() > 200
    assert bar.value() == bar.maximum()

    bar.setValue(0)
    turn = desktop.talk.turns[-1]
    desktop.talk.tell(news.Wrote(turn.number, " more" * 200, 0))
    desktop.settle()
    assert bar.value() == 0
    assert view.latest_button.isVisible()

    view.latest_button.click()
    desktop.settle()
    assert bar.value() == bar.maximum()


def test_an_empty_conversation_says_how_to_begin(desktop: Desktop) -> None:
    view = desktop.window.view
    assert view.welcome.isVisible()
    view.welcome.suggested.emit("What is the capital of France?")
    desktop.settle()

    assert desktop.called("send") == [("What is the capital of France?",)]
    assert not view.welcome.isVisible()


@pytest.mark.parametrize(("width", "height"), [(1200, 800), (720, 560)])
def test_the_welcome_lies_in_the_middle_and_whole(desktop: Desktop, width: int, height: int) -> None:
    view = desktop.window.view
    desktop.window.resize(width, height)
    desktop.settle()
    words = [each for each in view.welcome.findChildren(QWidget) if each.isVisible()]
    tops = [each.mapTo(view.viewport(), each.rect().topLeft()).y() for each in words]
    ends = [each.mapTo(view.viewport(), each.rect().bottomLeft()).y() for each in words]
    above, below = min(tops), view.viewport().height() - max(ends)

    assert above >= 0
    assert 0.5 <= (above + 1) / (below + 1) <= 1.5


def test_how_long_it_took_is_never_cut_the_bar_is_shorter(theme: Theme) -> None:
    bar = LatencyBar(theme, (Stage("thought", 120.0), Stage("first_audio", 214.0)))
    words = QFontMetrics(theme.font("caption")).horizontalAdvance(bar.caption)

    assert words < bar.minimumSizeHint().width() < bar.sizeHint().width()
    bar.resize(bar.minimumSizeHint())
    inked = bar.grab().toImage()
    ground = inked.pixelColor(0, 0)
    columns = [x for x in range(inked.width()) if any(inked.pixelColor(x, y) != ground for y in range(inked.height()))]
    assert max(columns) < inked.width() - 2


def test_the_welcome_names_who_answers_and_says_where_words_go(desktop: Desktop) -> None:
    welcome, settings = desktop.window.view.welcome, desktop.chosen.settings
    assert welcome.title.text() == "Talk to Parley"
    assert welcome.promise.text().endswith("Nothing leaves this computer.")

    desktop.talk.set_character(PIRATE)
    desktop.chosen.choose(replace(settings, engine=EngineSettings("remote", url="wss://voice.example.org/v1/realtime", key="secret")))
    desktop.settle()
    assert welcome.title.text() == "Talk to Pirate"
    assert welcome.promise.text().endswith("What you say and type goes to voice.example.org.")
