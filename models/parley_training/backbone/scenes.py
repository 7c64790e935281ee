"""Examples of Mini 1's world: a system turn, turns before, answers whose parts are spoken in styles of their own, calls of tools.

Every part of an answer is a segment between `<audio_start>` and `<audio_end>`; its style stands before its words, "(happy) Good morning!",
as upstream's labels do, and the voice performs it: the sound ids are those of plain speech. A question with several answers keeps the
markers of each (marker-preserving concatenation, arXiv 2506.08967). A call stands behind, as a line of text. What is only written has no
labels.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from parley_models.errors import UsageError
from parley_models.evaluation.people import WORD_SETS
from parley_models.interleave import Segment, interleave, interleave_segment
from parley_models.prompt import Message, Prompt, system_text
from parley_models.style import Style
from parley_models.text_tokenizer import TextTokenizer
from parley_models.tokens import Codes, SpeechTokens
from parley_training.backbone.examples import DISTURBED_SHARE, PLAIN_SHARE, REPLY_IN_TEXT
from parley_training.backbone.keys import key_pieces
from parley_training.backbone.listening import Heard, Listener
from parley_training.backbone.mishearing import Mishearing
from parley_training.backbone.pool import Pool, idle_ones
from parley_training.backbone.questions import Question
from parley_training.backbone.stretch import Stretch
from parley_training.corpus.disturbance import disturbable, disturbed, plain
from parley_training.corpus.exchange import Exchange, Part
from parley_training.corpus.wide.surroundings import told
from parley_training.text.recipe import LAYOUT

Thing = TypeVar("Thing")

Sounds = Mapping[tuple[str, Style], Codes]
"""What was spoken, (groups, 5), by its text and its style: plain, or of a dialect."""

SOUNDING_BEFORE = 0.5
"""Share of the conversations whose earlier answers still have their sound: the oldest turns lose it at run time."""

BY_WORD_SHARE = 0.4
"""Answers in sound for which each word that must be right in one is as likely as any other. Most of these are words to be said again."""

PEOPLE_SHARE = 0.03
"""Heard questions that are people's bare words: there are thousands of recordings of a few words. At a tenth, "Hello." became a number.
They come with a clock and tools as often as all else: learned without them alone, whatever else came without was taken for one.
"""

NOTHING_SPOKEN = "There is nothing spoken yet that this task could take."

MOST_DRAWN = 2000
"""So many exchanges are drawn to find one that can be spoken, then there is none."""


class SceneExamples:
    """Writes examples of every task, all by one `rng`."""

    def __init__(
        self,
        tokenizer: TextTokenizer,
        sounds: Sounds,
        heard: Sequence[Question],
        mishear: Mishearing,
        write: Callable[[], Exchange],
        rng: random.Random,
        labels: Mapping[Style, str],
        listener: Listener,
    ) -> None:
        """`heard` are questions with whole exchanges, `write` makes a typed one; `labels` name the styles, `listener` writes along."""
        self._tokenizer, self._sounds, self._mishear, self._write, self._rng = tokenizer, sounds, mishear, write, rng
        self._prompt, self._listen = Prompt(tokenizer, LAYOUT), listener
        answered = [question for question in heard if question.exchange.answer]
        spoken = [question for question in answered if self._speakable(question.exchange)]
        self._people = [question for question in spoken if _is_bare_word(question)]
        idle = idle_ones([question for question in heard if not question.exchange.answer])
        sounding = [each for each in idle if self._speakable(each.exchange)]
        self._answered, self._spoken = (
            Pool([each for each in some if not _is_bare_word(each)], declined) for some, declined in ((answered, idle), (spoken, sounding))
        )
        self._alone = [question for question in spoken if _stands_alone(question.exchange)]
        self._said, self._labels = list(sounds), labels

    def text(self) -> Stretch:
        """Typed question, written answer."""
        return self.in_writing(self._drawn(lambda _: True))

    def in_writing(self, exchange: Exchange) -> Stretch:
        """An exchange that is typed and answered in writing."""
        return self._answer(self._typed(exchange, REPLY_IN_TEXT), [exchange], sounding=False)

    def typed(self) -> Stretch:
        """Typed question, answer spoken in its styles."""
        exchange = self._drawn(self._speakable)
        return self._answer(self._typed(exchange), [exchange])

    def heard_in_writing(self) -> Stretch:
        """AQTA: heard question, written answer."""
        question = self._asked(self._answered)
        return self._answer(self._listened([question], REPLY_IN_TEXT), [question.exchange], sounding=False)

    def heard(self) -> Stretch:
        """AQTAA: heard question, answer spoken in its styles."""
        question = self._asked(self._spoken, by_word=self._rng.random() < BY_WORD_SHARE)
        return self._answer(self._listened([question]), [question.exchange])

    def concatenated(self) -> Stretch:
        """Two or three questions in one turn, and their answers one after the other, each with its markers and its styles."""
        count = self._rng.choice((2, 2, 3))
        if self._alone and self._rng.random() < 0.5:
            questions = self._rng.choices(self._alone, k=count)
            return self._answer(self._listened(questions), [question.exchange for question in questions])
        exchanges = [self._drawn(lambda exchange: _stands_alone(exchange) and self._speakable(exchange)) for _ in range(count)]
        asked = " ".join(exchange.question for exchange in exchanges)
        delicate = min(exchanges, key=disturbable)
        return self._answer(self._typed(replace(delicate, question=asked)), exchanges)

    def interleaved(self) -> Stretch:
        """Text and speech in turn, without question or answer: what follows what, in either."""
        ids = [LAYOUT.bos]
        for place in range(self._rng.randint(2, 5)):
            text, style = self._one_of(self._said)
            segment = self._sounding(Part(text, style))
            ids += interleave_segment(segment, LAYOUT) if (place + self._rng.randint(0, 1)) % 2 else segment.text
        return Stretch.given(ids[:1]).say([*ids[1:], LAYOUT.eot])

    def _drawn(self, wanted: Callable[[Exchange], bool]) -> Exchange:
        """An exchange to be typed: "is my voice high?" can only be asked aloud."""
        drawn = (self._write() for _ in range(MOST_DRAWN))
        found = next((exchange for exchange in drawn if exchange.tone is None and wanted(exchange)), None)
        if found is None:
            raise UsageError(f"Of {MOST_DRAWN} exchanges not one has an answer whose sound is there in its styles.")
        return found

    def _one_of(self, things: Sequence[Thing]) -> Thing:
        if not things:
            raise UsageError(NOTHING_SPOKEN)
        return self._rng.choice(things)

    def _asked(self, pool: Pool, *, by_word: bool = False) -> Question:
        if self._people and self._rng.random() < PEOPLE_SHARE:
            word = self._rng.choice(self._people)
            return replace(word, exchange=told(word.exchange, self._rng))
        if not pool:
            raise UsageError(NOTHING_SPOKEN)
        return pool.draw(self._rng, by_word=by_word)

    def _speakable(self, exchange: Exchange) -> bool:
        """Whether every part of the answer has its sound."""
        return all(_plain(part) in self._sounds for part in exchange.segments)

    def _sounding(self, part: Part) -> Segment:
        """A part as it is spoken."""
        return Segment(tuple(self._tokenizer.encode(self._labelled(part))), SpeechTokens(self._sounds[_plain(part)]))

    def _written(self, exchange: Exchange) -> Segment:
        """An answer as it is only written: without sound there are no markers between its parts, and no labels."""
        text = " ".join(part.text for part in exchange.segments)
        return Segment(tuple(self._tokenizer.encode(text)), SpeechTokens.empty())

    def _labelled(self, part: Part) -> str:
        label = self._labels.get(replace(part.style, dialect=None), "")
        return f"({label}) {part.text}" if label else part.text

    def _turns(self, exchange: Exchange, instruction: str) -> list[Message]:
        """The system turn and the turns before."""
        system = system_text(exchange.system, instruction)
        turns = [Message("system", (system,))] if system else []
        sounding = not instruction and self._rng.random() < SOUNDING_BEFORE
        for earlier in exchange.before:
            whole = sounding and self._speakable(earlier)
            parts = tuple(map(self._sounding, earlier.segments)) if whole else (self._written(earlier),)
            turns += [Message("user", (self._shown(earlier),)), Message("assistant", parts)]
        return turns

    def _shown(self, exchange: Exchange) -> str:
        """A question as it is typed, or as it would have been written along."""
        if not exchange.spoken or exchange.language != "en" or self._rng.random() >= PLAIN_SHARE:
            return exchange.question
        return plain(exchange.question)

    def _typed(self, exchange: Exchange, instruction: str = "") -> Stretch:
        shown = self._shown(exchange)
        if shown != exchange.question and disturbable(exchange) and self._rng.random() < DISTURBED_SHARE:
            shown = disturbed(shown, self._rng)
        return Stretch.given(self._prompt.conversation([*self._turns(exchange, instruction), Message("user", (shown,))]))

    def _listened(self, questions: Sequence[Question], instruction: str = "") -> Stretch:
        """Questions in one breath, written along, and the opening of the answer."""
        opening = self._prompt.opening("assistant")
        begin = self._prompt.conversation(self._turns(questions[0].exchange, instruction))
        stretch = Stretch.given([*begin[: len(begin) - len(opening)], *self._prompt.opening("user")])
        heard = self._hear(questions[0])
        for question in questions[1:]:
            heard = heard.then(self._hear(question))
        stretch.join(self._listen(heard, broken_off=0.0))
        return stretch.read([LAYOUT.eot, *opening])

    def _hear(self, question: Question) -> Heard:
        heard = question.heard(self._rng.randrange(len(question.hearings)))
        return replace(heard, codes=self._mishear(heard.codes, np.random.default_rng(self._rng.getrandbits(32))))

    def _answer(self, stretch: Stretch, exchanges: Sequence[Exchange], *, sounding: bool = True) -> Stretch:
        """The stretch with the answers behind it, one after the other; pieces of their keys and of calls are vital."""
        segments, vital = list[Segment](), set[int]()
        for exchange in exchanges:
            parts = tuple(map(self._sounding, exchange.segments)) if sounding else (self._written(exchange),)
            before = sum(len(segment.text) for segment in segments)
            vital |= self._label_places(exchange.segments, parts, before) if sounding else set()
            vital |= {before + place for place in key_pieces([part.text for part in parts], exchange.key, self._tokenizer)}
            segments += parts
            if exchange.call:
                call = tuple(self._tokenizer.encode(f"\n{exchange.call}"))
                before = sum(len(segment.text) for segment in segments)
                vital |= set(range(before, before + len(call)))
                segments.append(Segment(call, SpeechTokens.empty()))
        return stretch.say(interleave(segments, LAYOUT), vital)

    def _label_places(self, spoken: Sequence[Part], segments: Sequence[Segment], first: int) -> set[int]:
        """Where the labels' pieces stand: in which style something is said must be right."""
        places = set[int]()
        for part, segment in zip(spoken, segments, strict=True):
            pieces = len(segment.text) - len(self._tokenizer.encode(part.text))
            places |= set(range(first, first + pieces))
            first += len(segment.text)
        return places


SceneTask = Callable[[SceneExamples], Stretch]

SCENE_TASKS: dict[str, SceneTask] = {
    "scene_text": SceneExamples.text,
    "scene_typed": SceneExamples.typed,
    "scene_heard_in_writing": SceneExamples.heard_in_writing,
    "scene_heard": SceneExamples.heard,
    "concatenated": SceneExamples.concatenated,
    "interleaved": SceneExamples.interleaved,
}


def _is_bare_word(question: Question) -> bool:
    """Whether a person's recording asks it."""
    return question.voice.partition(":")[0] in WORD_SETS


def _stands_alone(exchange: Exchange) -> bool:
    return exchange.spoken and not (exchange.before or exchange.system or exchange.call)


def _plain(part: Part) -> tuple[str, Style]:
    """What is spoken for a part, as `Sounds` has it: its style is the voice's affair, but for its language."""
    return part.text, Style(dialect=part.style.dialect)
