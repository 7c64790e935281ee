"""The assistant's side: one answer at a time, from its first word to what was really heard of it."""

import asyncio
import contextlib
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from parley.conversation.desk import Desk
from parley.conversation.events import Answering, Dropped, Event, Measured, Progressed, Replaying, Spoke, Styled, Timed, Wrote
from parley.conversation.heard_text import Stretch, heard_characters
from parley.conversation.session import style_of
from parley.conversation.turns import Segment, Stage, Turn
from parley.conversation.waveform import Peaks
from parley_models.errors import InputError
from parley_models.pcm import AudioChunk, Samples
from parley_models.realtime.events import (
    WIRE_RATE_HZ,
    FromClient,
    ItemMemory,
    ItemTruncate,
    Latency,
    ResponseCancel,
    SegmentDone,
    StyleMeasured,
    StyleWish,
    pcm_of,
)
from parley_models.style import Style

PROGRESS_S = 0.1
KEPT_EVERY_S = 1.0
REWIND_S = 0.2
"""After a false alarm the answer goes on a little before the place where it fell silent."""

QUIET = "quiet"
"""Events with an id that begins so may be refused without anybody having to know: they came too late."""

Purpose = Literal["answer", "rest", "replay"]
"""A new turn; the rest of an interrupted one; a kept one once more."""


@dataclass(slots=True)
class Sounding:
    """A turn that is being said."""

    base: Turn
    """The turn as it was before: empty for a new answer."""

    to: int | None
    purpose: Purpose
    speaker: int
    """Its number at the desk."""

    question_end: float | None = None
    """When the user had finished, on the loop's clock."""

    response_id: str = ""
    item_id: str = ""
    stretches: list[Stretch] = field(default_factory=list)
    """Its words, as far as they are known."""

    segment: int = -1
    """Which stretch of the answer the last words belonged to."""

    chunks: list[AudioChunk] = field(default_factory=list)
    peaks: Peaks = field(default_factory=Peaks)
    sound_s: float = 0.0
    """What has arrived."""

    whole: bool = True
    """False once it is known that sound is missing: cancelled, or the engine died."""

    begun: bool = False
    """Something of it has been heard."""

    done: bool = False
    """Nothing more comes."""

    kept_s: float = 0.0
    """So much was heard when it was last kept."""

    offset_s: float = 0.0
    """How much had been heard under an earlier number at the desk."""

    @property
    def text(self) -> str:
        """All of its words."""
        return "".join(stretch.text for stretch in self.stretches)

    @property
    def samples(self) -> Samples:
        """All of its sound."""
        return np.concatenate([chunk.samples for chunk in self.chunks]) if self.chunks else np.zeros(0, np.float32)


