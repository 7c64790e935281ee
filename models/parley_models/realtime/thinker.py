"""The compute thread's half of a session: it hears, thinks ahead, answers, cuts. What becomes of it is told to the session's loop."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from parley_models.alignment import cut
from parley_models.answer import Answered, AnswerEvent, SoundPiece
from parley_models.assistant import HEARING_HZ, Assistant, typed
from parley_models.calls import CallReader
from parley_models.context import Context
from parley_models.errors import EngineError, InputError, ParleyError
from parley_models.evaluation.achieved import achieved, proof
from parley_models.live_clock import LiveClock
from parley_models.mind import Manner
from parley_models.pcm import AudioChunk, Samples
from parley_models.performance import groups_within, own_manner, spoken
from parley_models.question import Question
from parley_models.realtime.compute import Work
from parley_models.realtime.engine import Engine
from parley_models.realtime.ledger import Ledger, Memory, StoredItem
from parley_models.style import Style

IDS_A_SLICE = 25
"""One 10:15 block."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Plan:
    """How the open question is to be answered, as far as it is known."""

    style: Style
    system: str | None
    seed: int | None
    tools: tuple[tuple[str, str], ...]
    """Names and descriptions."""

    silent: bool
    longest: int | None


@dataclass(slots=True)
class Ticket:
    """Work that may be called off: it stops at its next step, and what it was computing is refused."""

    cancelled: bool = False
    enough: bool = False
    """The turn did end: who thinks ahead leaves the rest to the answer."""


@dataclass(frozen=True, slots=True)
class Opening:
    """How the time until the first sound was spent."""

    heard_ms: float
    thought_ms: float
    first_audio_ms: float
    thought_ahead: bool
    ids_left: int


@dataclass(frozen=True, slots=True)
class End:
    """An answer is over."""

    answered: Answered | None
    """None if it was called off."""

    limit_reached: bool = False


Tell = Callable[..., None]
"""Calls its first argument with the others, on the session's loop."""


