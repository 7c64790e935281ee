"""Which microphone and speaker are open: chosen ones, ones that stand in for them, and the way back."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from parley.audio.card import Device, DeviceStream, SoundCard
from parley.audio.events import DeviceBack, DeviceChanged, DeviceEvent, DeviceLost, NoMicrophone, NoSpeaker, Side
from parley.audio.microphone import MicrophoneFeed
from parley.audio.settings import AudioSettings
from parley.audio.speaker import SpeakerFeed
from parley_models.errors import DeviceError

SILENT_S = 1.0
"""Drivers that lose their device often say nothing: a stream without a block for so long is dead."""

COUNTED_S = 0.1
"""Of the time between two looks no more counts as silence: on a starved or just woken machine the callbacks were not called either."""

SETTLED_S = 3.0
"""Silence means nothing before that: a Bluetooth headset takes its time, and PulseAudio may pause for two seconds after the first block."""

FADED_S = 0.03
"""A speaker that is closed on purpose is silenced so long before."""

LOOK_AGAIN_S, LOOK_AT_LEAST_EVERY_S = 3.0, 60.0
"""A missing device is looked for after so many seconds, then after twice as many, and so on: every look closes all streams for a moment."""

Feed = SpeakerFeed | MicrophoneFeed


@dataclass
class Line:
    """A microphone or a speaker, whichever device it is at the moment."""

    side: Side
    chosen: str | None
    wanted: bool
    opened_as: str | None = None
    """What was chosen when it was opened."""

    stream: DeviceStream | None = None
    feed: Feed | None = None
    opened_at: float = 0.0
    blocks_seen: int = 0
    silent_s: float = 0.0
    """How long no block has come, as far as the audio thread was there to see."""

    name: str | None = None
    """The device that was used last."""

    standing_in: bool = False
    """Another than the chosen one, because that is not there."""

    missing: bool = False
    """None could be opened."""

    lost: bool = False
    """It went away and no other was found yet."""

    @property
    def poor(self) -> bool:
        """Whether there might be a better device by now."""
        return self.wanted and (self.missing or self.standing_in)


@dataclass(frozen=True)
class _Opened:
    line: Line
    opened_as: str | None
    stream: DeviceStream | None
    feed: Feed | None
    standing_in: bool
    error: str


@dataclass(frozen=True)
class _Plan:
    """Slow work: close these lines, perhaps look for devices, and open again those that are wanted."""

    lines: list[Line]
    look: bool


class Devices:
    """Keeps two lines open. The audio thread calls `step`; what is slow runs beside it, one piece of work at a time."""

    def __init__(self, card: SoundCard, settings: AudioSettings, use: Callable[[Side, Feed | None, str], None]) -> None:
        """`use` is told, by `step`, which feed a side has from now on."""
        self.known: Sequence[Device] = ()
        self.speaker = Line("speaker", settings.output_device, wanted=True)
        self.microphone = Line("microphone", settings.input_device, wanted=False)
        self._card = card
        self._use = use
        self._working = False
        self._done: deque[list[_Opened]] = deque()
        self._pending: tuple[float, _Plan] | None = None
        self._look_asked = True
        self._look_at = 0.0
        self._look_again_s = LOOK_AGAIN_S
        self._stepped_at = 0.0
        self._news: list[DeviceEvent] = []

    def look(self) -> None:
        """Devices came or went."""
        self._look_asked = True
        self._look_again_s = LOOK_AGAIN_S

    def want_microphone(self, wanted: bool) -> None:
        """Whether the microphone is to be open; asking again after a failure tries again."""
        if wanted and not self.microphone.wanted:
            self.microphone.missing = False
        self.microphone.wanted = wanted

    def choose(self, settings: AudioSettings) -> None:
        """Use other devices, if others were chosen."""
        for line, chosen in ((self.speaker, settings.output_device), (self.microphone, settings.input_device)):
            if line.chosen != chosen:
                line.chosen, line.missing = chosen, False

    def step(self, *, idle: bool) -> list[DeviceEvent]:
        """Do what is due. `idle`: nobody would notice a short silence."""
        now = self._card.now()
        self._listen_for_life(min(now - self._stepped_at, COUNTED_S))
        self._stepped_at = now
        while self._done:
            self._take(self._done.popleft(), now)
        if not self._working:
            self._pending = self._pending or self._decide(now, idle=idle)
            if self._pending is not None and now >= self._pending[0]:
                plan, self._pending, self._working = self._pending[1], None, True
                self._card.begin(lambda: self._carry_out(plan))
        news, self._news = self._news, []
        return news

    def _decide(self, now: float, *, idle: bool) -> tuple[float, _Plan] | None:
        """What to do next, and when."""
        both = [self.speaker, self.microphone]
        dead = [line for line in both if self._is_dead(line, now)]
        for line in dead:
            line.lost = True
            self._news.append(DeviceLost(line.side, line.name or ""))
        poor = any(line.poor for line in both)
        if dead or (self._look_asked and (idle or poor)) or (poor and idle and now >= self._look_at):
            self._look_asked = False
            self._look_at = now + self._look_again_s
            self._look_again_s = min(2 * self._look_again_s, LOOK_AT_LEAST_EVERY_S)
            return self._after_fading(_Plan(both, look=True), now)
        changed = [line for line in both if self._is_changed(line)]
        return self._after_fading(_Plan(changed, look=False), now) if changed else None

    def _after_fading(self, plan: _Plan, now: float) -> tuple[float, _Plan]:
        feed = self.speaker.feed
        if self.speaker not in plan.lines or not isinstance(feed, SpeakerFeed) or self.speaker.lost:
            return now, plan
        feed.hold()
        return now + FADED_S, plan

    def _listen_for_life(self, passed_s: float) -> None:
        for line in (self.speaker, self.microphone):
            if line.feed is not None:
                line.silent_s = line.silent_s + passed_s if line.feed.blocks == line.blocks_seen else 0.0
                line.blocks_seen = line.feed.blocks

    @staticmethod
    def _is_dead(line: Line, now: float) -> bool:
        if line.stream is None:
            return False
        return not line.stream.alive or (line.silent_s > SILENT_S and now - line.opened_at > SETTLED_S)

    @staticmethod
    def _is_changed(line: Line) -> bool:
        if line.stream is None:
            return line.wanted and not line.missing
        return not line.wanted or line.chosen != line.opened_as

    # Beside the audio thread -----------------------------------------------------------------------------------------

    def _carry_out(self, plan: _Plan) -> None:
        for line in plan.lines:
            if line.stream is not None:
                line.stream.close()
        if plan.look:
            self._card.refresh()
            self.known = tuple(self._card.devices())
        self._done.append([self._open(line) for line in plan.lines])
        self._card.wake()

    def _open(self, line: Line) -> _Opened:
        chosen, error = line.chosen, ""
        for name in dict.fromkeys([chosen, None]) if line.wanted else []:
            try:
                stream, feed = self._open_named(line.side, name)
            except DeviceError as trouble:
                error = error or str(trouble)
            else:
                return _Opened(line, chosen, stream, feed, name != chosen, "")
        return _Opened(line, chosen, None, None, standing_in=False, error=error)

    def _open_named(self, side: Side, name: str | None) -> tuple[DeviceStream, Feed]:
        made: list[Feed] = []
        if side == "speaker":

            def wanted(rate_hz: int) -> Callable[..., None]:
                feed = SpeakerFeed(rate_hz)
                made.append(feed)
                return feed.fill

            stream = self._card.open_output(name, wanted)
        else:

            def heard(rate_hz: int) -> Callable[..., None]:
                feed = MicrophoneFeed(rate_hz)
                made.append(feed)
                return feed.take

            stream = self._card.open_input(name, heard)
        try:
            stream.begin()
        except DeviceError:
            stream.close()
            raise
        return stream, made[0]

    # The audio thread again ------------------------------------------------------------------------------------------

    def _take(self, opened: list[_Opened], now: float) -> None:
        self._working = False
        for each in opened:
            line = each.line
            if line.feed is not None:
                self._use(line.side, None, "")
            line.stream, line.feed, line.opened_as, line.opened_at = each.stream, each.feed, each.opened_as, now
            line.blocks_seen, line.silent_s = 0, 0.0
            if each.stream is not None:
                self._tell_opened(line, each.stream.device, standing_in=each.standing_in)
                self._use(line.side, each.feed, each.stream.device)
            elif line.wanted and each.error:
                if not line.missing:
                    self._news.append(NoMicrophone(each.error) if line.side == "microphone" else NoSpeaker(each.error))
                line.missing = True

    def _tell_opened(self, line: Line, name: str, *, standing_in: bool) -> None:
        was_poor = line.missing or line.lost or line.standing_in
        other = line.name is not None and line.name != name
        if standing_in:
            if other or not line.standing_in:
                self._news.append(DeviceChanged(line.side, name, chosen=False))
        elif was_poor and (line.chosen is not None or not other):
            self._news.append(DeviceBack(line.side, name))
        elif other:
            self._news.append(DeviceChanged(line.side, name, chosen=True))
        line.name, line.standing_in = name, standing_in
        line.missing = line.lost = False

    @property
    def gaps(self) -> int:
        """How often the drivers of the open devices ran dry or over."""
        return sum(line.stream.gaps for line in (self.speaker, self.microphone) if line.stream is not None)

    def close(self) -> None:
        """Close everything; the audio thread's last act."""
        self._card.close()
        while self._done:
            self._take(self._done.popleft(), self._card.now())
        for line in (self.speaker, self.microphone):
            if line.stream is not None:
                line.stream.close()
                line.stream = None
