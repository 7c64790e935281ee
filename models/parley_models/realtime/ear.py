"""How a session hears: sound goes to the listening thread, news of turns come back and become work for the model."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from parley_models.assistant import HEARING_HZ
from parley_models.errors import EngineError, InputError, ParleyError
from parley_models.hearing.listener import Microphone
from parley_models.hearing.turn_taking import Began, Ended, News, Paused, Resumed, Sound, TurnTaking
from parley_models.live_clock import LiveClock
from parley_models.realtime import server_events as told
from parley_models.realtime.compute import Work
from parley_models.realtime.ledger import StoredItem, new_id
from parley_models.realtime.link import Link
from parley_models.realtime.objects import WIRE_RATE_HZ
from parley_models.realtime.thinker import Ticket

SHORTEST_COMMIT_MS = 100
"""Less sound than this is no question."""


@dataclass(frozen=True, slots=True)
class TurnEnd:
    """When a turn ended."""

    clock: LiveClock
    ids_read: int
    """How many ids the model had read by then."""

    item: StoredItem | None = None
    """What was said."""

    endpoint_ms: float | None = None
    """How much silence the decision took."""


Then = Callable[[Microphone, Sequence[News]], None]


class Ear:
    """One session's, on its loop."""

    def __init__(self, link: Link, began: Callable[[], None], ended: Callable[[TurnEnd], None], settled: Callable[[], None]) -> None:
        """Tell of speech that begins, of turns that ended by our own judgement, and when no cut is under way any more."""
        self._link = link
        self._tell_began = began
        self._tell_ended = ended
        self._tell_settled = settled
        self._clock_base = 0  # samples of microphones before this one
        self._microphone = self._new_microphone()
        self._uncommitted = 0  # bytes
        self._turn: str | None = None
        """Item id of the turn that is being spoken."""

        self._cuts = 0
        self._deaf = False
        """The turn ran into trouble: its sound is ignored until it ends."""

        self._ahead = Ticket()
        self._heard_to = 0  # samples of all microphones; the compute thread writes it

    @property
    def heard_s(self) -> float:
        """Up to where the model has heard, in seconds of all sound."""
        return self._heard_to / HEARING_HZ

    @property
    def is_cutting(self) -> bool:
        """A turn is being cut by the listening thread right now; what the client says meanwhile has to wait."""
        return self._cuts > 0

    def close(self) -> None:
        """What is being thought ahead stops."""
        self._ahead.cancelled = True

    def preferences_changed(self) -> None:
        """The settings are others now."""
        manual = self._link.preferences.turn_detection is None
        if manual != self._microphone.turn_taking.manual:
            self.clear()
            self._clock_base += self._microphone.turn_taking.now
            self._microphone = self._new_microphone()
        self._microphone.turn_taking.settings = self._link.preferences.hearing

    def append(self, pcm: bytes, *, answer_sounds: bool) -> None:
        """Take more sound."""
        self._uncommitted += len(pcm)
        microphone = self._microphone
        microphone.turn_taking.answer_sounds = answer_sounds
        self._listen(lambda: microphone.hear(pcm), self._hear_news)

    def commit(self, event_id: str | None) -> TurnEnd:
        """The turn ends here, as the client's event of this id says. Raises InputError if there is nothing."""
        if self._uncommitted < SHORTEST_COMMIT_MS * WIRE_RATE_HZ * 2 // 1_000:
            raise InputError(f"There is no sound to commit: a question takes {SHORTEST_COMMIT_MS} ms at least.")
        self._uncommitted = 0
        item = StoredItem(self._turn or new_id("item"), "user", spoken=True)
        before = self._link.ledger.add(item)

        def committed(microphone: Microphone, news: Sequence[News]) -> None:
            self._hear_news(microphone, news)
            self._turn_over(item, before, event_id)

        self._cut(committed)
        return TurnEnd(LiveClock(), self._link.thinker.ids_read, item)

    def clear(self) -> None:
        """Forget the sound that was not committed."""
        self._uncommitted = 0
        self._deaf = True  # what is still on its way from the listening thread

        def cleared(_microphone: Microphone, _news: Sequence[News]) -> None:
            self._deaf = False
            self._turn = None
            self._ahead.cancelled = True
            self._link.work(self._link.thinker.forget_sound())

        self._cut(cleared)

    def _new_microphone(self) -> Microphone:
        preferences = self._link.preferences
        taking = TurnTaking(self._link.engine.detector(), preferences.hearing, manual=preferences.turn_detection is None)
        return Microphone(taking, WIRE_RATE_HZ)

    def _cut(self, then: Then) -> None:
        self._cuts += 1

        def cut(microphone: Microphone, news: Sequence[News]) -> None:
            self._cuts -= 1
            then(microphone, news)
            if not self._cuts:
                self._tell_settled()

        self._listen(self._microphone.cut, cut)

    def _listen(self, work: Callable[[], Sequence[News]], then: Then) -> None:
        microphone = self._microphone

        def on_loop(news: Sequence[News] | Exception) -> None:
            if isinstance(news, Exception):
                self._link.complain(EngineError("Listening failed; the log says where."))
                news = []
            then(microphone, news)

        self._link.engine.listening.submit(work, lambda news: self._link.tell(on_loop, news))

    def _hear_news(self, microphone: Microphone, news: Sequence[News]) -> None:
        for each in _joined(news):
            if self._deaf and not isinstance(each, Ended):
                continue
            match each:
                case Began(at=at):
                    self._turn = new_id("item")
                    self._link.send(told.SpeechStarted(item_id=self._turn, audio_start_ms=self._ms(at)))
                    self._tell_began()
                case Sound():
                    self._hear(microphone, each)
                case Paused(at=at):
                    self._ahead.cancelled = True
                    self._ahead = Ticket()
                    judged = None if microphone.turn_taking.manual else _judge(microphone)
                    work = self._link.thinker.think_ahead(self._link.plan(), at, self._ahead, judged)
                    self._link.work(work, self._hearing_failed)
                case Resumed():
                    self._ahead.cancelled = True
                case Ended(speech_end=speech_end, at=at):
                    self._turn_ends(speech_end, at)

    def _hear(self, microphone: Microphone, sound: Sound) -> None:
        if not sound.quiet:
            self._ahead.cancelled = True
        work = self._link.thinker.hear(self._link.plan(), sound.samples, sound.end, _judge(microphone), quiet=sound.quiet)
        self._link.work(self._noted(work, self._clock_base + sound.end), self._hearing_failed)

    def _noted(self, work: Work, end: int) -> Work:
        yield from work
        self._heard_to = end

    def _hearing_failed(self, error: ParleyError) -> None:
        if not self._deaf:
            self._deaf = True
            self._link.complain(error)

    def _turn_ends(self, speech_end: int, at: int) -> None:
        item = StoredItem(self._turn or new_id("item"), "user", spoken=True)
        self._link.send(told.SpeechStopped(item_id=item.id, audio_end_ms=self._ms(at)))
        self._uncommitted = 0
        if self._deaf:
            self._deaf, self._turn = False, None
            return
        self._turn_over(item, self._link.ledger.add(item))
        self._tell_ended(TurnEnd(LiveClock(), self._link.thinker.ids_read, item, (at - speech_end) * 1_000 / HEARING_HZ))

    def _turn_over(self, item: StoredItem, before: str | None, event_id: str | None = None) -> None:
        """A turn's sound is complete; its item stands in the conversation."""
        self._turn = None
        self._ahead.enough = True
        if self._deaf:  # it failed while it was heard; why was said then
            self._deaf = False
            if item.id in self._link.ledger:
                self._link.ledger.remove(item.id)
            self._link.complain(InputError("What was said could not be heard, so nothing was asked."), event_id=event_id)
            return
        self._link.send(told.InputAudioCommitted(item_id=item.id, previous_item_id=before))
        self._link.send(told.ItemAdded(item=item.wire(), previous_item_id=before))
        self._link.work(self._link.thinker.commit(item, self._link.item_heard), self._link.item_failed, item)

    def _ms(self, at: int) -> int:
        return (self._clock_base + at) * 1_000 // HEARING_HZ


def _judge(microphone: Microphone) -> Callable[[int, float | None], None]:
    """Tells the ears how likely a question is whole, unless they know it of later sound."""
    taking = microphone.turn_taking

    def judged(end: int, complete: float | None) -> None:
        if end >= taking.judged[0]:
            taking.judged = (end, complete)

    return judged


def _joined(news: Sequence[News]) -> Sequence[News]:
    """Sounds that follow one another as one."""
    joined: list[News] = []
    for key, run in groupby(news, lambda each: each.quiet if isinstance(each, Sound) else None):
        if key is None:
            joined += run
        else:
            sounds = [each for each in run if isinstance(each, Sound)]
            joined.append(Sound(np.concatenate([each.samples for each in sounds]), sounds[-1].end, quiet=key))
    return joined
