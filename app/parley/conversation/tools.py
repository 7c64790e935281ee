"""What the model may ask for in the text channel: timers and reminders (Realtime function tools)."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from parley.conversation.events import Timer
from parley.conversation.timers import LONGEST, Timers
from parley_models.errors import InputError, ParleyError
from parley_models.realtime.events import Tool

LONGEST_LABEL = 200

_LABEL = {"label": {"type": "string", "description": "What for, in the user's words."}}


def _object(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required)}


TOOLS = (
    Tool(
        name="set_timer",
        description="Ring after some time.",
        parameters=_object({"seconds": {"type": "number", "description": "From now on."}, **_LABEL}, "seconds"),
    ),
    Tool(
        name="set_reminder",
        description="Remind the user at a time of day, or at a date and time.",
        parameters=_object({"at": {"type": "string", "description": "HH:MM, or ISO 8601, local time."}, **_LABEL}, "at", "label"),
    ),
    Tool(name="cancel_timer", description="Take back timers and reminders: the one with this label, or all.", parameters=_object(_LABEL)),
    Tool(name="list_timers", description="Which timers and reminders are set.", parameters=_object({})),
)


class Toolbox:
    """Does what the model asks for."""

    def __init__(self, timers: Timers) -> None:
        self._timers = timers
        self._does: dict[str, Callable[[dict[str, Any]], object]] = {
            "set_timer": self._set_timer,
            "set_reminder": self._set_reminder,
            "cancel_timer": self._cancel,
            "list_timers": self._list,
        }

    def call(self, name: str, arguments: str) -> str:
        """Run a tool; what came of it, or why nothing did, as the model reads it."""
        try:
            given = json.loads(arguments or "{}")
            if name not in self._does:
                raise InputError(f"There is no tool {name}.")
            if not isinstance(given, dict):
                raise InputError("The arguments are no object.")
            return json.dumps(self._does[name](given), ensure_ascii=False)
        except ParleyError as error:
            return json.dumps({"error": str(error)}, ensure_ascii=False)
        except (ValueError, RecursionError):
            return json.dumps({"error": "The arguments are no JSON."})

    def _set_timer(self, given: dict[str, Any]) -> object:
        seconds = given.get("seconds")
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds <= LONGEST.total_seconds():
            raise InputError("A timer rings after more than 0 seconds and within a year.")
        return _told(self._timers.add(_label(given), datetime.now(UTC) + timedelta(seconds=seconds)))

    def _set_reminder(self, given: dict[str, Any]) -> object:
        now = datetime.now().astimezone()
        try:
            due = _moment(str(given.get("at", "")), now)
        except ValueError:
            raise InputError("The time must be HH:MM, or a date and time like 2026-12-24T18:00.") from None
        if not now < due <= now + LONGEST:
            raise InputError("A reminder is for a time to come, within a year.")
        return _told(self._timers.add(_label(given), due))

    def _cancel(self, given: dict[str, Any]) -> object:
        label = _label(given).casefold()
        gone = [timer for timer in self._timers.pending if not label or label in timer.label.casefold()]
        for timer in gone:
            self._timers.remove(timer.number)
        return {"cancelled": len(gone)}

    def _list(self, _given: dict[str, Any]) -> object:
        return {"timers": [_told(timer) for timer in self._timers.pending]}


def spoken(timer: Timer) -> str:
    """What is said when it rings."""
    return f"Your reminder: {timer.label}." if timer.label else "Your time is up."


def _told(timer: Timer) -> dict[str, str]:
    return {"label": timer.label, "rings": datetime.fromisoformat(timer.due).astimezone().isoformat(timespec="seconds")}


def _label(given: dict[str, Any]) -> str:
    return " ".join(str(given.get("label") or "").split())[:LONGEST_LABEL]


def _moment(text: str, now: datetime) -> datetime:
    """A time of day is the next one; a date without a zone is local."""
    if len(text) <= 5 and ":" in text:
        hour, minute = text.split(":")
        due = now.replace(hour=int(hour), minute=int(minute), second=0, microsecond=0)
        return due if due > now else due + timedelta(days=1)
    due = datetime.fromisoformat(text)
    return due if due.tzinfo else due.astimezone()
