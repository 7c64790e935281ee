from datetime import UTC, datetime

import pytest

from parley_models.situation import clock_words, now_text, ordinal


@pytest.mark.parametrize(
    ("hour", "minute", "words"),
    [
        (0, 0, "twelve o'clock at night"),
        (4, 5, "four oh five at night"),
        (5, 0, "five o'clock in the morning"),
        (11, 59, "eleven fifty-nine in the morning"),
        (12, 30, "twelve thirty in the afternoon"),
        (18, 19, "six nineteen in the evening"),
        (22, 40, "ten forty at night"),
    ],
)
def test_times_are_said_as_people_say_them(hour: int, minute: int, words: str) -> None:
    assert clock_words(hour, minute) == words


def test_days_of_the_month() -> None:
    assert [ordinal(day) for day in (1, 12, 20, 21, 30, 31)] == [
        "first",
        "twelfth",
        "twentieth",
        "twenty-first",
        "thirtieth",
        "thirty-first",
    ]
    assert len({ordinal(day) for day in range(1, 32)}) == 31


def test_the_moment_in_words() -> None:
    assert (
        now_text(datetime(2026, 11, 21, 18, 19, tzinfo=UTC))
        == "It is Saturday, November twenty-first, twenty twenty-six, six nineteen in the evening."
    )
