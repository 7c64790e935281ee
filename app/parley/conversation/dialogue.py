"""The conversation as a state machine: who has the floor, what the engine knows, and what is kept (DESIGN §2).

Everything happens on one thread. Three things come in: what the user does, what the sound card tells (`sound_news`), and what the
engine says (`engine_news`). A turn is a number: what belongs to an older response, or to an older number at the desk, is not listened to.
"""

import asyncio
import collections
from collections.abc import Callable
from dataclasses import replace

from parley.conversation.archive import Archive
from parley.conversation.character import Character
from parley.conversation.desk import Desk
from parley.conversation.events import (
    Activity,
    Asked,
    CharacterChanged,
    EngineState,
    Event,
    StateChanged,
    Stumbled,
    StyleChanged,
    Understood,
)
from parley.conversation.floor import activity
from parley.conversation.history import now
from parley.conversation.items import Items
from parley.conversation.listening import Listening, Utterance
from parley.conversation.offer import Offer
from parley.conversation.recital import Recital
from parley.conversation.session import item_name, manner, message, opening, reminders
from parley.conversation.speaking import QUIET, Sounding, Speaking
from parley.conversation.tools import TOOLS
from parley.conversation.turns import Turn
from parley.conversation.waiting import Question
from parley.conversation.waveform import Peaks
from parley_models.pcm import AudioChunk
from parley_models.realtime.events import (
    FromClient,
    InputAudioClear,
    InputAudioCommit,
    ItemCreate,
    ItemDelete,
    ResponseCancel,
    ResponseCreate,
    ResponseWish,
)
from parley_models.style import Style

COMMIT = "commit-"
"""So begins the id of what hands sound over; the engine tells it if it refuses."""

ASK = "ask-"
"""So begins the id of what asks for an answer; behind either stands the turn's number."""

TAKES_QUESTIONS = frozenset({EngineState.READY, EngineState.ASLEEP, EngineState.FAILED})
"""Who sleeps is woken by one, and who could not load its model tries again."""