class Speaking:
    """What the assistant says. All methods on the conversation's thread."""

    def __init__(
        self,
        desk: Desk,
        send: Callable[[FromClient], None],
        tell: Callable[[Event], None],
        keep: Callable[[Turn, ItemMemory | None], None],
        over: Callable[[Sounding, Turn], None],
        pace: Callable[[Style], float],
    ) -> None:
        """`keep` puts a turn into the history; `over` hears of each one that ended, with the turn that became of it. `pace`: how many
        times as fast as its own way the voice speaks in a style.
        """
        self.current: Sounding | None = None
        self.has_speaker = True
        self._desk = desk
        self._send = send
        self._tell = tell
        self._keep = keep
        self._over = over
        self._pace = pace
        self._numbers = itertools.count(1)
        self._alone: int | None = None
        """What the desk calls the last sound that is no turn."""

        self._held: Sounding | None = None
        """Silenced because somebody speaks, and not yet given up."""

        self._ticking: asyncio.TimerHandle | None = None
        self._progress: Progressed | None = None

    @property
    def sounds(self) -> bool:
        """Whether something is being said, or about to be."""
        return self.current is not None

    def begin(self, base: Turn, to: int | None, purpose: Purpose, *, response_id: str = "", question_end: float | None = None) -> Sounding:
        """A turn begins to be said; what was said before has been cut or is over."""
        self.cut()
        self.current = Sounding(base, to, purpose, next(self._numbers), question_end, response_id)
        if purpose == "rest":
            style = base.segments[-1].style if base.segments else base.style
            self.current.stretches = [Stretch(base.unheard, self._pace(style))]
        if purpose == "answer":
            self._tell(Answering(base, to))
        else:
            self._tell(Replaying(base.number, on=True))
        return self.current

    def write(self, turn: Turn) -> None:
        """A turn that makes no sound."""
        self._tell(Answering(replace(turn, text=""), None))
        self._keep(turn, None)
        self._tell(Spoke(turn))

    def play_alone(self, chunk: AudioChunk) -> None:
        """A sound that is no turn: a timer's chime. It waits for what is being said."""
        self._alone = next(self._numbers)
        self._desk.play(self._alone, chunk)
        self._desk.finish(self._alone)

    def hush(self) -> None:
        """Silence the last such sound, if it is still to be heard."""
        if self._alone is not None:
            self._desk.stop(self._alone)
        self._alone = None

    # From the engine

    def wrote(self, text: str, segment: int, style: StyleWish | None) -> None:
        """More words, and perhaps the style of their stretch. Of what is said once more they are known, and come from its beginning."""
        if (now := self.current) is None or not text or now.purpose != "answer":
            return
        if segment != now.segment or not now.stretches:
            now.segment = segment
            now.stretches.append(Stretch("", self._pace(now.base.style if style is None else style_of(style))))
        now.stretches[-1] = replace(now.stretches[-1], text=now.stretches[-1].text + text)
        self._tell(Wrote(now.base.number, text, segment))

    def came(self, sound: str) -> None:
        """More sound, as base64."""
        if self.current is None:
            return
        with contextlib.suppress(InputError):
            samples = np.frombuffer(pcm_of(sound), "<i2").astype(np.float32) / np.float32(32768)
            self.play(AudioChunk(samples, WIRE_RATE_HZ, self.current.sound_s))

    def play(self, chunk: AudioChunk) -> None:
        """More sound of what is being said."""
        now = self.current
        if now is None or not len(chunk.samples):
            return
        now.chunks.append(chunk)
        now.peaks.add(chunk)
        now.sound_s += chunk.seconds
        if self.has_speaker and now is not self._held:
            self._desk.play(now.speaker, chunk)

    def segment(self, event: SegmentDone) -> None:
        """A stretch is complete."""
        if (now := self.current) is not None and now.purpose == "answer":
            content = Segment(event.text, style_of(event.style))
            now.base = replace(now.base, segments=(*now.base.segments, content))
            self._tell(Styled(now.base.number, event.index, content))

    def measured(self, turn: Turn, event: StyleMeasured) -> Turn:
        """Proof of style; comes when the answer may be over already."""
        achieved = tuple(event.achieved.items())
        self._tell(Measured(turn.number, tuple(event.asked.items()), achieved))
        return self._changed(turn, achieved=achieved)

    def timed(self, turn: Turn, event: Latency) -> Turn:
        """Where the time went in the engine."""
        named = {"endpoint": event.endpoint_ms, "heard": event.heard_ms, "thought": event.thought_ms, "first_audio": event.first_audio_ms}
        stages = tuple(Stage(name, ms) for name, ms in named.items() if ms is not None)
        known = tuple(stage for stage in turn.latency if stage.name == "speaker")
        self._tell(Timed(turn.number, (*stages, *known)))
        return self._changed(turn, latency=(*stages, *known))

    def complete(self, *, whole: bool = True) -> None:
        """Nothing more comes from the engine; not `whole`: though something is missing."""
        if (now := self.current) is None or now.done:
            return
        now.done = True
        now.whole = whole
        if now is self._held:
            return
        if now.chunks and self.has_speaker:
            self._desk.finish(now.speaker)
        else:
            self._end_unheard(now)

    # From the desk

    def began(self, speaker: int) -> float | None:
        """The first sound is heard; milliseconds since the user had finished."""
        now = self.current
        if now is None or now.speaker != speaker or now.begun:
            return None
        now.begun = True
        self._tick()
        if now.question_end is None:
            return None
        ms = round((asyncio.get_running_loop().time() - now.question_end) * 1000, 1)
        stages = (*(stage for stage in now.base.latency if stage.name != "speaker"), Stage("speaker", ms))
        now.base = replace(now.base, latency=stages)
        self._tell(Timed(now.base.number, stages))
        return ms

    def ended(self, speaker: int, heard_s: float) -> None:
        """The last sound was heard."""
        now = self.current
        if now is not None and now.speaker == speaker and now.done and now is not self._held:
            self._end(now, now.offset_s + heard_s)

    def lost_speaker(self) -> None:
        """There is nothing to hear with: the answer can be read."""
        self.has_speaker = False
        if (now := self.current) is not None and now.done:
            self._end_unheard(now)

    # From the user

    def hold(self) -> None:
        """Silence what is being said; `cut` gives it up, `resume` goes on with it."""
        if (now := self.current) is not None and self._held is None:
            now.offset_s += self._desk.stop(now.speaker)
            self._held = now

    def resume(self) -> None:
        """It was a false alarm."""
        now, self._held = self._held, None
        if now is None or now is not self.current:
            return
        self._desk.unduck()
        now.offset_s = max(0.0, now.offset_s - REWIND_S)
        now.speaker = next(self._numbers)
        rest = now.samples[round(now.offset_s * WIRE_RATE_HZ) :]
        if len(rest) and self.has_speaker:
            self._desk.play(now.speaker, AudioChunk(rest, WIRE_RATE_HZ, now.offset_s))
        if now.begun and self._ticking is None:
            self._tick()
        if now.done:
            now.done = False
            self.complete(whole=now.whole)

    def cut(self) -> None:
        """Silence what is being said, for good: everybody gets to know what was heard of it."""
        now = self.current
        if now is None:
            return
        if now is not self._held:
            now.offset_s += self._desk.stop(now.speaker)
        heard_s = min(now.offset_s, now.sound_s) if self.has_speaker else now.sound_s
        if not now.done and now.response_id:
            self._send(ResponseCancel(response_id=now.response_id, event_id=f"{QUIET}-cancel"))
        if now.purpose == "answer" and now.item_id and not (now.done and now.whole and heard_s >= now.sound_s):
            self._send(ItemTruncate(item_id=now.item_id, audio_end_ms=int(heard_s * 1000), event_id=f"{QUIET}-truncate"))
        self._end(now, heard_s, cut=True)

    def abandon(self) -> None:
        """The engine is gone: what has come is heard to its end, what has no sound yet was none."""
        now = self.current
        if now is None:
            return
        if now.chunks:
            self.complete(whole=False)
            return
        self.current = self._held = None
        if now.purpose == "answer":
            self._tell(Dropped(now.base.number, ""))
        else:
            self._tell(Replaying(now.base.number, on=False))

    def _end_unheard(self, now: Sounding) -> None:
        """Nothing sounds any more of what can be read. What the desk still has of it would keep every later answer waiting."""
        self._desk.stop(now.speaker)
        self._end(now, now.sound_s)

    def _end(self, now: Sounding, heard_s: float, *, cut: bool = False) -> None:
        self.current = self._held = None
        if self._ticking is not None:
            self._ticking.cancel()
            self._ticking = None
        if now.purpose == "replay":
            self._tell(Replaying(now.base.number, on=False))
            self._over(now, now.base)
            return
        turn = _outcome(now, heard_s, cut=cut)
        if not turn.said and not turn.unheard and not now.chunks:  # nothing came, or only a call of a tool
            self._tell(Dropped(turn.number, ""))
            self._over(now, turn)
            return
        self._keep(turn, None)
        if now.purpose == "rest":
            self._tell(Replaying(turn.number, on=False))
        self._tell(Spoke(turn, cut_short=turn.interrupted))
        self._over(now, turn)

    def _changed(self, turn: Turn, **news: object) -> Turn:
        """A turn with news in it: the one that is being said, or one that is over and kept."""
        now = self.current
        if now is not None and now.base.number == turn.number:
            now.base = replace(now.base, **news)  # type: ignore[arg-type]
            return now.base
        changed = replace(turn, **news)  # type: ignore[arg-type]
        self._keep(changed, None)
        return changed

    def _tick(self) -> None:
        """Tell how far the speaker is, ten times a second."""
        now = self.current
        if now is None or now is self._held:
            self._ticking = None
        else:
            heard_s = now.offset_s + self._desk.played_s(now.speaker)
            complete = now.done and now.whole
            characters = heard_characters(now.stretches, now.peaks, heard_s, complete=complete)
            news = Progressed(now.base.number, heard_s, now.sound_s, len(now.base.text) + characters)
            if news != self._progress:
                self._progress = news
                self._tell(news)
            if now.purpose == "answer" and heard_s >= now.kept_s + KEPT_EVERY_S:  # if the window is killed, this is what was heard
                now.kept_s = heard_s
                self._keep(_outcome(now, heard_s, cut=True), None)
            self._ticking = asyncio.get_running_loop().call_later(PROGRESS_S, self._tick)


def _outcome(now: Sounding, heard_s: float, *, cut: bool) -> Turn:
    """What became of a turn of which `heard_s` were heard."""
    text = now.text
    complete = now.done and now.whole
    at = len(text)
    if cut or not complete:
        at = heard_characters(now.stretches, now.peaks, heard_s, complete=complete)
    segments = now.base.segments or ((Segment(now.base.text + text, now.base.style),) if text else ())
    return replace(
        now.base,
        text=now.base.text + text[:at],
        unheard=text[at:],
        seconds=round(now.base.seconds + heard_s, 3),
        waveform=now.base.waveform + now.peaks.waveform(heard_s),
        segments=segments,
    )
