"""A question being asked: sound and text go in as they come, and the answer may be begun before the question has ended (DESIGN §2)."""

from collections.abc import Generator, Iterator, Sequence
from itertools import chain

from parley_models.ahead import Ahead
from parley_models.answer import Answered, AnswerEvent, SoundPiece, Timing, TokenCounts
from parley_models.beginning import Beginning
from parley_models.conversation import Turn
from parley_models.delivery import Delivery
from parley_models.election import elect
from parley_models.live_clock import LiveClock
from parley_models.mind import Manner, Mind
from parley_models.pcm import AudioChunk
from parley_models.performance import Performer
from parley_models.prebuffer import Prebuffer
from parley_models.preface import preface, spare, usual_room
from parley_models.recital import Recital
from parley_models.rehearing import Hearing
from parley_models.second_reading import undoubted
from parley_models.tokens import GROUP_SECONDS

AHEAD_BLOCKS = 2
"""So many 10:15 blocks of an answer are thought ahead at most."""

LAST_GROUPS = 4
"""So much room there must be for what the ears still owe at the end of speech: two blocks. A clip's ears owe more, and are asked first."""


class Question:
    """One open turn of the human's side. One thread at a time.

    Its ids in the context are the turns before, the opening of the turn, and `heard`; behind them, while it is answered or thought
    ahead, the answer. Where the ears have several views, speech is heard in all of them until it is complete (`rehearing.py`).
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
        self._assistant = mind.answer_opening
        self.hearings = [Hearing(mind.context, heard)]
        """One a view while speech is heard, else one alone; which of them counts is known when the speech is over."""

        self.settled = len(heard)
        """How many of the turn's ids belong to pieces that are complete."""

        self._marks = self._marks_of_heard()
        self._ahead: Ahead | None = None
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
        self._fit(0, usual_room(self._mind) if room_ids is None else room_ids, strict=room_ids is not None)

    def begin(self) -> None:
        """Have the model read what came before, while nobody speaks yet."""
        for hearing in self.hearings:
            hearing.become(self._head)

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
        if self.hearings[0].listening is None:
            self._listen()
        for number, hearing in enumerate(self.hearings):
            assert hearing.listening is not None
            ids = hearing.listening.feed(sound).ids(self._layout)
            if number == 0:
                self._make_room(len(ids))
            hearing.add_heard(ids)

    def _listen(self) -> None:
        """Speech begins: in all views."""
        first, own = self.hearings[0], self._mind.context
        spare = [context for context in (own, *own.twins) if context.brain is not first.context.brain]
        others = [Hearing(context, first.heard) for context in spare[: self._mind.ears.views - 1]]
        for other in others:
            other.become(self._head)
        self.hearings = [first, *others]
        self._make_room(len(self._marks[0]))
        for view, hearing in enumerate(self.hearings):
            hearing.listen(self._mind.ears.stream(view))
            hearing.add(self._marks[0])

    def write(self, text: str) -> None:
        """Add typed words. Speech before them is complete then."""
        self.end_piece()
        self.take_back()
        self._add(self._mind.prompt.typed(text))
        self.settled = len(self.heard)

    def recall(self, ids: Sequence[int]) -> None:
        """Add ids that are known from before."""
        self.end_piece()
        self.take_back()
        self._add(ids)
        self.settled = len(self.heard)

    def end_piece(self) -> list[int]:
        """The speech so far is complete. If an answer was thought ahead of just this, it stays."""
        first = self.hearings[0]
        if self._ahead is None and len(self.hearings) > 1:
            self._begin_answer(early=False)
        if self._ahead is not None:
            for _ in self._ahead.election:
                pass
            self._ahead.settled = True
            self._waiting = []
            first = self._ahead.hearing
        else:
            self._end(first, supposed=False)
        first.listening = None
        self.hearings = [first]
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
        for hearing in self.hearings:
            hearing.heard[: self.settled] = settled
        self.settled = len(settled)
        self._fit(0, usual_room(self._mind))
        self.begin()

    @property
    def heard(self) -> list[int]:
        """The turn's own ids so far: groups, words written along, typed words, in order."""
        return (self.hearings[0] if self._ahead is None else self._ahead.hearing).heard

    @property
    def text(self) -> str:
        """What was understood so far: typed words, and those that the model wrote along."""
        return self.text_of(self.heard)

    def text_of(self, ids: Sequence[int]) -> str:
        """The words among some ids of the turn."""
        return self._mind.words_of(ids)

    @property
    def complete(self) -> float | None:
        """How likely what was heard so far is a whole question: as likely as two hearings of it say; None if the model can't tell."""
        known = sorted(each for hearing in self.hearings if (each := hearing.context.question_complete) is not None)
        return known[-2] if len(known) > 1 else known[0] if known else None

    @property
    def has_open_speech(self) -> bool:
        """Speech was heard that is not a complete piece yet."""
        return self.hearings[0].listening is not None or len(self.heard) > self.settled

    @property
    def has_thought_ahead(self) -> bool:
        """An answer was begun before the question had ended, and is held back."""
        return self._ahead is not None and self._ahead.early

    def think_ahead(self, *, judging: bool = False) -> Iterator[None]:
        """Suppose that the question ends here and begin its answer, at most two blocks; pauses after every id.

        Who stops asking stops the model. The answer is held until `answer` gives it out or more speech throws it away. `judging`: before
        the first pause it is heard to its end in all views, so that `complete` is what they all say.
        """
        if self._ahead is not None:
            return
        ahead = self._begin_answer(early=True)
        if judging:
            for other in self.hearings[1:]:
                self._end(other, supposed=True)
        for _ in ahead.election:
            yield
            if self._ahead is not ahead:
                return
        layout, delivery = self._layout, ahead.delivery
        most_ids = AHEAD_BLOCKS * (layout.text_per_block + layout.audio_per_block)
        most_groups = AHEAD_BLOCKS * layout.audio_per_block // layout.group_size
        while self._ahead is ahead and len(delivery.ids) < most_ids and delivery.groups < most_groups and ahead.go_on():
            yield

    def take_back(self) -> None:
        """Throw away what was thought ahead; quiet sound that waited is heard after all."""
        ahead, self._ahead = self._ahead, None
        if ahead is None:
            return
        ahead.events, ahead.election = iter(()), iter(())  # closes the generators: the model stops
        for hearing in self.hearings:
            hearing.take_back(self._head, settled=ahead.settled)
        waiting, self._waiting = self._waiting, []
        for sound in waiting:
            self._hear(sound)

    def _begin_answer(self, *, early: bool) -> Ahead:
        """Suppose that the question ends here."""
        first = self.hearings[0]
        self._end(first, supposed=early)
        self._ahead = ahead = Ahead(first, early)
        ahead.election = self._elect(ahead)
        return ahead

    def _beginning(self, hearing: Hearing) -> Beginning:
        """The answer to what was heard there, not thought yet."""
        hearing.context.read(self._assistant)
        return Beginning(hearing, self._layout, seed=self.manner.seed, longest=self._longest(self.manner.longest))

    def _elect(self, ahead: Ahead) -> Iterator[None]:
        """Hear the end in one view after the other, and begin the answer to the hearing that counts."""
        for hearing in self.hearings[1:]:
            self._end(hearing, supposed=ahead.early)
            yield
        counts = yield from elect(self.hearings, self.settled, self._mind, self._head, self._beginning)
        ahead.hearing, ahead.delivery = counts.hearing, self._new_delivery()
        ahead.events = self._thoughts(counts, ahead.delivery)

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
        if self._ahead is None:
            delivery = self._new_delivery()
            thoughts = self._thoughts(self._beginning(self.hearings[0]), delivery)
        else:
            thoughts, delivery = self._ahead.given_out(), self._ahead.delivery
        self.ids_left = context.ids_read - before
        self.heard_ms = clock.since_question_ms
        self.delivery = delivery
        first_audio_ms: float | None = None
        seconds = 0.0
        prebuffer = Prebuffer(self._layout, self._mind.experience.expected, delivery.pace, chunk=delivery.chunk_groups)
        for event in prebuffer.hold(thoughts, delivery.progress):
            if self.thought_ms is None and delivery.spoken_groups:
                self.thought_ms = clock.since_question_ms
            if isinstance(event, SoundPiece):
                first_audio_ms = clock.since_question_ms if first_audio_ms is None else first_audio_ms
                seconds += event.sound.seconds
            yield event
        self._mind.experience.learn(delivery.text_ids, delivery.groups * GROUP_SECONDS)
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
        context, layout = self.hearings[0].context, self._layout
        length = len(context.ids)
        instruction = self._mind.tokenizer.encode(self._mind.manifest.dictation)
        context.read([layout.eot, *self._human, *instruction, *self._assistant])
        ids: list[int] = []
        for token_id in context.decode(0, self._longest(len(self.heard))):
            ids.append(token_id)
            yield None
        context.rewind(length)
        yield self._mind.words_of(ids)

    def _thoughts(self, beginning: Beginning, delivery: Delivery) -> Iterator[AnswerEvent | None]:
        """The answer; or, where the model is not sure of how it would begin, what says so."""
        manifest = self._mind.manifest
        if manifest.declines and manifest.least_sure and not self.manner.in_role:
            sure = yield from undoubted(beginning, self._mind, self._head, self._beginning)
            if sure is None:
                words = self._mind.tokenizer.encode(manifest.declines)
                yield from Recital(self._layout, beginning.hearing.context, beginning.opening, words, delivery).events(self.manner.seed)
                return
            beginning = sure
        begun, rest = beginning.ids()
        for token_id in chain(begun, delivery.timed(rest)):
            yield from delivery.take(token_id)
            yield None
        yield from delivery.finish()

    def _longest(self, wished: int | None) -> int:
        manifest = self._mind.manifest
        room = manifest.context_tokens - max(len(hearing.context.ids) for hearing in self.hearings)
        return max(0, min(manifest.sampling.max_tokens, room, room if wished is None else wished))

    def _new_delivery(self) -> Delivery:
        manner, mind = self.manner, self._mind
        performer = None if manner.silent else Performer(mind.voice, mind.manifest, manner.voice, manner.seed, mind.workshop)
        return Delivery(mind.tokenizer, self._layout, performer, manner.style, labels=mind.manifest.labels, tools=manner.tools)

    def _counts(self, delivery: Delivery) -> TokenCounts:
        layout, groups = self._layout, delivery.groups
        return TokenCounts(len(self.heard), delivery.text_ids, groups * layout.linguistic_per_group, groups * layout.semantic_per_group)

    def _end(self, hearing: Hearing, *, supposed: bool) -> None:
        owed = hearing.owed(self._layout, supposed=supposed)
        if owed is None:
            return
        if hearing is self.hearings[0]:
            self._make_room(max(LAST_GROUPS * self._layout.group_size, len(owed)) + len(self._marks[1]))
        hearing.end(owed, self._marks[1])

    def _add(self, ids: Sequence[int]) -> None:
        self._make_room(len(ids))
        self.hearings[0].add(ids)

    def _make_room(self, more: int) -> None:
        """If more would not fit any longer beside an answer, forget of the oldest turns and read the rest again."""
        if spare(self._mind, len(self._head) + len(self.heard) + more) >= 0:
            return
        self._fit(more, usual_room(self._mind))
        self.begin()

    def _fit(self, more: int, room: int, *, strict: bool = False) -> None:
        """Choose what stands before the question, with `more` ids of it to come at once and, if it can be had, `room` for others."""
        self._head = preface(self._mind, self.manner, self._turns, len(self.heard) + more, room, strict=strict)

    def _marks_of_heard(self) -> tuple[list[int], list[int]]:
        start, end = self._layout.audio_start, self._layout.audio_end
        if self._mind.manifest.chat.marks_heard_speech and start is not None and end is not None:
            return [start], [end]
        return [], []
