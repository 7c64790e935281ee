"""What a watched window tells of itself, as lines of JSON: when what happened, and never what was said."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from parley.audio import events as sound
from parley.audio.events import AudioEvent
from parley.conversation import events as talk
from parley.conversation.events import Event

Fact = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class News:
    """Something happened in the window's process."""

    at_s: float
    """On the clock of `time.monotonic`, which all processes of a machine share."""

    kind: str
    facts: Mapping[str, Fact] = field(default_factory=dict)

    def line(self) -> str:
        """As it travels."""
        return json.dumps({"at_s": self.at_s, "kind": self.kind, **self.facts}) + "\n"

    @classmethod
    def of_line(cls, line: str) -> "News":
        """As it arrives."""
        facts = json.loads(line)
        return cls(facts.pop("at_s"), facts.pop("kind"), facts)


def facts_of(event: Event | AudioEvent) -> tuple[str, dict[str, Fact]] | None:
    """What is told of an event, as (kind, facts); None for what nobody measures."""
    match event:
        case talk.StateChanged():
            facts: dict[str, Fact] = {
                "activity": event.activity.value,
                "held": event.held,
                "open": event.open_microphone,
                "ducked": event.ducked,
            }
            return "state", facts
        case talk.ConversationOpened():
            return "conversation", {}
        case talk.EngineChanged():
            return "engine", {"state": event.state.value, "message": event.message}
        case talk.Asked(turn=turn):
            return "asked", {"turn": turn.number, "seconds": turn.seconds}
        case talk.Answering(turn=turn, to=to):
            return "answering", {"turn": turn.number, "to": to}
        case talk.Spoke(turn=turn, cut_short=cut):
            return "spoke", {"turn": turn.number, "seconds": turn.seconds, "cut_short": cut, "unheard": len(turn.unheard)}
        case talk.Dropped(turn=number):
            return "dropped", {"turn": number}
        case talk.Timed(turn=number, stages=stages):
            return "timed", {"turn": number, **{stage.name: stage.ms for stage in stages}}
        case talk.Stumbled(message=message) | talk.Crashed(message=message):
            return "trouble", {"message": message}
        case _:
            return _of_sound(event)


def _of_sound(event: Event | AudioEvent) -> tuple[str, dict[str, Fact]] | None:
    match event:
        case sound.MicrophoneOpened():
            return "microphone", {}
        case sound.SpeechOnset(over_turn=over):
            return "onset", {"over": over is not None}
        case sound.Underrun(turn=number, at_s=at):
            return "underrun", {"turn": number, "heard_s": at}
        case sound.EchoLoss(db=db, half_duplex=deaf):
            return "echo", {"db": db, "half_duplex": deaf}
        case _:
            return None
