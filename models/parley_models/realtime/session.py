"""One client's conversation, on the server's loop: what it says is checked here and becomes work; what becomes of it is told from here."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from parley_models.answer import AnswerEvent, SoundPiece
from parley_models.assistant import HEARING_HZ
from parley_models.errors import EngineError, InputError, ParleyError, UsageError
from parley_models.hearing.listener import Microphone
from parley_models.hearing.turn_taking import Began, Ended, News, Paused, Resumed, Sound, TurnTaking
from parley_models.live_clock import LiveClock
from parley_models.realtime import client_events as said
from parley_models.realtime import server_events as told
from parley_models.realtime.engine import Engine
from parley_models.realtime.events import EventRefused, pcm_of, read_client_event
from parley_models.realtime.incoming import known_tokens, sounding_parts, stored
from parley_models.realtime.ledger import Ledger, StoredItem, new_id
from parley_models.realtime.objects import WIRE_RATE_HZ, ErrorBody, Item, ResponseWish
from parley_models.realtime.preferences import Preferences, modalities, style_of
from parley_models.realtime.responding import Reason, Responding
from parley_models.realtime.thinker import End, Opening, Plan, Thinker, Ticket

SHORTEST_COMMIT_MS = 100
"""Less sound than this is no question."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TurnEnd:
    """When a turn ended."""

    clock: LiveClock
    ids_read: int
    """How many ids the model had read by then."""

    endpoint_ms: float | None = None
    """How much silence the decision took."""


