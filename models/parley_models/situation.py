"""What the system turn tells a small model of the world outside: the date and the time, in words that it can say back, and its tools."""

from datetime import datetime

from parley_models.numbers import number

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth "
    "seventeenth eighteenth nineteenth twentieth"
).split()

TOOLS_TEXT = "You can set timers and reminders."
"""What Mini is told where the tools for timers and reminders are there; a bundle's `tools` says so."""


def ordinal(day: int) -> str:
    """A day of the month in words, 1…31: `twenty-first`."""
    if day <= len(_ORDINALS):
        return _ORDINALS[day - 1]
    if day == 30:
        return "thirtieth"
    return f"{number(day - day % 10)}-{_ORDINALS[day % 10 - 1]}"


def clock_words(hour: int, minute: int) -> str:
    """A time of day in words, 0:00…23:59: `six nineteen in the evening`, `twelve o'clock at night`."""
    said = number((hour - 1) % 12 + 1)
    minutes = "o'clock" if minute == 0 else f"oh {number(minute)}" if minute < 10 else number(minute)
    return f"{said} {minutes} {part_of_day(hour)}"


def part_of_day(hour: int) -> str:
    """In the morning, in the afternoon, in the evening, at night."""
    if hour < 5 or hour >= 22:
        return "at night"
    return "in the morning" if hour < 12 else "in the afternoon" if hour < 18 else "in the evening"


def year_words(year: int) -> str:
    """A year of this century from 2010 on: `twenty twenty-six`."""
    return f"twenty {number(year - 2000)}"


def now_text(now: datetime) -> str:
    """The moment as Mini is told it.

    now_text(datetime(2026, 11, 21, 18, 19)) == "It is Saturday, November twenty-first, twenty twenty-six, six nineteen in the evening."
    """
    date = f"{WEEKDAYS[now.weekday()]}, {MONTHS[now.month - 1]} {ordinal(now.day)}, {year_words(now.year)}"
    return f"It is {date}, {clock_words(now.hour, now.minute)}."
