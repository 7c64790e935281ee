"""A question being asked: sound and text go in as they come, and the answer may be begun before the question has ended (DESIGN §2)."""

import copy
from collections.abc import Collection, Generator, Iterator, Sequence
from dataclasses import dataclass, field

from parley_models.answer import Answered, AnswerEvent, SoundPiece, Timing, TokenCounts
from parley_models.context import Context
from parley_models.conversation import Turn, fit
from parley_models.delivery import Delivery
from parley_models.errors import InputError
from parley_models.live_clock import LiveClock
from parley_models.manifest import Manifest
from parley_models.parts import Ears, Listening, Voice
from parley_models.pcm import AudioChunk
from parley_models.prebuffer import Expectation, Prebuffer
from parley_models.prompt import Prompt
from parley_models.style import Style
from parley_models.text_tokenizer import TextTokenizer
from parley_models.tokens import GROUP_SECONDS

AHEAD_BLOCKS = 2
"""So many 10:15 blocks of an answer are thought ahead at most."""

ROOM_S = 10.0
"""How much speech a question is given room for at first; it gets more as it grows, and the oldest turns less."""


class Experience:
    """What the answers so far have taught."""

    def __init__(self) -> None:
        self.expected = Expectation()
        """How long an answer will be."""

    def learn(self, text_ids: int, seconds: float) -> None:
        """After an answer of so many text ids and, at rate 1, so many seconds."""
        self.expected = self.expected.learn(text_ids, seconds)


@dataclass(frozen=True, slots=True)
class Mind:
    """What a question is heard and answered with."""

    manifest: Manifest
    tokenizer: TextTokenizer
    prompt: Prompt
    ears: Ears
    voice: Voice
    context: Context
    experience: Experience


@dataclass(frozen=True, slots=True)
class Manner:
    """How a question is to be answered."""

    style: Style
    voice: str
    """The voice's name."""

    seed: int
    system: Sequence[int]
    """Ids before the first turn."""

    tools: Collection[str] = ()
    silent: bool = False
    """In writing only."""

    longest: int | None = None
    """Ids of the answer at most; None = the bundle's own limit."""


@dataclass(slots=True)
class _Ahead:
    """An answer begun before its question had ended."""

    heard_before: int
    """How many of the question's ids were there before its end was supposed."""

    events: Iterator[AnswerEvent | None]
    delivery: Delivery
    held: list[AnswerEvent] = field(default_factory=list)
    over: bool = False
    settled: bool = False
    """The question did end there."""


