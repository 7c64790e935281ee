"""Timers and reminders: a short spoken answer and, on a line of its own, the call that does it; then what came of it.

The tools are those of the window (`set_timer`, `set_reminder`, `cancel_timer`, `list_timers`). Without them in the system turn Mini
says that it can't.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, replace

from parley_models.calls import ToolCall, output_line
from parley_models.numbers import number
from parley_models.situation import TOOLS_TEXT, now_text
from parley_training.corpus.exchange import Exchange
from parley_training.corpus.frames import SHARED, wording
from parley_training.corpus.grammar import Grammar
from parley_training.corpus.wide.clock import moment
from parley_training.corpus.wide.scene import Derived, Scene, SceneWriter, plainly

TOOLLESS_SHARE = 0.12
CANNOT = Scene({}, plainly("Sorry, I cannot set timers here."), "cannot set timers")

THINGS = (
    "tea|coffee|eggs|pasta|pizza|rice|cake|bread|laundry|oven|nap|break|homework|workout|meeting|cookies|soup|potatoes|bath|game|roast|reading|piano practice|call|chicken"
).split("|")
TASKS = (
    "call my mother|call the doctor|call my sister|call the office|buy milk|buy bread|buy flowers|go shopping|go to bed|go to the dentist|feed the cat|feed the dog|walk the dog|water the plants|take my pills|take a break|drink some water|"
    "take out the trash|do my homework|clean the kitchen|wash the car|pay the rent|pay the bills|send the letter|pick up the kids|pick up my coat|turn off the oven|close the window|lock the door|read my book|practice the piano|charge my phone|"
    "write to my aunt|visit my grandma|make dinner|pack my bag|leave the house|catch the train|return the books|stretch my legs"
).split("|")


@dataclass(frozen=True)
class Span:
    """A length of time, and how people say it."""

    said: str
    seconds: int


def _plural(n: int, unit: str) -> str:
    return f"{number(n)} {unit}{'' if n == 1 else 's'}"


SPANS = (
    *(Span(_plural(n, "minute"), 60 * n) for n in (*range(1, 31), 35, 40, 45, 50, 55, 60, 75, 90)),
    *(Span(_plural(n, "second"), n) for n in (5, 10, 15, 20, 30, 40, 45, 50, 60, 90)),
    *(Span(_plural(n, "hour"), 3600 * n) for n in range(1, 13)),
    Span("half an hour", 1800),
    Span("an hour", 3600),
    Span("a minute", 60),
    Span("an hour and a half", 5400),
    Span("a quarter of an hour", 900),
    *(Span(f"{_plural(h, 'hour')} and {_plural(m, 'minute')}", 3600 * h + 60 * m) for h in (1, 2, 3) for m in (5, 10, 15, 20, 30, 45)),
    *(Span(f"{_plural(m, 'minute')} and thirty seconds", 60 * m + 30) for m in (1, 2, 3, 4, 5)),
)


def _tooled(rng: random.Random) -> str:
    return f"{now_text(moment(rng))} {TOOLS_TEXT}" if rng.random() < 0.5 else TOOLS_TEXT


def _acting(slots: dict[str, str], answer: str, key: str, call: ToolCall, rng: random.Random, rule: str = "") -> Scene:
    """A scene with a call, or without tools."""
    if rng.random() < TOOLLESS_SHARE:
        return Scene(slots, CANNOT.parts, CANNOT.key, system=rng.choice(("", now_text(moment(rng)))), rule=rule)
    return Scene(slots, plainly(answer), key.replace("-", " ").lower(), system=_tooled(rng), call=call.line, rule=rule)


def _timer(rng: random.Random) -> Scene:
    span = rng.choice(SPANS)
    if rng.random() < 0.35:
        thing = rng.choice(THINGS)
        call = ToolCall("set_timer", {"seconds": span.seconds, "label": thing})
        return _acting(
            {"time": span.said, "thing": thing}, f"Okay, {span.said} for the {thing}.", f"{span.said} {thing}", call, rng, "labeled"
        )
    if rng.random() < 0.3:
        task = rng.choice(TASKS)
        call = ToolCall("set_timer", {"seconds": span.seconds, "label": task})
        return _acting({"time": span.said, "task": task}, f"Okay, in {span.said}.", span.said, call, rng, "task")
    return _acting({"time": span.said}, f"Okay, {span.said}.", span.said, ToolCall("set_timer", {"seconds": span.seconds}), rng, "plain")


_TIMER = {
    "start": "(<opener>|<please>|<please>|<opener> <please>||||)",
    "end": "(|||, please|please|, thanks|, parley)",
    "set": "(set|start|make|put on|run|begin|give me)",
    "timer": "(a timer|a timer|the timer|a countdown|an egg timer|a kitchen timer|my timer)",
    "plain": "(<start> <set> <timer> (for|of) {time} <end>.|<start> <set> <timer> for {time} <end>.|(timer|a timer), {time} <end>.|{time} timer <end>.|<start> time {time} <end>.|can you <set> <timer> for {time}?|i need a timer for {time} <end>.|"
    "<start> wake me in {time} <end>.|<start> ring in {time} <end>.|<start> tell me when {time} are over <end>.|let me know in {time} <end>.|timer for {time} <end>.|could you time {time} for me?|<start> count down {time} <end>.|"
    "<start> alarm in {time} <end>.|set an alarm in {time} <end>.|<start> remind me in {time} <end>.)",
    "labeled": "(<start> <set> <timer> for {time} for the {thing} <end>.|<start> <set> <timer> for the {thing} for {time} <end>.|<start> <set> <timer> for the {thing}, {time} <end>.|the {thing} needs {time}, set a timer <end>.|"
    "timer for the {thing}, {time} <end>.|can you <set> <timer> for the {thing} for {time}?|<start> time the {thing} for {time} <end>.|{time} for the {thing} <end>.|i need a timer for the {thing}, {time} <end>.)",
    "task": "(<start> remind me in {time} to {task} <end>.|<start> remind me to {task} in {time} <end>.|in {time} i have to {task}, remind me <end>.|can you remind me to {task} in {time}?|<start> tell me to {task} in {time} <end>.|"
    "<start> tell me in {time} to {task} <end>.|<start> let me know in {time} to {task} <end>.|in {time}, remind me to {task} <end>.)",
    "ask": "(<plain>|<labeled>|<task>)",
}
timer = SceneWriter(
    "timer",
    "Assistant",
    Grammar({**SHARED, **_TIMER}, "ask"),
    _timer,
    weight=9,
    slots={"time": {span.said for span in SPANS}, "thing": set(THINGS), "task": set(TASKS)},
)


@dataclass(frozen=True)
class Hour:
    """A time of day, how people say it, and how it is said back."""

    said: str
    at: str
    """HH:MM."""


def _hours() -> list[Hour]:
    found = [Hour("noon", "12:00"), Hour("midnight", "00:00")]
    for hour in range(5, 23):
        twelve = number((hour - 1) % 12 + 1)
        part = "in the morning" if hour < 12 else "in the afternoon" if hour < 18 else "in the evening"
        for minute in range(0, 60, 5):
            at = f"{hour:02}:{minute:02}"
            exact = twelve if minute == 0 else f"{twelve} oh five" if minute == 5 else f"{twelve} {number(minute)}"
            found.append(Hour(f"{exact} {part}", at))
            if 7 <= hour < 19:  # without a part of the day it is the one when people are up and about
                found.append(Hour(exact if minute else f"{exact} o'clock", at))
            if minute in (15, 30):
                found.append(Hour(f"{'half' if minute == 30 else 'quarter'} past {twelve} {part}", at))
            if minute == 45:
                found.append(Hour(f"quarter to {number(hour % 12 + 1)} {part}", at))
    return found


HOURS = tuple(_hours())


def _reminder(rng: random.Random) -> Scene:
    hour, task = rng.choice(HOURS), rng.choice(TASKS)
    call = ToolCall("set_reminder", {"at": hour.at, "label": task})
    return _acting({"hour": hour.said, "task": task}, f"Okay, I will remind you at {hour.said}.", hour.said, call, rng)


reminder = SceneWriter(
    "reminder",
    "Assistant",
    Grammar(
        {
            **SHARED,
            "start": "(<opener>|<please>|<please>|<opener> <please>||||)",
            "end": "(|||, please|please|, thanks|, parley)",
            "ask": "(<start> remind me at {hour} to {task} <end>.|<start> remind me to {task} at {hour} <end>.|at {hour}, remind me to {task} <end>.|<start> set a reminder for {hour} to {task} <end>.|can you remind me to {task} at {hour}?|"
            "i have to {task} at {hour}, remind me <end>.|<start> tell me at {hour} to {task} <end>.|<start> set a reminder to {task} at {hour} <end>.|could you remind me at {hour} to {task}?|don't let me forget to {task} at {hour} <end>.|"
            "<start> make a reminder, {task}, at {hour} <end>.|reminder for {hour}, {task} <end>.|at {hour} i must {task}, please remind me.|<start> wake me at {hour} to {task} <end>.|<start> set an alarm for {hour} to {task} <end>.|"
            "i want to {task} at {hour}, remind me <end>.|<start> help me remember to {task} at {hour} <end>.)",
        },
        "ask",
    ),
    _reminder,
    weight=7,
    slots={"hour": {hour.said for hour in HOURS}, "task": set(TASKS)},
)


def _cancel(rng: random.Random) -> Scene:
    if rng.random() < 0.4:
        thing = rng.choice(THINGS)
        return _acting({"thing": thing}, "Okay, I will stop it.", "stop", ToolCall("cancel_timer", {"label": thing}), rng, "one")
    return _acting({}, "Okay, I will stop it.", "stop", ToolCall("cancel_timer"), rng, "all")


cancel_timer = SceneWriter(
    "cancel_timer",
    "Assistant",
    Grammar(
        {
            **SHARED,
            "start": "(<opener>|<please>|<please>|<opener> <please>||||)",
            "end": "(|||, please|please|, thanks|, parley)",
            "cancel": "(cancel|stop|delete|turn off|remove|end|switch off|clear|kill)",
            "all": "(<start> <cancel> (the|my|that|this|all my|every) (timer|reminder|alarm|countdown|timers|reminders) <end>.|<start> <cancel> all (timers|reminders|alarms) <end>.|i don't need the (timer|reminder) anymore <end>.|"
            "can you <cancel> the (timer|reminder|alarm)?|no more (timers|reminders) <end>.|forget the (timer|reminder) <end>.)",
            "one": "(<start> <cancel> the {thing} timer <end>.|<start> <cancel> the timer for the {thing} <end>.|can you <cancel> the {thing} timer?|i don't need the {thing} timer anymore <end>.|<start> <cancel> my {thing} timer <end>.)",
            "ask": "(<all>|<one>)",
        },
        "ask",
    ),
    _cancel,
    weight=3,
    slots={"thing": set(THINGS)},
)
list_timers = SceneWriter(
    "list_timers",
    "Assistant",
    wording(
        mine="(timers|reminders|timers and reminders)",
        direct="(which <mine> are set|what <mine> do i have|do i have any <mine>|how many <mine> are set|are there any <mine>|what <mine> are running|is a timer running|is there a timer running|how many <mine> do i have|are any <mine> on|which <mine> do i have)",
        clause="(which <mine> are set|what <mine> i have|if i have any <mine>|how many <mine> are set|if a timer is running)",
        topic="(my <mine>|all my <mine>|the list of my <mine>)",
        fragment="(my <mine>|list of <mine>|my <mine>, which are set)",
        order="(list my <mine>|show my <mine>|list all <mine>|check my <mine>|look at my <mine>|tell me my <mine>)",
    ),
    lambda rng: _acting({}, "Let me look.", "look", ToolCall("list_timers"), rng),
    weight=2,
)

_RINGS = ("2026-11-21T18:24:00+00:00", "2027-03-05T07:30:00+01:00", "2025-08-14T12:05:30-04:00", "2026-02-28T21:45:10+00:00")


def _output(earlier: Exchange, rng: random.Random) -> tuple[str, str, str]:
    """What the tool gives back, and the answer with its key."""
    name = earlier.call.split()[0].removeprefix("@")
    if rng.random() < 0.08:
        trouble = rng.choice(
            ("A reminder is for a time to come, within a year.", "A timer rings after more than 0 seconds and within a year.")
        )
        return json.dumps({"error": trouble}), "Sorry, that did not work.", "did not work"
    if name in {"set_timer", "set_reminder"}:
        label = rng.choice(THINGS if name == "set_timer" else TASKS)
        return json.dumps({"label": label, "rings": rng.choice(_RINGS)}), "It is set.", "set"
    if name == "cancel_timer":
        count = rng.choice((0, 1, 1, 1, 2, 3))
        return (
            json.dumps({"cancelled": count}),
            "There was nothing to stop." if count == 0 else "It is stopped.",
            "nothing" if count == 0 else "stopped",
        )
    labels = rng.sample(THINGS, rng.choice((0, 1, 1, 2, 3)))
    told = json.dumps({"timers": [{"label": label, "rings": rng.choice(_RINGS)} for label in labels]})
    if not labels:
        return told, "Nothing is set.", "nothing"
    return told, f"You have {number(len(labels))}: {', '.join(labels)}.", f"{number(len(labels))} {' '.join(labels)}"


def _result(rng: random.Random) -> Exchange:
    """What is said when the tool has answered."""
    asking = rng.choices((timer, reminder, cancel_timer, list_timers), (4, 3, 2, 2))[0]
    while not (earlier := asking.write(rng)).call:
        pass
    output, answer, key = _output(earlier, rng)
    question = output_line(earlier.call.split()[0].removeprefix("@"), output)
    return Exchange(
        "tool_result", question, answer, key, system=earlier.system, before=(replace(earlier, system=earlier.system),), spoken=False
    )


tool_result = Derived("tool_result", "Assistant", _result, weight=5)