class Session:
    """One conversation. Everything here runs on the loop; `close` ends it."""

    def __init__(self, engine: Engine, send: Callable[[told.FromServer], None]) -> None:
        """`send` takes events in order and never waits."""
        self.id = new_id("sess")
        self._engine = engine
        self._send = send
        self._loop = asyncio.get_running_loop()
        self._closed = False
        self._ledger = Ledger()
        self._thinker = Thinker(engine, self._ledger, self._tell)
        self._preferences = Preferences()
        self._clock_base = 0  # samples of microphones before this one
        self._microphone = self._new_microphone()
        self._uncommitted = 0  # bytes
        self._turn: str | None = None
        """Item id of the turn that is being spoken."""

        self._cuts = 0
        """Turns being cut by the listening thread right now; what the client says meanwhile waits."""

        self._waiting: deque[tuple[said.ClientEvent, str | None]] = deque()
        self._deaf = False
        """The turn ran into trouble: its sound is ignored until it ends."""

        self._ahead = Ticket()
        self._spoken: StoredItem | None = None
        """The last item that came as sound, until it was answered."""

        self._turn_ended: TurnEnd | None = None
        """Of the last turn, until it is answered."""

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
        }
        self._stop_watching = engine.watch(self._engine_changed)

    def begin(self) -> None:
        """Say hello."""
        self._send(told.SessionCreated(session=self._preferences.wire(self.id, self._engine.bundle)))
        self._tell_state(self._engine.state, self._engine.message)

    def close(self) -> None:
        """The client is gone: what runs for it stops at its next step."""
        self._closed = True
        self._stop_watching()
        self._ahead.cancelled = True
        if self._response is not None:
            self._response.ticket.cancelled = True
            self._response.over = True
        self._engine.compute.submit(self, self._forget())

    def take(self, message: str | bytes) -> None:
        """A message from the client; trouble with it becomes an `error` event and the session goes on."""
        try:
            event = read_client_event(message)
        except EventRefused as error:
            self._complain(error, event_id=error.event_id, param=error.param)
            return
        at_once = isinstance(event, said.InputAudioAppend | said.ResponseCancel)  # sound keeps its order on the listening thread
        if self._cuts and not at_once:
            self._waiting.append((event, event.event_id))
        else:
            self._act(event, event.event_id)

    def _act(self, event: said.ClientEvent, event_id: str | None) -> None:
        try:
            self._on[type(event)](event)
        except ParleyError as error:
            self._complain(error, event_id=event_id)
        except Exception:
            logger.exception("A client's event failed.")
            self._complain(EngineError("The engine stumbled over this event; the log says where."), event_id=event_id)

    # Settings

    def _update(self, event: said.SessionUpdate) -> None:
        before = self._preferences
        self._preferences = before.changed(event.session, self._engine.bundle)
        if (before.turn_detection is None) != (self._preferences.turn_detection is None):
            self._clear_sound()
            self._clock_base += self._microphone.turn_taking.now
            self._microphone = self._new_microphone()
        self._microphone.turn_taking.settings = self._preferences.hearing
        self._send(told.SessionUpdated(session=self._preferences.wire(self.id, self._engine.bundle)))

    def _plan(self, wish: ResponseWish | None = None) -> Plan:
        preferences = self._preferences
        style, system, silent = preferences.spoken_style(self._engine.bundle), preferences.system, preferences.modalities == ("text",)
        seed, longest = preferences.seed, preferences.longest
        if wish is not None:
            ours = wish.parley
            if ours is not None and ours.style is not None:
                style = replace(preferences, style=style_of(ours.style)).spoken_style(self._engine.bundle)
            seed = ours.seed if ours is not None and ours.seed is not None else seed
            if wish.instructions is not None:
                system = replace(preferences, instructions=wish.instructions).system
            if wish.output_modalities is not None:
                silent = modalities(wish.output_modalities) == ("text",)
            longest = wish.max_output_tokens if isinstance(wish.max_output_tokens, int) else longest
        tools = () if preferences.tool_choice == "none" else tuple((tool.name, tool.description) for tool in preferences.tools)
        return Plan(style, system, seed, tools, silent, longest)

    # Sound

    def _new_microphone(self) -> Microphone:
        manual = self._preferences.turn_detection is None
        return Microphone(TurnTaking(self._engine.detector(), self._preferences.hearing, manual=manual), WIRE_RATE_HZ)

    def _append(self, event: said.InputAudioAppend) -> None:
        pcm = pcm_of(event.audio)
        self._uncommitted += len(pcm)
        microphone = self._microphone
        microphone.turn_taking.answer_sounds = self._loop.time() < self._sounding_until_s
        self._listen(microphone, lambda: microphone.hear(pcm), self._hear_news)

    def _commit(self, _event: said.InputAudioCommit) -> None:
        if self._uncommitted < SHORTEST_COMMIT_MS * WIRE_RATE_HZ * 2 // 1_000:
            raise InputError(f"There is no sound to commit: a question takes {SHORTEST_COMMIT_MS} ms at least.")
        self._uncommitted = 0
        self._turn_ended = TurnEnd(LiveClock(), self._thinker.ids_read)
        item = StoredItem(self._turn or new_id("item"), "user", spoken=True)
        before = self._ledger.add(item)
        self._spoken = item

        def committed(microphone_now: Microphone, news: Sequence[News]) -> None:
            self._hear_news(microphone_now, news)
            self._turn_over(item, before)

        self._cut(committed)

    def _clear(self, _event: said.InputAudioClear) -> None:
        self._clear_sound()
        self._send(told.InputAudioCleared())

    def _clear_sound(self) -> None:
        self._uncommitted = 0
        self._deaf = True  # what is still on its way from the listening thread

        def cleared(_microphone: Microphone, _news: Sequence[News]) -> None:
            self._deaf = False
            self._turn = None
            self._ahead.cancelled = True
            self._work(self._thinker.forget_sound())

        self._cut(cleared)

    def _cut(self, then: Callable[[Microphone, Sequence[News]], None]) -> None:
        """End the turn where the sound taken so far ends; what the client says next waits for that."""
        microphone = self._microphone
        self._cuts += 1

        def cut(microphone_then: Microphone, news: Sequence[News]) -> None:
            self._cuts -= 1
            then(microphone_then, news)
            while self._waiting and not self._cuts:
                self._act(*self._waiting.popleft())

        self._listen(microphone, microphone.cut, cut)

    def _listen(
        self, microphone: Microphone, work: Callable[[], Sequence[News]], then: Callable[[Microphone, Sequence[News]], None]
    ) -> None:
        def on_loop(news: Sequence[News] | Exception) -> None:
            if isinstance(news, Exception):
                self._complain(EngineError("Listening failed; the log says where."))
                news = []
            then(microphone, news)

        self._engine.listening.submit(work, lambda news: self._tell(on_loop, news))

    def _hear_news(self, microphone: Microphone, news: Sequence[News]) -> None:
        for each in news:
            if self._deaf and not isinstance(each, Ended):
                continue
            match each:
                case Began(at=at):
                    self._turn_begins(at)
                case Sound():
                    self._hear(microphone, each)
                case Paused(at=at):
                    self._ahead.cancelled = True
                    self._ahead = Ticket()
                    self._work(self._thinker.think_ahead(self._plan(), at, self._ahead, self._judge(microphone)))
                case Resumed():
                    self._ahead.cancelled = True
                case Ended(speech_end=speech_end, at=at):
                    self._turn_ends(speech_end, at)

    def _hear(self, microphone: Microphone, sound: Sound) -> None:
        if not sound.quiet:
            self._ahead.cancelled = True
        work = self._thinker.hear(self._plan(), sound.samples, sound.end, self._judge(microphone), quiet=sound.quiet)
        self._work(work, self._hearing_failed)

    @staticmethod
    def _judge(microphone: Microphone) -> Callable[[int, float | None], None]:
        def judged(end: int, complete: float | None) -> None:
            if end >= microphone.turn_taking.judged[0]:
                microphone.turn_taking.judged = (end, complete)

        return judged

    def _turn_begins(self, at: int) -> None:
        self._turn = new_id("item")
        detection = self._preferences.turn_detection
        interrupts = detection is None or detection.interrupt_response is not False
        self._send(told.SpeechStarted(item_id=self._turn, audio_start_ms=self._ms(at)))
        if interrupts:
            self._sounding_until_s = 0.0
            self._stop_response("turn_detected")

    def _turn_ends(self, speech_end: int, at: int) -> None:
        item = StoredItem(self._turn or new_id("item"), "user", spoken=True)
        self._send(told.SpeechStopped(item_id=item.id, audio_end_ms=self._ms(at)))
        self._uncommitted = 0
        self._turn_ended = TurnEnd(LiveClock(), self._thinker.ids_read, (at - speech_end) * 1_000 / HEARING_HZ)
        if self._deaf:
            self._deaf, self._turn = False, None
            return
        self._spoken = item
        self._turn_over(item, self._ledger.add(item))
        detection = self._preferences.turn_detection
        if detection is None or detection.create_response is not False:
            self._stop_response("turn_detected")
            self._respond(ResponseWish())

    def _turn_over(self, item: StoredItem, before: str | None) -> None:
        """A turn's sound is complete; its item stands in the conversation."""
        self._turn = None
        self._ahead.enough = True
        if self._deaf:  # it failed while it was heard; that was said
            self._deaf = False
            if item.id in self._ledger:
                self._ledger.remove(item.id)
            return
        self._send(told.InputAudioCommitted(item_id=item.id, previous_item_id=before))
        self._send(told.ItemAdded(item=item.wire(), previous_item_id=before))
        self._work(self._thinker.commit(item, self._committed), self._item_failed, item)

    def _committed(self, item: StoredItem) -> None:
        self._item_done(item)
        if item.text:
            self._written(item)

    def _written(self, item: StoredItem) -> None:
        self._send(told.InputTranscribed(item_id=item.id, transcript=item.text, usage={"type": "tokens", **_usage(item)}))

    def _ms(self, at: int) -> int:
        return (self._clock_base + at) * 1_000 // HEARING_HZ

    # Items

    def _create_item(self, event: said.ItemCreate) -> None:
        item = stored(event.item)
        parts = sounding_parts(event.item, item, self._ledger)
        before = self._ledger.add(item, event.previous_item_id)
        self._send(told.ItemAdded(item=item.wire(), previous_item_id=before))
        if item.kind == "system":
            self._item_done(item)
            return
        if item.kind == "user" and item.spoken:
            self._spoken = item
        known = known_tokens(event.item)
        heard_now = item.spoken and not known
        work = self._thinker.settle(self._plan(), item, parts, known, self._committed if heard_now else self._item_done)
        self._work(work, self._item_failed, item)

    def _item_done(self, item: StoredItem) -> None:
        if item.id in self._ledger:
            self._send(told.ItemDone(item=item.wire(memory=True), previous_item_id=self._ledger.before(item)))

    def _truncate(self, event: said.ItemTruncate) -> None:
        item = self._ledger[event.item_id]
        if item.kind != "assistant":
            raise InputError("Only an answer can be truncated.")
        self._sounding_until_s = 0.0
        if self._response is not None and self._response.item is item:
            self._stop_response("client_cancelled")

        def done(cut: StoredItem) -> None:
            self._send(told.ItemTruncated(item_id=cut.id, audio_end_ms=event.audio_end_ms, parley=cut.memory()))

        tools = [tool.name for tool in self._preferences.tools]
        self._work(self._thinker.truncate(item, event.audio_end_ms, tools, done))

    def _delete(self, event: said.ItemDelete) -> None:
        item = self._ledger[event.item_id]
        if self._response is not None and self._response.item is item:
            self._stop_response("client_cancelled")
        self._ledger.remove(item.id)
        if self._spoken is item:
            self._spoken = None
        self._send(told.ItemDeleted(item_id=item.id))

    def _retrieve(self, event: said.ItemRetrieve) -> None:
        self._send(told.ItemRetrieved(item=self._ledger[event.item_id].wire(memory=True)))

    # Responses

    def _create_response(self, event: said.ResponseCreate) -> None:
        if self._response is not None:
            raise UsageError("An answer is already on its way; cancel it first.")
        self._respond(event.response or ResponseWish())

    def _respond(self, wish: ResponseWish) -> None:
        apart = wish.conversation == "none" or wish.input is not None
        again = None if wish.parley is None else wish.parley.say_again
        plan = self._plan(wish)
        ended, self._turn_ended = self._turn_ended or TurnEnd(LiveClock(), self._thinker.ids_read), None
        clock = ended.clock
        ledger = None if apart or again is not None else self._ledger
        item = StoredItem(new_id("item"), "assistant", spoken=not plan.silent, style=plan.style, finished=False)
        response = Responding(self._send, item, ledger, self.id, plan.style, plan.silent, wish.metadata, ended.endpoint_ms)

        def on_end(end: End) -> None:
            self._response_ended(response, end)

        def on_piece(event: AnswerEvent, opening: Opening | None) -> None:
            response.piece(event, opening)
            if isinstance(event, SoundPiece) and not response.over:
                self._sounding_until_s = max(self._sounding_until_s, self._loop.time()) + event.sound.seconds

        if again is not None:
            source = self._ledger[again.item_id]
            style = (
                None if again.style is None else replace(self._preferences, style=style_of(again.style)).spoken_style(self._engine.bundle)
            )
            response.style = style or source.style
            work = self._thinker.say_again(source, style, again.from_ms, response.ticket, clock, on_piece, on_end)
        elif apart:
            items = None if wish.input is None else [self._apart(each) for each in wish.input]
            work = self._thinker.answer_apart(plan, items, item, response.ticket, clock, on_piece, on_end)
        else:
            work = self._thinker.answer(plan, item, self._spoken, response.ticket, clock, ended.ids_read, on_piece, on_end, self._written)
            self._spoken = None
        self._response = response
        response.begin()
        self._work(work, self._response_failed, response)

    def _apart(self, item: Item) -> StoredItem:
        made = stored(item)
        parts = sounding_parts(item, made, self._ledger)
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
        self._work(self._thinker.prepare(self._plan()))
        sound = response.sound
        if sound is not None and end.answered is not None:
            self._work(self._thinker.measure(response.item, sound, self._measured))

    def _measured(self, item: StoredItem, asked: dict[str, str | float], achieved: dict[str, float | None]) -> None:
        self._send(told.StyleMeasured(item_id=item.id, asked=asked, achieved=achieved))

    # Trouble

    def _hearing_failed(self, error: ParleyError) -> None:
        if not self._deaf:
            self._deaf = True
            self._complain(error)

    def _item_failed(self, error: ParleyError, item: StoredItem) -> None:
        if item.id in self._ledger:
            self._ledger.remove(item.id)
            self._send(told.ItemDeleted(item_id=item.id))
        self._complain(error)

    def _response_failed(self, error: ParleyError, response: Responding) -> None:
        body = _error_body(error)
        if not response.over:
            response.end("failed", error=body)
        if self._response is response:
            self._response = None
        self._complain(error)

    def _complain(self, error: ParleyError, *, event_id: str | None = None, param: str | None = None) -> None:
        details = {"event_id": event_id, "param": param}
        body = _error_body(error).model_copy(update={name: value for name, value in details.items() if value is not None})
        self._send(told.ErrorEvent(error=body))

    # Threads

    def _work(self, work: Any, failed: Callable[..., None] | None = None, *details: Any) -> None:  # noqa: ANN401 - handed through
        self._engine.compute.submit(self, self._thinker.guarded(work, failed or self._complain, *details))

    def _tell(self, callback: Callable[..., None], *news: Any) -> None:  # noqa: ANN401 - handed through
        """From another thread: call this on the loop, unless the session is over."""
        if not self._closed:
            self._loop.call_soon_threadsafe(self._take_news, callback, news)

    def _take_news(self, callback: Callable[..., None], news: tuple[Any, ...]) -> None:
        if not self._closed:
            callback(*news)

    def _engine_changed(self, state: told.EngineState, message: str | None) -> None:
        if state == "unloaded":
            self._thinker.let_go()
        self._tell(self._tell_state, state, message)

    def _tell_state(self, state: told.EngineState, message: str | None) -> None:
        event = told.EngineStateChanged(state=state, bundle=self._engine.bundle.manifest.name)
        self._send(event if message is None else event.model_copy(update={"message": message}))

    def _forget(self) -> Any:  # noqa: ANN401 - work
        self._thinker.let_go()
        yield


def _error_body(error: ParleyError) -> ErrorBody:
    ours = isinstance(error, EngineError) or not isinstance(error, UsageError | InputError)
    return ErrorBody(type="server_error" if ours else "invalid_request_error", code=_code(error), message=str(error))


def _code(error: ParleyError) -> str:
    """`UsageError` → `usage_error`."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in type(error).__name__).lstrip("_")


def _usage(item: StoredItem) -> dict[str, int]:
    heard = len(item.tokens)
    return {"input_tokens": heard, "output_tokens": 0, "total_tokens": heard}