class Question:
    """One open turn of the human's side. One thread at a time.

    Its ids in the context are the turns before, the opening of the turn, and `heard`; behind them, while it is answered or thought
    ahead, the answer.
    """

    def __init__(
        self, mind: Mind, manner: Manner, turns: Sequence[Turn], heard: Sequence[int] = (), *, room_ids: int | None = None
    ) -> None:
        """Begin a turn after these; `heard` is known of it already, from items that were not answered yet.

        Raises:
            InputError: there is no room for `room_ids` in the context.
        """
        self._mind = mind
        self.manner = manner
        self._turns = list(turns)
        self._layout = mind.manifest.tokens
        self._human = mind.prompt.opening("user")
        self._assistant = [self._layout.eot, *mind.prompt.opening("assistant")]
        self.heard: list[int] = list(heard)
        """The turn's own ids so far: groups, words written along, typed words, in order."""

        self.settled = len(self.heard)
        """How many of them belong to pieces that are complete."""

        self._listening: Listening | None = None
        self._marks = self._marks_of_heard()
        self._ahead: _Ahead | None = None
        self._waiting: list[AudioChunk] = []
        self.delivery: Delivery | None = None
        """The answer on its way out."""

        self.ids_left = 0
        """How many ids the model had still to read when the question ended."""

        self.heard_ms = 0.0
        """From the question's end until all of it was in the model's context."""

        self.thought_ms: float | None = None
        """From the question's end until the first ids to be made sound of were there."""

        self._head: list[int] = []
        self._fit(0, self._usual_room if room_ids is None else room_ids, strict=room_ids is not None)

    def begin(self) -> None:
        """Have the model read what came before, while nobody speaks yet."""
        self._mind.context.become([*self._head, *self.heard])

    def hear(self, sound: AudioChunk, *, quiet: bool = False) -> None:
        """Hear more; any length. While an answer is thought ahead, `quiet` sound waits: if the question ends, it was not part of it.

        Raises:
            InputError: the question outgrew the context.
        """
        if quiet and self._ahead is not None and not self._ahead.settled:
            self._waiting.append(sound)
            return
        self.take_back()
        self._hear(sound)

    def _hear(self, sound: AudioChunk) -> None:
        if self._listening is None:
            self._listening = self._mind.ears.stream()
            self._add(self._marks[0])
        self._add_heard(self._listening.feed(sound).ids(self._layout))

    def write(self, text: str) -> None:
        """Add typed words. Speech before them is complete then."""
        self.end_piece()
        self.take_back()
        self._add(self._mind.tokenizer.encode(text))
        self.settled = len(self.heard)

    def recall(self, ids: Sequence[int]) -> None:
        """Add ids that are known from before."""
        self.end_piece()
        self.take_back()
        self._add(ids)
        self.settled = len(self.heard)

    def end_piece(self) -> list[int]:
        """The speech so far is complete. If an answer was thought ahead of just this, it stays."""
        if self._ahead is not None:
            self._ahead.settled = True
            self._waiting = []
        elif self._listening is not None:
            self._finish(self._listening)
        self._listening = None
        piece, self.settled = self.heard[self.settled :], len(self.heard)
        return piece

    def matches(self, turns: Sequence[Turn], settled: Sequence[int]) -> bool:
        """Whether these are the turns before it, and its complete pieces."""
        return self._turns == list(turns) and self.heard[: self.settled] == list(settled)

    def remember(self, turns: Sequence[Turn], settled: Sequence[int], manner: Manner | None = None) -> None:
        """What came before is something else now: an answer was cut, an item went, or the manner changed."""
        self.take_back()
        self.manner = manner or self.manner
        self._turns = list(turns)
        self.heard[: self.settled] = settled
        self.settled = len(settled)
        self._fit(0, self._usual_room)
        self.begin()

    @property
    def text(self) -> str:
        """What was understood so far: typed words, and those that the model wrote along."""
        return self.text_of(self.heard)

    def text_of(self, ids: Sequence[int]) -> str:
        """The words among some ids of the turn."""
        tokenizer = self._mind.tokenizer
        return tokenizer.decode(each for each in ids if not self._layout.is_audio(each) and each not in tokenizer.markers).strip()

    @property
    def complete(self) -> float | None:
        """How likely what was heard so far is a whole question; None if the model can't tell."""
        return self._mind.context.question_complete

    @property
    def has_open_speech(self) -> bool:
        """Speech was heard that is not a complete piece yet."""
        return self._listening is not None or len(self.heard) > self.settled

    @property
    def has_thought_ahead(self) -> bool:
        """An answer is held back, or being thought."""
        return self._ahead is not None

    def think_ahead(self) -> Iterator[None]:
        """Suppose that the question ends here and begin its answer, at most two blocks; pauses after every id.

        Who stops asking stops the model. The answer is held until `answer` gives it out or more speech throws it away.
        """
        if self._ahead is not None:
            return
        delivery = self._new_delivery()
        self._ahead = ahead = _Ahead(len(self.heard), self._thoughts(delivery), delivery)
        if self._listening is not None:
            self._finish(copy.deepcopy(self._listening))
        self._mind.context.read(self._assistant)
        layout = self._layout
        most_ids = AHEAD_BLOCKS * (layout.text_per_block + layout.audio_per_block)
        most_groups = AHEAD_BLOCKS * layout.audio_per_block // layout.group_size
        while self._ahead is ahead and len(delivery.ids) < most_ids and delivery.groups < most_groups:
            try:
                event = next(ahead.events)
            except StopIteration:
                ahead.over = True
                return
            ahead.held += [] if event is None else [event]
            yield

    def take_back(self) -> None:
        """Throw away what was thought ahead; quiet sound that waited is heard after all."""
        ahead, self._ahead = self._ahead, None
        if ahead is None:
            return
        ahead.events = iter(())  # closes the generator: the model stops
        if not ahead.settled:
            del self.heard[ahead.heard_before :]
        self._mind.context.rewind(len(self._head) + len(self.heard))
        waiting, self._waiting = self._waiting, []
        for sound in waiting:
            self._hear(sound)

    def answer(self, clock: LiveClock, number: int = 1, *, read_before: int | None = None) -> Generator[AnswerEvent | None]:
        """The question has ended: its answer. None is a step without news; who stops asking stops the model.

        Args:
            clock: since when the asker waits.
            number: of the question's turn.
            read_before: the context's `ids_read` when the question ended; None = now.
        """
        context = self._mind.context
        before = context.ids_read if read_before is None else read_before
        self.end_piece()
        ahead = self._ahead
        if ahead is None:
            context.read(self._assistant)
        self.ids_left = context.ids_read - before
        self.heard_ms = clock.since_question_ms
        self.delivery = delivery = self._new_delivery() if ahead is None else ahead.delivery
        first_audio_ms: float | None = None
        seconds = 0.0
        thoughts = self._thoughts(delivery) if ahead is None else _held(ahead)
        prebuffer = Prebuffer(self._layout, self._mind.experience.expected, delivery.pace, chunk=delivery.chunk_groups)
        for event in prebuffer.hold(thoughts, delivery.progress):
            if self.thought_ms is None and delivery.spoken_groups:
                self.thought_ms = clock.since_question_ms
            if isinstance(event, SoundPiece):
                first_audio_ms = clock.since_question_ms if first_audio_ms is None else first_audio_ms
                seconds += event.sound.seconds
            yield event
        self._mind.experience.learn(delivery.text_ids, seconds * self.manner.style.rate)
        total_ms = clock.since_question_ms
        timing = Timing(first_audio_ms, total_ms, total_ms / 1000 / seconds if seconds else None, self.heard_ms, self.thought_ms)
        asked = Turn(number, "human", self.text, tuple(self.heard))
        yield Answered(asked, self.said(number + 1), delivery.segments, self._counts(delivery), timing)

    def said(self, number: int = 2) -> Turn:
        """The answer so far, as a turn."""
        delivery = self.delivery
        if delivery is None:
            return Turn(number, "assistant", "", (), self.manner.style, self.manner.seed)
        return Turn(number, "assistant", delivery.text, tuple(delivery.ids), self.manner.style, self.manner.seed)

    def dictate(self) -> Iterator[str | None]:
        """Ask the model, after its answer, what it heard; the text at the end, None before. The answer stays in the context."""
        context, layout = self._mind.context, self._layout
        length = len(context.ids)
        instruction = self._mind.tokenizer.encode(self._mind.manifest.dictation)
        context.read([layout.eot, *self._human, *instruction, *self._assistant])
        ids: list[int] = []
        for token_id in context.decode(0, self._longest(len(self.heard))):
            ids.append(token_id)
            yield None
        context.rewind(length)
        yield self.text_of(ids)

    def _thoughts(self, delivery: Delivery) -> Iterator[AnswerEvent | None]:
        for token_id in delivery.timed(self._mind.context.decode(self.manner.seed, self._longest(self.manner.longest))):
            yield from delivery.take(token_id)
            yield None
        yield from delivery.finish()

    def _longest(self, wished: int | None) -> int:
        manifest = self._mind.manifest
        room = manifest.context_tokens - len(self._mind.context.ids)
        return max(0, min(manifest.sampling.max_tokens, room, room if wished is None else wished))

    def _new_delivery(self) -> Delivery:
        manner, mind = self.manner, self._mind
        speaking = None if manner.silent else mind.voice.stream(manner.voice, manner.style.rate, manner.style.pitch, manner.seed)
        return Delivery(mind.tokenizer, self._layout, speaking, manner.style, manner.tools)

    def _counts(self, delivery: Delivery) -> TokenCounts:
        layout, groups = self._layout, delivery.groups
        return TokenCounts(len(self.heard), delivery.text_ids, groups * layout.linguistic_per_group, groups * layout.semantic_per_group)

    def _finish(self, listening: Listening) -> None:
        self._add_heard(listening.finish().ids(self._layout), last=True)
        self._add(self._marks[1])

    def _add(self, ids: Sequence[int]) -> None:
        self._make_room(len(ids))
        self._mind.context.read(ids)
        self.heard += ids

    def _add_heard(self, ids: Sequence[int], *, last: bool = False) -> None:
        if ids or last:
            self._make_room(len(ids))
            self.heard += self._mind.context.hear(ids, last=last)

    def _make_room(self, more: int) -> None:
        """If more would not fit any longer beside an answer, forget of the oldest turns and read the rest again."""
        if self._spare(len(self._head) + len(self.heard) + more) >= 0:
            return
        self._fit(more, self._usual_room)
        self.begin()

    def _fit(self, more: int, room: int, *, strict: bool = False) -> None:
        """Choose what stands before the question, with `more` ids of it to come at once and, if it can be had, `room` for others."""
        needed = len(self.heard) + more
        head = self._fitted(needed + room) or ([] if strict else self._fitted(needed))
        if not head:
            raise InputError("The question is too long for this bundle's context.")
        self._head = head

    @property
    def _usual_room(self) -> int:
        return round(ROOM_S / GROUP_SECONDS) * self._layout.group_size

    def _spare(self, ids: int) -> int:
        manifest = self._mind.manifest
        return manifest.context_tokens - manifest.sampling.max_tokens - len(self._assistant) - ids

    def _fitted(self, question_ids: int) -> list[int]:
        """Everything before a question of so many ids: the role, and of the turns what fits; empty if not even the question does."""
        manner, prompt, layout = self.manner, self._mind.prompt, self._layout
        room = self._spare(len(manner.system) + len(self._human) + question_ids)
        if room < 0:
            return []
        ids = list(manner.system)
        for turn in fit(self._turns if self._mind.manifest.chat.remembers_turns else (), room, layout):
            ids += [*prompt.opening("user" if turn.role == "human" else "assistant"), *turn.tokens, layout.eot]
        return [*ids, *self._human]

    def _marks_of_heard(self) -> tuple[list[int], list[int]]:
        start, end = self._layout.audio_start, self._layout.audio_end
        if self._mind.manifest.chat.marks_heard_speech and start is not None and end is not None:
            return [start], [end]
        return [], []


def _held(ahead: _Ahead) -> Iterator[AnswerEvent | None]:
    yield from ahead.held
    if not ahead.over:
        yield from ahead.events
