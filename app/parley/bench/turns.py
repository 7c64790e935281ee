"""What a turn costs its asker: held, hands-free, with a pause inside the sentence, interrupted.

Every question begins a conversation of its own: what is measured is not to depend on how well a small model keeps up a long one.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from parley.bench.news import News
from parley.bench.sitting import Sitting
from parley.bench.speech import PAUSE_S, PAUSES_S, Spoken
from parley.bench.tape import PLAYED

INTO_ANSWER_S = 0.4
"""How long an answer has been heard when it is interrupted."""

ATTEMPTS = 2
"""So many times as often as wanted an interruption is tried: some answers are over too soon."""

SECOND_THOUGHT_S = 1.5
"""Quiet after which nothing more comes of a question that was asked with a pause."""

STAGES = ("endpoint", "heard", "thought", "first_audio", "speaker")


@dataclass(frozen=True, slots=True)
class Wait:
    """One question and what was waited for."""

    question: str
    wait_ms: float | None
    """From the key's release, or from the last sound of the question, to the first sound of the answer; None = there was none."""

    held_on_ms: float | None = None
    """From the last sound to the key's release."""

    cut_in: bool = False
    """The turn was taken, or the answer sounded, before the question had ended."""

    stages: dict[str, float] = field(default_factory=dict)
    """As the window shows them: milliseconds from the turn's end as the engine or the window saw it."""


@dataclass(frozen=True, slots=True)
class Interruption:
    """One answer that was spoken into."""

    question: str
    ducked_ms: float | None
    """From where the interruption's first word begins until the window took it for speech and turned itself down."""

    decided_ms: float | None
    """From there until the engine said that somebody speaks."""

    silent_ms: float | None
    """From there until the last sound of the answer; None = it was not interrupted."""

    in_time: bool = True
    """False: the answer was over, or there was none, before it could be interrupted."""

    @property
    def obeyed_ms(self) -> float | None:
        """From the engine's decision to silence."""
        return None if self.silent_ms is None or self.decided_ms is None else max(0.0, self.silent_ms - self.decided_ms)


def by_key(sitting: Sitting, questions: Sequence[Spoken], turns: int, tick: Callable[[], None]) -> list[Wait]:
    """Push-to-talk."""
    waits = []
    for question in itertools.islice(itertools.cycle(questions), turns):
        sitting.begin_anew()
        mark = sitting.window.mark
        end_s, released_s = sitting.ask_by_key(question)
        first_s = sitting.heard_after(released_s)
        sitting.settle()
        waits.append(Wait(question.name, _ms(released_s, first_s), _ms(end_s, released_s), stages=_stages(sitting, mark)))
        tick()
    return waits


def hands_free(sitting: Sitting, questions: Sequence[Spoken], turns: int, tick: Callable[[], None]) -> list[Wait]:
    """Open microphone."""
    return [_by_voice(sitting, question, tick) for question in itertools.islice(itertools.cycle(questions), turns)]


def with_pauses(sitting: Sitting, questions: Sequence[Spoken], turns: int, tick: Callable[[], None]) -> list[Wait]:
    """Open microphone, and a speaker who looks for a word in the middle of each sentence."""
    able = [question.paused(PAUSE_S) for question in questions if question.name in PAUSES_S]
    return [_by_voice(sitting, question, tick, SECOND_THOUGHT_S) for question in itertools.islice(itertools.cycle(able), turns)]


def interrupted(sitting: Sitting, questions: Sequence[Spoken], turns: int, tick: Callable[[], None]) -> list[Interruption]:
    """Open microphone; each answer is interrupted by the last of the questions. Goes on until so many could be, but not for ever."""
    found: list[Interruption] = []
    for question in itertools.islice(itertools.cycle(questions[:-1]), ATTEMPTS * turns):
        found.append(_interrupt(sitting, question, questions[-1]))
        if found[-1].in_time:
            tick()
        if sum(each.in_time for each in found) == turns:
            break
    return found


def _by_voice(sitting: Sitting, question: Spoken, tick: Callable[[], None], quiet_s: float | None = None) -> Wait:
    sitting.begin_anew()
    window, mark = sitting.window, sitting.window.mark
    saying = sitting.say(question.sound)
    end_s = saying.wait()
    asked = [sitting.tape.place(news.at_s) for news in window.since(mark, "asked")]
    first_s = sitting.heard_after(saying.start_s)
    early = any(place_s < end_s for place_s in asked) or (first_s is not None and first_s < end_s)
    sitting.settle() if quiet_s is None else sitting.settle(quiet_s)
    tick()
    return Wait(question.name, None if early else _ms(end_s, first_s), cut_in=early, stages=_stages(sitting, mark))


def _interrupt(sitting: Sitting, question: Spoken, interruption: Spoken) -> Interruption:
    sitting.begin_anew()
    window, tape = sitting.window, sitting.tape
    saying = sitting.say(question.sound)
    end_s = saying.wait()
    first_s = sitting.heard_after(end_s)
    result = Interruption(question.name, None, None, None, in_time=False)
    if first_s is not None:
        tape.wait_until(first_s + INTO_ANSWER_S)
        mark = window.mark
        over = sitting.say(interruption.sound[interruption.onset :])
        over_s = over.wait()
        last_s = tape.last(PLAYED, over.start_s, over_s)
        spoke = window.since(mark, "spoke")
        in_time = last_s is not None and (not spoke or bool(spoke[0].facts["cut_short"]))
        silent = in_time and last_s is not None and last_s < over_s - 0.05
        ducked = _first(window.since(mark, "onset"), lambda news: bool(news.facts["over"]))
        decided = _first(window.since(mark, "state"), lambda news: news.facts["activity"] == "listening")
        result = Interruption(
            question.name,
            _ms(over.start_s, None if ducked is None else tape.place(ducked.at_s)),
            _ms(over.start_s, None if decided is None else tape.place(decided.at_s)),
            _ms(over.start_s, last_s) if silent else None,
            in_time,
        )
    sitting.settle()
    return result


def _stages(sitting: Sitting, mark: int) -> dict[str, float]:
    """Of the last answer since then."""
    timed = sitting.window.since(mark, "timed")
    return {name: float(timed[-1].facts[name] or 0) for name in STAGES if name in timed[-1].facts} if timed else {}


def _first(news: Sequence[News], wanted: Callable[[News], bool]) -> News | None:
    return next(filter(wanted, news), None)


def _ms(from_s: float, to_s: float | None) -> float | None:
    return None if to_s is None else round((to_s - from_s) * 1000, 1)
