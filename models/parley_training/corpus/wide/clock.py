"""The time and the date, read from the system turn, and days until something; without a clock in the system turn Mini says so."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta

from parley_models.evaluation.large_numbers import number
from parley_models.situation import MONTHS, TOOLS_TEXT, WEEKDAYS, clock_words, now_text, ordinal, year_words
from parley_training.corpus.frames import SHARED, wording
from parley_training.corpus.grammar import Grammar
from parley_training.corpus.wide.scene import Scene, SceneWriter, plainly

FIRST_YEAR, YEARS = 2025, 12
FAR_DAYS = 100
"""Days beyond this are not counted."""

CLOCKLESS_SHARE = 0.12
"""Questions for the time that come without a clock."""

NO_CLOCK = Scene({}, plainly("Sorry, I have no clock here."), "no clock")


def moment(rng: random.Random) -> datetime:
    """Any minute of the years that are taught."""
    start = datetime(FIRST_YEAR, 1, 1)  # noqa: DTZ001 - what a clock on the wall shows
    return start + timedelta(minutes=rng.randrange(YEARS * 365 * 24 * 60))


def _told(rng: random.Random, now: datetime, answer: str, key: str, slots: dict[str, str] | None = None, rule: str = "") -> Scene:
    if rng.random() < CLOCKLESS_SHARE:
        return Scene(slots or {}, NO_CLOCK.parts, NO_CLOCK.key, system=rng.choice(("", TOOLS_TEXT)), rule=rule)
    system = rng.choice((now_text(now), f"{now_text(now)} {TOOLS_TEXT}"))
    return Scene(slots or {}, plainly(answer), key.lower().replace("-", " "), system=system, rule=rule)


def _time(rng: random.Random) -> Scene:
    now = moment(rng)
    said = clock_words(now.hour, now.minute)
    return _told(rng, now, f"It is {said}.", said)


time = SceneWriter(
    "time",
    "Assistant",
    wording(
        direct="(what time is it|what's the time|what is the time|what time do we have|how late is it|do you have the time|have you got the time|what time is it now|what does the clock say|what is the time now|what is the current time|what's the current time|"
        "can you tell the time|what hour is it|is it late|what time do you have)",
        clause="(what time it is|what the time is|how late it is|the time|what the clock says|what time we have)",
        topic="(the time|the current time|the exact time|the right time)",
        fragment="(the time|time|what time|the time now|current time)",
        order="(tell me the time|tell the time|give me the time|say the time|look at the clock|check the time|read the clock|tell me what time it is)",
    ),
    _time,
    weight=4,
)


def _date(rng: random.Random) -> Scene:
    now = moment(rng)
    tomorrow = now + timedelta(days=1)
    today, month = WEEKDAYS[now.weekday()], MONTHS[now.month - 1]
    answers = {
        "date": (f"Today is {today}, {month} {ordinal(now.day)}.", f"{month} {ordinal(now.day)}"),
        "weekday": (f"Today is {today}.", today),
        "next_day": (f"Tomorrow is {WEEKDAYS[tomorrow.weekday()]}.", WEEKDAYS[tomorrow.weekday()]),
        "month": (f"It is {month}.", month),
        "year": (f"It is the year {year_words(now.year)}.", year_words(now.year)),
    }
    rule = rng.choices(list(answers), [4, 3, 1, 2, 2])[0]
    return _told(rng, now, *answers[rule], rule=rule)


def _dates(**patterns: str) -> dict[str, str]:
    shape = "(({q})?|({q})?|<opener> ({q})?|({q}) <tail>?|<know> ({c})?|<wonder> ({c}).|<opener> <know> ({c})?|<bring> ({t}).|({t})?|<opener> ({t})?|({t}), please.)"
    made = {}
    for name, pattern in patterns.items():
        question, clause, topic = pattern.split(" / ")
        made[name] = shape.replace("{q}", question).replace("{c}", clause).replace("{t}", topic)
    return made


_DATES = _dates(
    date="what is the date|what's the date|what date is it|what is today's date|what's today's date|which date do we have|what is the date today|what date do we have today / what the date is|what date it is|what today's date is|the date of today / the date|today's date|the date of today|the date today",
    weekday="what day is it|what day is today|which day is it|which day of the week is it|what day of the week is today|what day do we have|is it Monday today|is today Friday|what is today|what day is it today / what day it is|which day of the week it is|what day today is / the day of the week|today's day|the day today",
    next_day="what day is tomorrow|which day is tomorrow|what day will it be tomorrow|what day of the week is tomorrow|tomorrow is what day / what day tomorrow is|what day it will be tomorrow / tomorrow's day|the day of the week tomorrow",
    month="what month is it|which month is it|what month do we have|which month are we in|what is the month|what is this month / what month it is|which month we are in / the month|this month's name|the current month",
    year="what year is it|which year is it|what year do we have|which year are we in|what is the year|what is this year / what year it is|which year we are in / the year|the current year|this year",
)
dates = SceneWriter(
    "date",
    "Assistant",
    Grammar({**SHARED, **_DATES, "ask": "(" + "|".join(f"<{name}>" for name in _DATES) + ")"}, "ask"),
    _date,
    weight=5,
)

EVENTS = {
    "Christmas": (12, 25),
    "New Year": (1, 1),
    "Halloween": (10, 31),
    "Valentine's Day": (2, 14),
    "the first of May": (5, 1),
    "April Fools' Day": (4, 1),
}


def days_until(today: date, event: str) -> int:
    """How many days from today until a weekday, a holiday, or the end of the month."""
    if event in WEEKDAYS:
        return (WEEKDAYS.index(event) - today.weekday()) % 7
    if event == "the weekend":
        return max(0, WEEKDAYS.index("Saturday") - today.weekday())
    if event == "the end of the month":
        return ((today.replace(day=1) + timedelta(days=32)).replace(day=1) - today).days - 1
    month, day = EVENTS[event]
    coming = date(today.year, month, day)
    return ((coming if coming >= today else date(today.year + 1, month, day)) - today).days


def _until(rng: random.Random) -> Scene:
    now = moment(rng)
    event = rng.choice([*WEEKDAYS, "the weekend", "the end of the month", *rng.sample(list(EVENTS), 3)])
    days = days_until(now.date(), event)
    said = event[0].upper() + event[1:]
    if days > FAR_DAYS:
        answer, key = f"{said} is more than one hundred days away.", "more than one hundred"
    elif days == 0:
        answer, key = (f"{said} is today.", "today") if event != "the weekend" else ("It is the weekend now.", "now")
    elif days == 1:
        answer, key = f"{said} is tomorrow.", "tomorrow"
    else:
        answer, key = f"{said} is in {number(days)} days.", number(days)
    return _told(rng, now, answer, key, {"event": event})


days = SceneWriter(
    "days_until",
    "Assistant",
    wording(
        direct="(how many days [are there] until {event}|how many days [are left] till {event}|how long is it until {event}|how many days is it to {event}|how far away is {event}|when is {event}|how soon is {event}|how many days to go until {event}|"
        "how many nights until {event}|how long till {event}|how many days before {event}|is it long until {event}|how long do i have to wait for {event})",
        clause="(how many days [are left] until {event}|how long it is until {event}|how far away {event} is|when {event} is|how many days it is to {event})",
        topic="(the number of days until {event}|the days until {event}|the time until {event})",
        fragment="(days until {event}|{event}, how many days|days till {event}|how long until {event}|{event}, when is it)",
        order="(count the days until {event}|count the days to {event}|count down the days to {event}|work out how many days it is until {event})",
    ),
    _until,
    weight=4,
    slots={"event": {*WEEKDAYS, *EVENTS, "the weekend", "the end of the month"}},
)