class Thinker:
    """One session's line of thought. All but `let_go` give work for the compute thread, to be done in that order."""

    def __init__(self, engine: Engine, ledger: Ledger, tell: Tell) -> None:
        self._engine = engine
        self._ledger = ledger
        self._tell = tell
        self._assistant: Assistant | None = None
        self._context: Context | None = None
        self._question: Question | None = None
        self._planned: tuple[Plan, tuple[str, ...]] | None = None

    @property
    def ids_read(self) -> int:
        """How many ids the model read for this session so far. Any thread."""
        context = self._context
        return 0 if context is None else context.ids_read

    def prepare(self, plan: Plan) -> Work:
        """Have what was said so far read, while nobody speaks yet."""
        self._open(plan)
        yield

    def let_go(self) -> None:
        """The model is being released. On the compute thread."""
        self._assistant = self._context = self._question = None

    def hear(self, plan: Plan, samples: Samples, end: int, judged: Tell, *, quiet: bool) -> Work:
        """More sound of the open turn, up to a place in the stream."""
        question = self._open(plan)
        question.hear(AudioChunk(samples, HEARING_HZ), quiet=quiet)
        if not quiet:
            self._tell(judged, end, question.complete)
        yield

    def think_ahead(self, plan: Plan, end: int, ticket: Ticket, judged: Tell | None) -> Work:
        """The turn may be over: begin its answer, unless called off; `judged` is told how likely it is, if anybody wants to know."""
        if ticket.cancelled or ticket.enough:
            return
        question = self._open(plan)
        for count, _ in enumerate(question.think_ahead(judging=judged is not None)):
            self._engine.compute.advanced()
            if ticket.cancelled:
                question.take_back()
                return
            if ticket.enough:
                return
            if count == 0 and judged is not None:
                self._tell(judged, end, question.complete)
            if count % IDS_A_SLICE == IDS_A_SLICE - 1:
                yield

    def commit(self, item: StoredItem, done: Tell) -> Work:
        """The turn's sound is complete and becomes an item."""
        if self._question is None:
            raise InputError("There is no sound to commit.")
        piece = self._question.end_piece()
        item.tokens, item.text = tuple(piece), self._question.text_of(piece)
        self._tell(done, item, item.text)
        yield

    def forget_sound(self) -> Work:
        """The sound that was not committed is forgotten."""
        self._question = None
        yield

    def settle(self, plan: Plan, item: StoredItem, parts: Sequence[str | AudioChunk], known: Sequence[int], done: Tell) -> Work:
        """Find the ids of an item that the client made; at the end of the conversation the model reads them at once."""
        assistant = self._engine.assistant()
        if known:
            if max(known) >= assistant.bundle.manifest.tokens.vocab_size:
                raise InputError("The item holds ids that this bundle does not have.")
            item.tokens = tuple(known)
        elif item.kind == "user" and self._ledger.is_last(item) and not (self._question and self._question.has_open_speech):
            item.tokens, item.text = self._read_now(self._open(plan), parts)
        else:
            read, ids = _reading(assistant, item), list[int]()
            for part in parts:
                ids += read(part) if isinstance(part, str) else assistant.hear(part)
            item.tokens = tuple(ids)
        self._tell(done, item, item.text)
        yield

    def _read_now(self, question: Question, parts: Sequence[str | AudioChunk]) -> tuple[tuple[int, ...], str]:
        begun = question.settled
        for part in parts:
            if isinstance(part, str):
                question.write(typed(part))
            else:
                question.hear(part)
                question.end_piece()
        ids = tuple(question.heard[begun:])
        return ids, question.text_of(ids)

    def answer(
        self,
        plan: Plan,
        item: StoredItem,
        asked: StoredItem | None,
        ticket: Ticket,
        clock: LiveClock,
        read_before: int,
        piece: Tell,
        end: Tell,
        written: Tell,
    ) -> Work:
        """Answer the open turn; then, if need be, ask the model what it heard in the spoken item `asked`."""
        if ticket.cancelled:
            return
        question = self._open(plan)
        yield from self._answer(question, item, ticket, clock, piece, end, read_before)
        self._question = None
        if asked is None or asked.text or ticket.cancelled or not self._engine.bundle.manifest.dictation:
            return
        for found in question.dictate():
            self._engine.compute.advanced()
            if ticket.cancelled:
                return
            if found is not None:
                asked.text = found
                self._tell(written, asked, found)
        yield

    def answer_apart(
        self, plan: Plan, items: Sequence[StoredItem] | None, item: StoredItem, ticket: Ticket, clock: LiveClock, piece: Tell, end: Tell
    ) -> Work:
        """Answer outside the conversation: after these items, or after all there is."""
        if ticket.cancelled:
            return
        assistant = self._engine.assistant()
        for each in items or ():
            each.tokens = tuple(_reading(assistant, each)(each.text))
        memory = self._ledger.memory(items)
        question = assistant.open(self._manner(assistant, plan, memory), memory.turns, memory.pending, context=assistant.context())
        question.begin()
        yield from self._answer(question, item, ticket, clock, piece, end)

    def _answer(
        self, question: Question, item: StoredItem, ticket: Ticket, clock: LiveClock, piece: Tell, end: Tell, read_before: int | None = None
    ) -> Work:
        thought_ahead = question.has_thought_ahead
        answered: Answered | None = None
        sounds: list[AudioChunk] = []
        stream = question.answer(clock, read_before=read_before)
        try:
            for event in stream:
                self._engine.compute.advanced()
                if ticket.cancelled:
                    break
                opening = None
                if isinstance(event, SoundPiece):
                    now_ms = clock.since_question_ms
                    thought_ms = now_ms if question.thought_ms is None else question.thought_ms
                    opening = None if sounds else Opening(question.heard_ms, thought_ms, now_ms, thought_ahead, question.ids_left)
                    sounds.append(event.sound)
                if isinstance(event, Answered):
                    answered = event
                elif event is not None:
                    self._tell(piece, event, opening)
                    yield
        finally:
            stream.close()  # the model stops here, also when the voice was at work
            self._keep(item, question, finished=answered is not None)
        limit = question.manner.longest
        self._tell(end, End(answered, limit is not None and len(item.tokens) >= limit))

    def _keep(self, item: StoredItem, question: Question, *, finished: bool) -> None:
        said = question.said()
        item.tokens, item.text, item.style, item.seed = said.tokens, said.text, said.style, said.seed
        item.levels = question.delivery.levels if question.delivery is not None else ()
        item.finished = finished

    def measure(self, item: StoredItem, sound: AudioChunk, done: Tell) -> Work:
        """The proof of style: what an answer's sound shows."""
        bundle = self._engine.bundle
        layout = bundle.manifest.tokens
        groups = sum(layout.is_audio(token) for token in item.tokens) // layout.group_size
        stretches = list(spoken(item.tokens, item.style, self._engine.assistant().tokenizer, bundle.manifest))
        found = achieved(sound, groups, bundle.voice(item.style.voice), own_manner(stretches, item.style))
        self._tell(done, item, item.style.asked(), proof(item.style, found))
        yield

    def truncate(self, item: StoredItem, audio_end_ms: int, tools: Sequence[str], done: Tell) -> Work:
        """Only so much of an answer was heard: the turn is rebuilt from the heard groups and the heard words."""
        assistant = self._engine.assistant()
        manifest = assistant.bundle.manifest
        item.whole = item.whole or item.tokens
        stretches = list(spoken(item.whole, item.style, assistant.tokenizer, manifest))
        groups = groups_within(stretches, audio_end_ms / 1000)
        item.tokens = tuple(
            cut(
                item.whole,
                groups,
                item.levels,
                complete=item.finished,
                syllables_per_s=assistant.bundle.voice(item.style.voice).syllables_per_s,
                tokenizer=assistant.tokenizer,
                layout=manifest.tokens,
                labels=manifest.labels,
            )
        )
        calls = CallReader(tools)
        stretches = list(spoken(item.tokens, item.style, assistant.tokenizer, manifest))
        texts = [(calls.feed(stretch.text) + calls.finish()).strip() for stretch in stretches]
        item.text = " ".join(text for text in texts if text)
        self._tell(done, item)
        yield

    def say_again(
        self, item: StoredItem, style: Style | None, from_ms: int, ticket: Ticket, clock: LiveClock, piece: Tell, end: Tell, done: Tell
    ) -> Work:
        """An answer's words once more; nothing is thought. Words that were only written are spoken for the first time, which is kept."""
        assistant = self._engine.assistant()
        layout = assistant.bundle.manifest.tokens
        spoken = item.style if style is None else style
        skip = round(from_ms / 1000 * assistant.rate_hz)
        first, seed, tokens = True, item.seed or 0, item.whole or item.tokens
        recital = None
        if not any(layout.is_audio(token) for token in tokens):
            recital = assistant.recite(tokens, spoken, seed, context=assistant.context())
        for event in assistant.say(tokens, spoken, seed) if recital is None else recital.events(seed):
            self._engine.compute.advanced()
            if ticket.cancelled:
                break
            news, skip = (None, skip) if event is None else _after(event, skip)
            if news is not None:
                opening = Opening(0.0, 0.0, clock.since_question_ms, thought_ahead=False, ids_left=0) if first else None
                first = first and not isinstance(news, SoundPiece)
                self._tell(piece, news, opening if isinstance(news, SoundPiece) else None)
            if event is not None or recital is None:
                yield  # also where nothing is told: a long answer's beginning may be skipped
        if recital is not None and recital.delivery.groups and style is None:
            item.tokens, item.style, item.seed = tuple(recital.delivery.ids), spoken, seed
            item.levels, item.finished = recital.delivery.levels, not ticket.cancelled
            self._tell(done, item)
        self._tell(end, End(None))

    def guarded(self, work: Work, failed: Tell, *details: Any) -> Work:  # noqa: ANN401 - handed through to `failed`
        """Work whose trouble is told instead of raised; the open question starts over then."""
        try:
            yield from work
        except ParleyError as error:
            self._question = None
            self._tell(failed, error, *details)
        except Exception:
            logger.exception("A session's work failed.")
            self._question = None
            self._tell(failed, EngineError("The engine stumbled over this; the log says where."), *details)

    def _open(self, plan: Plan) -> Question:
        """The open turn, brought up to date with the conversation and the plan."""
        assistant = self._engine.assistant()
        if assistant is not self._assistant or self._context is None:
            self._assistant, self._context, self._question = assistant, assistant.context(), None
        memory = self._ledger.memory()
        planned = (plan, memory.notes)
        question = self._question
        if question is None:
            manner = self._manner(assistant, plan, memory)
            question = assistant.open(manner, memory.turns, memory.pending, context=self._context)
            question.begin()
            self._question, self._planned = question, planned
        elif planned != self._planned:
            question.remember(memory.turns, memory.pending, self._manner(assistant, plan, memory))
            self._planned = planned
        elif not question.matches(memory.turns, memory.pending):
            question.remember(memory.turns, memory.pending)
        return question

    @staticmethod
    def _manner(assistant: Assistant, plan: Plan, memory: Memory) -> Manner:
        role = assistant.bundle.manifest.chat.default_system if plan.system is None else plan.system
        system = "\n".join(part for part in (role, *memory.notes) if part)
        return assistant.manner(plan.style, system=system, seed=plan.seed, tools=dict(plan.tools), silent=plan.silent, longest=plan.longest)


def _after(event: AnswerEvent, skip: int) -> tuple[AnswerEvent | None, int]:
    """What of an event comes after so many samples, and how many are still to be skipped."""
    if not isinstance(event, SoundPiece) or not skip:
        return event, skip
    sound = event.sound
    left = sound.samples[skip:]
    rest = max(0, skip - len(sound.samples))
    return (SoundPiece(AudioChunk(left, sound.rate_hz, sound.start_s)) if len(left) else None), rest


def _reading(assistant: Assistant, item: StoredItem) -> Callable[[str], Sequence[int]]:
    """How the words of an item become ids: a person may type what no answer is written with."""
    return assistant.read if item.kind == "user" else assistant.tokenizer.encode
