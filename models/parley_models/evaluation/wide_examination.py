"""Mini 1's examination: questions with a system turn, turns before, a tone; answers with calls, and in styles of their own.

Mini 0's questions are asked by `examination.Examination`; both give the same marks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from parley_models.answer import Answered, SoundPiece, joined
from parley_models.calls import read_call
from parley_models.conversation import Conversation, Turn
from parley_models.evaluation.candidates import wide_candidates
from parley_models.evaluation.claims import styles_wanted
from parley_models.evaluation.examination import CEILING_EVERY, SEED, Judge
from parley_models.evaluation.measures import Measures
from parley_models.evaluation.offered import LOUDNESS, can_be_judged, made_out, offered
from parley_models.evaluation.report import HeardStyle, Mark
from parley_models.evaluation.speakers import Speaker, fitting, speak
from parley_models.evaluation.style_judge import StyleJudge
from parley_models.evaluation.wide_questions import WideQuestion, is_right, normalize
from parley_models.pcm import AudioChunk
from parley_models.performance import spoken
from parley_models.style import Style

if TYPE_CHECKING:
    from collections.abc import Callable

    from parley_models.assistant import Assistant

LEAST_PLAIN = 10
"""So many plain answers are needed before the judge of style knows the voice."""


@dataclass(frozen=True, slots=True)
class Said:
    """An answer: its text without calls, its calls, its sound, and the sound of each of its segments."""

    text: str
    calls: tuple[str, ...]
    sound: AudioChunk
    segments: tuple[AudioChunk, ...]
    answered: Answered


@dataclass(slots=True)
class WideExamination:
    """Asks Mini 1's questions. What it hears of plain answers becomes the judge of style's ear for the voice."""

    assistant: Assistant
    voices: Sequence[Speaker]
    judge: Judge
    teacher: Callable[[str], AudioChunk] | None
    plain: list[AudioChunk] = field(default_factory=list)
    """Plain answers so far."""

    styled: list[tuple[str, str, AudioChunk]] = field(default_factory=list)
    """Control, value asked for and sound of what is judged at the end, when enough plain answers have been heard."""

    def mark(self, number: int, question: WideQuestion) -> Mark:
        """Ask one question; of the test voices that can ask it so, they take turns by its number."""
        able = fitting(self.voices, question.tone)
        voice = able[number % len(able)]
        said = self.ask(question, speak(question.question, voice, tone=question.tone) if question.spoken else None)
        right = is_right(question, said.text, said.calls)
        wanted = styles_wanted(question)
        if wanted:
            pieces = said.segments if len(wanted) > 1 else (said.sound,)
            unsaid = AudioChunk(np.zeros(0, np.float32), said.sound.rate_hz)  # in one segment there is no second style to be heard
            heard = (*pieces[: len(wanted)], *[unsaid] * (len(wanted) - len(pieces)))
            self.styled += [(control, value, piece) for (control, value), piece in zip(wanted, heard, strict=True)]
        elif right and all(segment.style == Style() for segment in said.answered.segments):
            self.plain.append(said.sound)
        timing = said.answered.timing
        return Mark(
            category=question.category,
            question=question.question,
            voice=str(voice) if question.spoken else "typed",
            text=said.text,
            right=right,
            audible=self._hears(question, said),
            ceiling=self._ceiling(number, question),
            first_audio_ms=timing.first_audio_ms,
            real_time_factor=timing.real_time_factor,
        )

    def ask(self, question: WideQuestion, sound: AudioChunk | None, style: Style = Style()) -> Said:
        """Ask a question with all that belongs to it, in sound or, where there is none, in writing."""
        talk = Conversation(turns=list(self._turns(question)))
        typed = question.question if sound is None else None
        *events, last = self.assistant.ask(sound, text=typed, style=style, system=question.system or None, seed=SEED, conversation=talk)
        assert isinstance(last, Answered)
        whole = joined([event.sound for event in events if isinstance(event, SoundPiece)], self.assistant.rate_hz)
        lines = last.answer.text.splitlines()
        calls = tuple(line.strip() for line in lines if read_call(line) is not None)
        text = " ".join(line.strip() for line in lines if read_call(line) is None).strip()
        return Said(text, calls, whole, tuple(self._segments(last, whole, style)), last)

    def offered(self, number: int, question: WideQuestion) -> Iterator[HeardStyle]:
        """Ask one question with every emotion and manner that the bundle's control table offers; the order of loudness is told at once."""
        asked = speak(question.question, self.voices[number % len(self.voices)])
        plain = Measures().measure(self.ask(question, asked).sound).loudness_dbfs
        for control, value, style in offered(self.assistant.bundle.manifest.controls):
            sound = self.ask(question, asked, style).sound
            self.styled.append((control, value, sound))
            loudness = Measures().measure(sound).loudness_dbfs
            if value in LOUDNESS and plain is not None and loudness is not None:
                yield HeardStyle("loudness", value, "loud" if loudness > plain else "soft")

    def styles(self) -> Iterator[HeardStyle]:
        """What the judge of style heard in the answers that should have one; nothing before it knows the voice."""
        if len(self.plain) < LEAST_PLAIN:
            return
        ear = StyleJudge.of(self.plain)
        for control, value, sound in self.styled:
            if can_be_judged(control, value):
                yield HeardStyle(control, value, made_out(control, ear.hear(sound)))

    def _turns(self, question: WideQuestion) -> Iterator[Turn]:
        encode = self.assistant.tokenizer.encode
        for number, (asked, answered) in enumerate(question.before):
            words = normalize(asked)  # as it would have been written along
            yield Turn(2 * number + 1, "human", words, tuple(encode(words)))
            yield Turn(2 * number + 2, "assistant", answered, tuple(encode(answered)))

    def _segments(self, last: Answered, whole: AudioChunk, style: Style) -> Iterator[AudioChunk]:
        """The sound of each segment, cut where its groups end."""
        begin = 0
        for stretch in spoken(last.answer.tokens, style, self.assistant.tokenizer, self.assistant.bundle.manifest):
            end = begin + round(stretch.seconds * whole.rate_hz)
            if end > begin:
                yield AudioChunk(whole.samples[begin:end], whole.rate_hz)
            begin = end

    def _hears(self, question: WideQuestion, said: Said) -> bool:
        heard = self._choice(question, said.text, said.sound)
        return heard is not None and is_right(question, heard, said.calls)

    def _ceiling(self, number: int, question: WideQuestion) -> bool | None:
        if self.teacher is None or number % CEILING_EVERY:
            return None
        heard = self._choice(question, "", self.teacher(question.answer))
        return heard is not None and is_right(question, heard, [question.call] if question.call else [])

    def _choice(self, question: WideQuestion, text: str, sound: AudioChunk) -> str | None:
        known = [each for each in wide_candidates(question, text) if self.judge.pronounces(each)]
        return self.judge.hear(sound, known) if question.answer in known or text in known else None
