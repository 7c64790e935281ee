"""Labels: the style before the words is read and never shown, what is no label is shown as it came, the user's choice wins."""

from itertools import pairwise

import pytest

from parley_models.labels import LabelReader, labelled, read_label
from parley_models.style import Style

HAPPY, WHISPER = Style(emotion="happy"), Style(manner="whisper")
LABELS = {"happy": HAPPY, "whisper": WHISPER, "quick": Style(rate=1.4), "high": Style(pitch=4.0)}


def pieces(text: str, *cuts: int) -> list[str]:
    return [text[start:stop] for start, stop in pairwise([0, *cuts, len(text)])]


def read(came: list[str]) -> tuple[list[str], Style]:
    """What is shown for each piece, the last of it when no more come; and the style."""
    reader = LabelReader(LABELS)
    shown = [reader.feed(piece) for piece in came]
    return [*shown, reader.finish()], reader.style


@pytest.mark.parametrize("came", [pieces("(happy) Good morning!", *cuts) for cuts in ((), (1,), (3, 6), (7,), (8,), range(1, 21))])
def test_a_label_is_kept_back_however_it_comes_and_names_the_style(came: list[str]) -> None:
    shown, style = read(came)
    assert "".join(shown) == "Good morning!"
    assert style == HAPPY


def test_words_without_a_label_are_not_kept_waiting() -> None:
    assert read(["Good", " morning!"]) == (["Good", " morning!", ""], Style())
    reader = LabelReader(LABELS)
    reader.feed("(happy) Go")
    assert reader.feed("od") == "od"


@pytest.mark.parametrize(
    "text", ["(laughs) Good morning!", "(Happy) Hi.", "(happy Hi.", "((happy)) Hi.", "() Hi.", " (a) One.", "(hm)", "(a\n) b"]
)
def test_what_is_no_label_is_text_as_it_came(text: str) -> None:
    for came in ([text], list(text)):
        shown, style = read(came)
        assert "".join(shown) == text
        assert style == Style()


def test_a_long_bracket_is_not_kept_back_until_it_closes() -> None:
    begin = "(which is what everybody says"
    assert LabelReader(LABELS).feed(begin) == begin


@pytest.mark.parametrize("text", ["Hi (happy) there.", "(happy) Hi (whisper) there.", "(happy) (whisper) Hi."])
def test_brackets_later_in_an_answer_are_text(text: str) -> None:
    shown, style = read(list(text))
    assert "".join(shown) == text.removeprefix("(happy) ")
    assert style == (HAPPY if text.startswith("(happy)") else Style())


def test_a_label_may_be_all_there_is() -> None:
    assert read(["(happy)"]) == (["", ""], HAPPY)


def test_a_model_that_writes_no_labels_writes_brackets() -> None:
    reader = LabelReader({})
    assert reader.feed("(happy) Hi.") == "(happy) Hi."
    assert read_label("(happy) Hi.", {}) == (Style(), "(happy) Hi.")


def test_the_users_choice_wins_and_what_is_left_open_is_the_models() -> None:
    assert labelled(Style(emotion="sad"), HAPPY) == Style(emotion="sad")
    assert labelled(Style(manner="soft"), HAPPY) == Style(emotion="happy", manner="soft")
    assert labelled(Style(voice="rms", dialect="cantonese", intensity=0.4), WHISPER) == Style(
        voice="rms", dialect="cantonese", intensity=0.4, manner="whisper"
    )


def test_rates_multiply_and_pitches_add() -> None:
    assert labelled(Style(rate=0.75), Style(rate=1.4)).rate == pytest.approx(1.05)
    assert labelled(Style(pitch=-1.5), Style(pitch=4.0)).pitch == 2.5


def test_nobody_speaks_faster_or_higher_than_a_voice_can() -> None:
    assert labelled(Style(rate=2.0, pitch=6.0), Style(rate=1.4, pitch=9.0)) == Style(rate=2.0, pitch=12.0)
    assert labelled(Style(rate=0.5, pitch=-6.0), Style(rate=0.7, pitch=-9.0)) == Style(rate=0.5, pitch=-12.0)
