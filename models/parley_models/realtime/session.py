"""One client's conversation, on the server's loop: what it says is checked here and becomes work; what becomes of it is told from here."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import Any

from parley_models.answer import AnswerEvent, SoundPiece
from parley_models.errors import EngineError, InputError, ParleyError, UsageError
from parley_models.live_clock import LiveClock
from parley_models.realtime import client_events as said
from parley_models.realtime import server_events as told
from parley_models.realtime.ear import Ear, TurnEnd
from parley_models.realtime.engine import Engine
from parley_models.realtime.events import EventRefused, pcm_of, read_client_event
from parley_models.realtime.incoming import known_tokens, sounding_parts, stored
from parley_models.realtime.ledger import StoredItem, new_id
from parley_models.realtime.link import Link, error_body
from parley_models.realtime.objects import Item, ParleyResponse, ResponseWish
from parley_models.realtime.responding import Reason, Responding
from parley_models.realtime.thinker import End, Opening

SHORTEST_COMMIT_MS = 100
"""Less sound than this is no question."""

CUTS = (said.InputAudioCommit, said.InputAudioClear, said.SessionUpdate)
"""What is about the sound before it, and not about what comes behind."""

logger = logging.getLogger(__name__)


class Session:
    """One conversation. Everything here runs on the loop; `close` ends it."""

    def __init__(self, engine: Engine, send: Callable[[told.FromServer], None]) -> None:
        """`send` takes events in order and never waits."""
        self.id = new_id("sess")
        self._link = Link(engine, send)
        self._ear = Ear(self._link, self._turn_began, self._turn_ended, self._go_on)
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[said.ClientEvent] = deque()
        """What came while a turn was being cut."""

        self._unanswered: TurnEnd | None = None
        """Of the last spoken turn, until it is answered."""

        self._spoken: StoredItem | None = None
        """The last item that came as sound, until it was answered."""

        self._response: Responding | None = None
        self._sounding_until_s = 0.0
        self._on: dict[type, Callable[[Any], None]] = {
            said.SessionUpdate: self._update,
            said.InputAudioAppend: self._append,
            said.InputAudioCommit: self._commit,
            said.InputAudioClear: self._clear,
            said.ItemCreate: self._create_item,
            said.ItemTruncate: self._truncate,
            said.ItemDelete: self._delete,
            said.ItemRetrieve: self._retrieve,
            said.ResponseCreate: self._create_response,
            said.ResponseCancel: self._cancel_response,
            said.Ping: self._ping,
        }
        self._stop_watching = engine.watch(self._engine_changed)

    def begin(self) -> None:
        """Say hello."""
        self._link.send(told.SessionCreated(session=self._link.preferences.wire(self.id, self._link.engine.bundle)))
        self._tell_state(self._link.engine.state, self._link.engine.message)

    def close(self) -> None:
        """The client is gone: what runs for it stops at its next step."""
        self._stop_watching()
        self._ear.close()
        if self._response is not None:
            self._response.ticket.cancelled = True
            self._response.over = True
        self._link.close()

    def take(self, message: str | bytes) -> None:
        """A message from the client; trouble with it becomes an `error` event and the session goes on."""
        try:
            event = read_client_event(message)
        except EventRefused as error:
            self._link.complain(error, event_id=error.event_id, param=error.param)
            return
        if self._ear.is_cutting and not self._passes(event):
            self._waiting.append(event)
        else:
            self._act(event)

    def _passes(self, event: said.ClientEvent) -> bool:
        """Whether it may be acted on before what waits. Sound keeps its order with a cut under way on the listening thread."""
        match event:
            case said.Ping():
                return True
            case said.InputAudioAppend():
                return not any(isinstance(each, CUTS) for each in self._waiting)
            case said.ResponseCancel():
                return not self._asks_waiting
            case _:
                return False

    @property
    def _asks_waiting(self) -> bool:
        """An answer was asked for and not begun: who cancels now means that one too."""
        return any(isinstance(each, said.ResponseCreate) for each in self._waiting)

    def _go_on(self) -> None:
        while self._waiting and not self._ear.is_cutting:
            self._act(self._waiting.popleft())

    def _act(self, event: said.ClientEvent) -> None:
        try:
            self._on[type(event)](event)
        except ParleyError as error:
            self._link.complain(error, event_id=event.event_id)
        except Exception:
            logger.exception("A client's event failed.")
            self._link.complain(EngineError("The engine stumbled over this event; the log says where."), event_id=event.event_id)

    def _ping(self, _event: said.Ping) -> None:
        self._link.send(told.Pong(working_s=round(self._link.engine.working_s, 3), heard_s=round(self._ear.heard_s, 3)))

    # Settings

    def _update(self, event: said.SessionUpdate) -> None:
        link = self._link
        link.preferences = link.preferences.changed(event.session, link.engine.bundle)
        self._ear.preferences_changed()
        link.send(told.SessionUpdated(session=link.preferences.wire(self.id, link.engine.bundle)))

    # Sound

    def _append(self, event: said.InputAudioAppend) -> None:
        self._ear.append(pcm_of(event.audio), answer_sounds=self._loop.time() < self._sounding_until_s)

    def _commit(self, event: said.InputAudioCommit) -> None:
        self._unanswered = self._ear.commit(event.event_id)
        self._spoken = self._unanswered.item

    def _clear(self, _event: said.InputAudioClear) -> None:
        self._ear.clear()
        self._link.send(told.InputAudioCleared())

    def _turn_began(self) -> None:
        detection = self._link.preferences.turn_detection
        if detection is None or detection.interrupt_response is not False:
            self._sounding_until_s = 0.0
            self._stop_response("turn_detected")

    def _turn_ended(self, end: TurnEnd) -> None:
        self._unanswered, self._spoken = end, end.item
        detection = self._link.preferences.turn_detection
        if detection is None or detection.create_response is not False:
            self._stop_response("turn_detected")
            self._respond(ResponseWish())

    # Items

    def _create_item(self, event: said.ItemCreate) -> None:
        item = stored(event.item)
        parts = sounding_parts(event.item, item, self._link.ledger)
        before = self._link.ledger.add(item, event.previous_item_id)
        self._link.send(told.ItemAdded(item=item.wire(), previous_item_id=before))
        if item.kind == "system":
            self._link.item_done(item)
            return
        if item.kind == "user" and item.spoken:
            self._spoken = item
        known = known_tokens(event.item)
        done = self._link.item_heard if item.spoken and not known else self._link.item_done
        work = self._link.thinker.settle(self._link.plan(), item, parts, known, done)
        self._link.work(work, self._link.item_failed, item)

    def _truncate(self, event: said.ItemTruncate) -> None:
        item = self._link.ledger[event.item_id]
        if item.kind != "assistant":
            raise InputError("Only an answer can be truncated.")
        self._sounding_until_s = 0.0
        if self._response is not None and self._response.item is item:
            self._stop_response("client_cancelled")

        def done(cut: StoredItem) -> None:
            self._link.send(told.ItemTruncated(item_id=cut.id, audio_end_ms=event.audio_end_ms, parley=cut.memory()))

        tools = [tool.name for tool in self._link.preferences.tools]
        self._link.work(self._link.thinker.truncate(item, event.audio_end_ms, tools, done))

    def _delete(self, event: said.ItemDelete) -> None:
        item = self._link.ledger[event.item_id]
        if self._response is not None and self._response.item is item:
            self._stop_response("client_cancelled")
        self._link.ledger.remove(item.id)
        if self._spoken is item:
            self._spoken = None
        self._link.send(told.ItemDeleted(item_id=item.id))

    def _retrieve(self, event: said.ItemRetrieve) -> None:
        self._link.send(told.ItemRetrieved(item=self._link.ledger[event.item_id].wire(memory=True)))

    # Responses

    def _create_response(self, event: said.ResponseCreate) -> None:
        if self._response is not None:
            raise UsageError("An answer is already on its way; cancel it first.")
        self._respond(event.response or ResponseWish())

    def _respond(self, wish: ResponseWish) -> None:
        apart = wish.conversation == "none" or wish.input is not None
        again = None if wish.parley is None else wish.parley.say_again
        plan = self._link.plan(wish)
        ended, self._unanswered = self._unanswered or TurnEnd(LiveClock(), self._link.thinker.ids_read), None
        clock = ended.clock
        ledger = None if apart or again is not None else self._link.ledger
        item = StoredItem(new_id("item"), "assistant", spoken=not plan.silent, style=plan.style, finished=False)
        response = Responding(self._link.send, item, ledger, self.id, plan.style, plan.silent, wish.metadata, ended.endpoint_ms)

        def on_end(end: End) -> None:
            self._response_ended(response, end)

        def on_piece(event: AnswerEvent, opening: Opening | None) -> None:
            response.piece(event, opening)
            if isinstance(event, SoundPiece) and not response.over:
                self._sounding_until_s = max(self._sounding_until_s, self._loop.time()) + event.sound.seconds

        link, thinker = self._link, self._link.thinker
        if again is not None:
            source = link.ledger[again.item_id]
            style = None if again.style is None else link.plan(ResponseWish(parley=ParleyResponse(style=again.style))).style
            response.style = style or source.style
            work = thinker.say_again(source, style, again.from_ms, response.ticket, clock, on_piece, on_end, link.item_done)
        elif apart:
            items = None if wish.input is None else [self._apart(each) for each in wish.input]
            work = thinker.answer_apart(plan, items, item, response.ticket, clock, on_piece, on_end)
        else:
            work = thinker.answer(plan, item, self._spoken, response.ticket, clock, ended.ids_read, on_piece, on_end, link.item_written)
            self._spoken = None
        self._response = response
        response.begin()
        self._link.work(work, self._response_failed, response)

    def _apart(self, item: Item) -> StoredItem:
        made = stored(item)
        parts = sounding_parts(item, made, self._link.ledger)
        known = known_tokens(item)
        if known or any(not isinstance(part, str) for part in parts):
            raise InputError("An answer outside the conversation takes written items only.")
        made.text = " ".join(str(part) for part in parts)
        return made

    def _cancel_response(self, event: said.ResponseCancel) -> None:
        if self._response is None or event.response_id not in {None, self._response.id}:
            raise UsageError("There is no such answer on its way.")
        self._sounding_until_s = 0.0
        self._stop_response("client_cancelled")

    def _stop_response(self, reason: Reason) -> None:
        response, self._response = self._response, None
        if response is not None:
            response.ticket.cancelled = True
            response.end("cancelled", reason=reason)

    def _response_ended(self, response: Responding, end: End) -> None:
        if response.over:
            response.kept()
            return
        limited = end.limit_reached
        response.end("incomplete" if limited else "completed", reason="max_output_tokens" if limited else None, end=end)
        response.kept()
        if self._response is response:
            self._response = None
        self._link.work(self._link.thinker.prepare(self._link.plan()))
        sound = response.sound
        if sound is not None and end.answered is not None:
            self._link.work(self._link.thinker.measure(response.item, sound, self._measured))

    def _measured(self, item: StoredItem, asked: dict[str, str | float], achieved: dict[str, float | str | None]) -> None:
        self._link.send(told.StyleMeasured(item_id=item.id, asked=asked, achieved=achieved))

    # Trouble

    def _response_failed(self, error: ParleyError, response: Responding) -> None:
        body = error_body(error)
        if not response.over:
            response.end("failed", error=body)
        if self._response is response:
            self._response = None
        self._link.complain(error)

    def _engine_changed(self, state: told.EngineState, message: str | None) -> None:
        if state == "unloaded":
            self._link.thinker.let_go()
        self._link.tell(self._tell_state, state, message)

    def _tell_state(self, state: told.EngineState, message: str | None) -> None:
        event = told.EngineStateChanged(state=state, bundle=self._link.engine.bundle.manifest.name)
        self._link.send(event if message is None else event.model_copy(update={"message": message}))