class Dialogue:
    """One conversation with one user. All methods on the conversation's thread."""

    def __init__(
        self,
        desk: Desk,
        send: Callable[[FromClient], None],
        tell: Callable[[Event], None],
        archive: Archive,
        style: Style,
        threshold: float,
        silence_ms: int,
    ) -> None:
        self.archive = archive
        self.items = Items()
        self.offer: Offer | None = None
        """What the engine offers; None while there is none."""

        self.engine = EngineState.STARTING
        self.style = style
        self.character: Character | None = None
        self.question: Question | None = None
        """What the engine was asked."""

        self._waiting: collections.deque[Question] = collections.deque()
        """What was asked while no engine could answer, in order."""

        self.answered: int | None = None
        """The question that the last answer was for."""

        self.ducked = False
        self.listening = Listening(desk, send, self, threshold, silence_ms)
        self.speaking = Speaking(desk, send, tell, archive.keep, self._over, self._pace)
        self.recital = Recital(self.speaking, archive, self.items, send, tell, self)
        self.send = send
        self.tell = tell
        self.waiting_for: int | None = None
        """The turn whose answer is the next response that nobody asked for by name."""

        self._goes_on = False
        """What sounds called a tool: the answer goes on when it has been heard."""

        self._commits: collections.deque[int | None] = collections.deque()
        """Turns whose sound was handed over and has no name yet, in order. By the time it has one, something else may have been asked.
        None = of a conversation that is not open any more."""

        self._corrections = 0
        self._state: StateChanged | None = None

    def close(self) -> None:
        """Silence; what is being said is kept as far as it was heard."""
        self.listening.close()
        self.speaking.cut()

    @property
    def speaker(self) -> str:
        """Who answers now, by name; empty = Parley itself, also in place of a character that the engine can't play."""
        played = self.character is not None and (self.offer is None or not self.character.unplayable(self.offer))
        return self.character.name if self.character is not None and played else ""

    @property
    def ready(self) -> bool:
        """Whether the engine can be asked now."""
        return self.offer is not None and self.engine in TAKES_QUESTIONS

    # From the user

    def interrupt(self) -> None:
        """Esc."""
        if not self.listening.take_back():
            self.recital.forget()
            self.speaking.hush()
            self._silence()
            if self._waiting:
                self._waiting.clear()
                self.stumbled("What you asked and was not answered yet is taken back. Ask it again if you like.")
        self.changed()

    def set_style(self, style: Style) -> None:
        """How the next answers sound."""
        self.style = style
        self.tell(StyleChanged(style))
        self._send_manner()

    def set_character(self, character: Character | None, *, greets: bool = True) -> None:
        """Who answers."""
        self.character = character
        self.archive.character = character.name if character else ""
        self.tell(CharacterChanged(character))
        self.set_style(character.style if character else Style())
        if character is not None:
            self.recital.introduce(character, greets=greets and not self.archive.kept)

    def correct(self, number: int, text: str) -> None:
        """What the user really said: kept, and put in the place of what the engine heard."""
        turn = self.archive.turn(number)
        if turn is None or turn.side != "human" or not text.strip():
            return
        turn = replace(turn, heard_as=text.strip(), corrected=True)
        self.archive.keep(turn)
        self.tell(Understood(number, text.strip(), corrected=True))
        before = self.items.before(number)
        if (wrong := self.items.drop(number)) is not None:
            self._corrections += 1
            right = f"turn-{number}-{self._corrections}"
            self.send(ItemCreate(previous_item_id=before or "root", item=message(right, "user", text.strip())))
            self.send(ItemDelete(item_id=wrong, event_id=f"{QUIET}-correct"))
            self.items.add(right, number)

    def show(self) -> None:
        """Another conversation was opened: the engine forgets the old one and is reminded of this one."""
        self.question = None
        self._waiting.clear()
        self.recital.take_back()
        self._commits = collections.deque(None for _ in self._commits)
        for name in self.items.forget():
            self._delete(name)
        self._remind()

    # From the engine

    def engine_there(self, offer: Offer) -> None:
        """A session that knows nothing: it is told who answers and what was said. What waits for an answer is asked when it is ready."""
        self.offer = offer
        self.items.forget()
        self._commits.clear()
        self.recital.take_back()
        self.send(opening(offer, TOOLS))
        self._send_manner()
        self._remind()
        self.listening.engine_there()
        self.changed()

    def engine_gone(self) -> None:
        """The session is lost, nothing of the conversation is."""
        self.offer = None
        self.waiting_for = None
        self.listening.engine_gone()
        current = self.speaking.current
        sounded = current is not None and current.purpose == "answer" and bool(current.chunks)
        self.speaking.abandon()
        if self.question is not None and not sounded:  # else it has its answer, even if a part is missing
            self._waiting.appendleft(self.question)
        self.question = None
        self.changed()

    # What the user says

    def floor_taken(self) -> None:
        """Silence, for good. A question that an engine is still too busy with itself to answer was not interrupted, and goes on waiting."""
        current = self.speaking.current
        is_heard = current is not None and (current.to is None or bool(current.chunks))
        if self.ready or self.question is None or is_heard:
            self._silence()

    def _silence(self) -> None:
        self.question = None
        if self.waiting_for is not None or self.recital.is_awaited:  # it is being thought of and has no name yet
            self.waiting_for = None
            self.send(ResponseCancel(event_id=f"{QUIET}-cancel"))
        self.recital.take_back()
        self.speaking.cut()

    def floor_wanted(self) -> None:
        """Silence, for now."""
        self.speaking.hold()

    def floor_returned(self) -> None:
        """Go on."""
        self.speaking.resume()

    def asked(self, said: Utterance, item_id: str | None) -> None:
        """A spoken turn is over."""
        seconds = round(sum(chunk.seconds for chunk in said.chunks), 3)
        turn = Turn(self.archive.next_turn(), "human", said.text, seconds=seconds, waveform=Peaks(said.chunks).waveform(), at=now())
        turn = self.archive.keep_sound(turn, said.chunks)
        question = self._new_question(turn, said.chunks)
        if item_id is not None:  # the engine has it, and answers by itself
            self.question = question
            self.items.add(item_id, turn.number)
            self._add_typed(question)
            self.waiting_for = turn.number
        elif self.ready and self.question is None and not self._waiting:  # it has the sound
            self._commit(question)
        else:
            self.send(InputAudioClear())
            self._waiting.append(question)
        self.changed()

    def typed(self, text: str) -> None:
        """A typed turn."""
        if not text:
            return
        self.floor_taken()
        self._waiting.append(self._new_question(Turn(self.archive.next_turn(), "human", text, at=now()), []))
        self.changed()

    def stumbled(self, message: str) -> None:
        """Something the user should know."""
        self.tell(Stumbled(message))

    def changed(self) -> None:
        """If nobody speaks, ask or say what had to wait; tell the state if it is another one."""
        heard = self.listening
        current = self.speaking.current
        silent = heard.utterance is None and not self.recital.is_awaited and (current is None or current.purpose == "replay")
        if self._waiting and silent and self.ready and self.question is None:
            self._ask(self._waiting.popleft())
        what = activity(heard, self.speaking.current, asked=self.question is not None or bool(self._waiting))
        state = StateChanged(what, heard.open, heard.muted, heard.held, self.ducked and what is Activity.SPEAKING)
        if state != self._state:
            self._state = state
            self.tell(state)
        if what is Activity.IDLE:
            self.recital.catch_up()

    def committed(self, item_id: str) -> None:
        """Sound that was handed over became an item."""
        if not self._commits:
            return
        turn = self._commits.popleft()
        if turn is None:
            self._delete(item_id)
        else:
            self.items.add(item_id, turn)

    def not_committed(self, turn: str, why: str) -> None:
        """It became none: if nothing was typed beside it, there is nothing to be answered."""
        if self._commits:
            self._commits.popleft()
        question = self.question
        if question is not None and str(question.turn.number) == turn and not question.turn.text:
            self.give_up(why)
        else:
            self.stumbled(why)

    def not_asked(self, turn: str, why: str) -> None:
        """An answer was refused; by now it may be wanted to another question, which is asked by itself."""
        if self.question is None or str(self.question.turn.number) == turn:
            self.give_up(why)

    def answer_begins(self, response_id: str, metadata: dict[str, str]) -> None:
        """A response was created: ours if somebody here waits for it."""
        named = int(number) if (number := metadata.get("turn", "")).isdecimal() else None
        if named is not None and self.recital.begins(named, response_id):
            return
        if named is None and self.waiting_for is not None and metadata.get("question") in {None, str(self.waiting_for)}:
            end = self.question.end if self.question is not None else None
            turn = Turn(self.archive.next_turn(), "assistant", style=self.style, at=now(), speaker=self.speaker)
            self.speaking.begin(turn, self.waiting_for, "answer", response_id=response_id, question_end=end)
            self.answered, self.waiting_for = self.waiting_for, None
        else:  # to a question that was taken back, or words that are not wanted any more
            self.send(ResponseCancel(response_id=response_id, event_id=f"{QUIET}-cancel"))
        self.changed()

    def answer_again(self) -> None:
        """The model goes on after a tool: another response answers the same question, when what it said first has been heard."""
        self.waiting_for = self.answered
        self._goes_on = self.speaking.sounds
        if not self._goes_on:
            self._want_more()

    def _want_more(self) -> None:
        if self.waiting_for is not None:
            self.send(ResponseCreate(response=ResponseWish(metadata={"question": str(self.waiting_for)})))

    def give_up(self, trouble: str) -> None:
        """The question gets no answer."""
        turn = self.question.turn.number if self.question is not None else None
        self.question = self.waiting_for = None
        self.tell(Stumbled(trouble, turn))
        self.changed()

    def _new_question(self, turn: Turn, chunks: list[AudioChunk]) -> Question:
        self.archive.keep(turn)
        self.tell(Asked(turn))
        return Question(turn, chunks, asyncio.get_running_loop().time())

    def _ask(self, question: Question) -> None:
        """Ask what the engine has nothing of."""
        if question.chunks:
            self.listening.repeat(question.pieces(), lambda: self._commit(question))
            return
        name = item_name(question.turn.number)
        self.send(ItemCreate(item=message(name, "user", question.turn.text)))
        self.items.add(name, question.turn.number)
        self._want_answer(question)

    def _commit(self, question: Question) -> None:
        """The sound is with the engine: it becomes an item, beside what was typed."""
        self._add_typed(question)
        self.send(InputAudioCommit(event_id=f"{COMMIT}{question.turn.number}"))
        self._commits.append(question.turn.number)
        self._want_answer(question)

    def _add_typed(self, question: Question) -> None:
        """What was typed beside a spoken question: an item of its own, while the turn is called after its sound."""
        if question.turn.text:
            name = item_name(question.turn.number)
            self.send(ItemCreate(item=message(name, "user", question.turn.text)))
            self.items.add_other(name)

    def _want_answer(self, question: Question) -> None:
        self.question, number = question, question.turn.number
        self.waiting_for = number
        self.send(ResponseCreate(event_id=f"{ASK}{number}", response=ResponseWish(metadata={"question": str(number)})))

    def _send_manner(self) -> None:
        if self.offer is not None:
            self.send(manner(self.offer, self.style, self.character))

    def _remind(self) -> None:
        """Tell the engine what was said, all but what is to be asked."""
        if self.offer is None:
            return
        asking = {question.turn.number for question in self._waiting}
        for reminder in reminders((kept for kept in self.archive.kept if kept.turn.number not in asking), self.offer):
            self.send(reminder)
            if reminder.item.id is not None:
                self.items.add(reminder.item.id, int(reminder.item.id.removeprefix("turn-")))

    def _pace(self, style: Style) -> float:
        return style.rate if self.offer is None else self.offer.controls.prosody(style).rate

    def _delete(self, name: str) -> None:
        self.send(ItemDelete(item_id=name, event_id=f"{QUIET}-forget"))

    def _over(self, said: Sounding, turn: Turn) -> None:
        """An answer has been heard, as far as it was."""
        self.ducked = False
        if said.chunks and said.purpose != "replay":
            self.archive.keep_answer(turn, said.chunks, more=said.purpose == "rest")
        elif said.chunks and self.archive.sounds.of(turn.number, turn.sound) is None:  # an old answer, made again to be heard again
            self.archive.sounds.remember(turn.number, said.chunks)
        if said.purpose == "answer" and not self.waiting_for:
            self.question = None  # also if it was empty: nothing else comes
        if self._goes_on:
            self._goes_on = False
            self._want_more()
        self.changed()
