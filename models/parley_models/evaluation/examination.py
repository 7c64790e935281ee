"""The examination: test voices ask, the assistant answers, and what came out is marked by its text and by its sound."""

import resource
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from parley_models.answer import Answered, SoundPiece, joined
from parley_models.assistant import Assistant
from parley_models.evaluation.candidates import candidates
from parley_models.evaluation.expression import Expression
from parley_models.evaluation.measures import Difference
from parley_models.evaluation.offered import can_be_judged, made_out, offered
from parley_models.evaluation.questions import Question, is_right
from parley_models.evaluation.report import HeardStyle, Mark, StyleMark
from parley_models.evaluation.speakers import Speaker, speak
from parley_models.evaluation.style_judge import StyleJudge
from parley_models.pcm import AudioChunk
from parley_models.style import Style

STYLES = (Style(rate=0.75), Style(rate=1.4), Style(pitch=-3.0), Style(pitch=3.0))
SEED = 1
CEILING_EVERY = 3
"""The judge hears the teacher for one question in so many: judging takes longer than answering."""


class Judge(Protocol):
    """Listens to an answer, and knows which words it could not hear."""

    def hear(self, chunk: AudioChunk, candidates: Sequence[str]) -> str | None:
        """The candidate that sounds most like the chunk; None if none can be made out."""
        ...

    def pronounces(self, sentence: str) -> bool:
        """Whether it can be a candidate."""
        ...


class Gauge(Protocol):
    """Measures speech from its samples; it never sees what was asked for."""

    def against_neutral(self, sound: AudioChunk, neutral: AudioChunk) -> Difference:
        """How an answer differs from the same words in the neutral style."""
        ...


@dataclass(frozen=True, slots=True)
class Examination:
    """Everything an examination needs."""

    assistant: Assistant
    voices: Sequence[Speaker]
    judge: Judge
    gauge: Gauge
    teacher: Callable[[str], AudioChunk] | None
    """Speaks an answer the way the voice was taught: the most that the judge can hear. None = not here."""

    def mark(self, number: int, question: Question) -> Mark:
        """Ask one question; the test voices take turns by its number."""
        voice = self.voices[number % len(self.voices)]
        answered, sound = self._answer(speak(question.question, voice), Style())
        return Mark(
            category=question.category,
            question=question.question,
            voice=str(voice),
            text=answered.answer.text,
            right=is_right(question, answered.answer.text),
            audible=self._hears(question, sound, answered.answer.text),
            ceiling=self._hears(question, self.teacher(question.answer), question.answer)
            if self.teacher and number % CEILING_EVERY == 0
            else None,
            first_audio_ms=answered.timing.first_audio_ms,
            real_time_factor=answered.timing.real_time_factor,
        )

    def styles(self, number: int, question: Question) -> Iterator[StyleMark]:
        """Ask one question in every style and hold each answer against the neutral one, which has the same words."""
        asked = speak(question.question, self.voices[number % len(self.voices)])
        plain, plain_sound = self._answer(asked, Style())
        for style in STYLES:
            styled, sound = self._answer(asked, style)
            same = styled.answer.text == plain.answer.text
            found = self.gauge.against_neutral(sound, plain_sound)
            if style.rate != 1.0:
                yield StyleMark("rate", style.rate, found.rate_ratio, same)
            else:
                yield StyleMark("pitch", style.pitch, found.pitch_semitones, same)

    def offered(self, number: int, question: Question) -> Iterator[HeardStyle]:
        """Ask one question with every emotion and manner that the bundle offers; not where nobody knows how its voice speaks plainly."""
        bundle = self.assistant.bundle
        plain = bundle.voice(None).plain
        if not plain:
            return
        asked, judge = speak(question.question, self.voices[number % len(self.voices)]), StyleJudge(Expression(**plain))
        for control, value, style in offered(bundle.manifest.controls):
            if can_be_judged(control, value):
                _, sound = self._answer(asked, style)
                yield HeardStyle(control, value, made_out(control, judge.hear(sound)))

    def _hears(self, question: Question, sound: AudioChunk, text: str) -> bool:
        """Whether the judge hears a right answer in the sound of this text; a text that it can't pronounce is not among its choices."""
        heard = self.judge.hear(sound, candidates(question, text if self.judge.pronounces(text) else ""))
        return heard is not None and is_right(question, heard)

    def _answer(self, asked: AudioChunk, style: Style) -> tuple[Answered, AudioChunk]:
        *events, last = self.assistant.ask(asked, style=style, seed=SEED)
        spoken = [event.sound for event in events if isinstance(event, SoundPiece)]
        assert isinstance(last, Answered)
        return last, joined(spoken, self.assistant.rate_hz)


def spread(questions: Sequence[Question], limit: int | None) -> list[Question]:
    """At most `limit` questions, evenly from the whole list, so that every category has its part."""
    if limit is None or limit >= len(questions):
        return list(questions)
    return [questions[place * len(questions) // limit] for place in range(limit)]


def peak_memory_mb() -> float:
    """The most memory that this process has held."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)
