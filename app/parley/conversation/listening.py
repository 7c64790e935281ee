"""The user's side: what is being said, by a button that is held or into an open microphone."""

import asyncio
import collections
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np

from parley.conversation.desk import Desk
from parley.conversation.session import hearing
from parley_models.pcm import AudioChunk
from parley_models.realtime.events import (
    WIRE_RATE_HZ,
    FromClient,
    InputAudioAppend,
    InputAudioClear,
    InputAudioCommitted,
    SpeechStarted,
    SpeechStopped,
    text_of_pcm,
)

TAIL_S = 0.06
"""After the button goes up: what the microphone heard until then is still on its way."""

SHORTEST_S = 0.3
"""A button held shorter than this was tapped by mistake."""

DECIDED_S = 0.4
"""So long after the engine took something for an interruption it is decided whether it was one, or the answer's own echo."""

FALSE_ALARM_S = 1.0
"""Speech that ended so long ago and became no turn was none."""

REMEMBERED_S = 60.0
"""Of an open microphone."""

LONGEST_HANG_S = 1.0
"""Silence that ends a question for our engine even where it takes it for unfinished."""

PIECE_S = 0.1
"""Of such silence, where no microphone gives it any more."""


@dataclass(slots=True)
class Utterance:
    """What the user is saying."""

    by: Literal["button", "voice"]
    chunks: list[AudioChunk] = field(default_factory=list)
    text: str = ""
    """Typed beside it."""

    start_s: float = 0.0
    end_s: float | None = None
    """Of an utterance by voice: on the clock of the sound that was sent in this session."""

    @property
    def seconds(self) -> float:
        """How long it is."""
        return sum(chunk.seconds for chunk in self.chunks)


class ListeningOwner(Protocol):
    """Who acts on what the user says."""

    def floor_taken(self) -> None:
        """The user speaks, for sure: silence what is being said."""

    def floor_wanted(self) -> None:
        """The user seems to speak: silence what is being said, until `floor_taken` or `floor_returned`."""

    def floor_returned(self) -> None:
        """It was nothing."""

    def asked(self, said: Utterance, item_id: str | None) -> None:
        """A turn is over; by voice the engine has it already, as `item_id`."""

    def typed(self, text: str) -> None:
        """A turn without sound."""

    def stumbled(self, message: str) -> None:
        """Something the user should know."""

    def changed(self) -> None:
        """The state line may have to say something else."""


class Listening:
    """What the user says. All methods on the conversation's thread."""

    def __init__(self, desk: Desk, send: Callable[[FromClient], None], owner: ListeningOwner, threshold: float, silence_ms: int) -> None:
        self.held = False
        self.open = False
        self.muted = False
        self.utterance: Utterance | None = None
        self.no_microphone = ""
        """Why there is none; empty if there is one."""

        self._desk = desk
        self._send = send
        self._owner = owner
        self._threshold = threshold
        self._silence_ms = silence_ms
        self._sent_s = 0.0
        self._recent: collections.deque[AudioChunk] = collections.deque()
        """What an open microphone heard; `start_s` on the session's clock."""

        self._lost_s = 0.0
        """When the last session ended, on that clock: what was heard since is new to the next one."""

        self._timer: asyncio.TimerHandle | None = None
        """The one thing that is waited for: the tail, a decision, or a false alarm."""

    def close(self) -> None:
        """Wait for nothing any more."""
        self._wait_for(None)

    @property
    def by_hand(self) -> FromClient:
        """What tells the engine not to look for the end of a turn."""
        return hearing(False, self._threshold, self._silence_ms)

    # From the user

    def press(self) -> None:
        """The button goes down."""
        if self.held:
            return
        if self.muted:
            self._owner.stumbled("Parley is muted: unmute it to speak.")
            return
        if self.utterance is not None and self.utterance.by == "button":  # pressed again before the tail had come
            self._finish()
        self.held = True
        self._wait_for(None)
        self._owner.floor_taken()
        self.utterance = Utterance("button", text=self._typed)
        if self.open:
            self._send(self.by_hand)
        self._send(InputAudioClear())
        self._desk.open_microphone()
        self._owner.changed()

    def release(self, text: str) -> None:
        """The button goes up."""
        if not self.held or self.utterance is None:
            self.held = False
            if text.strip():
                self.type(text)
            return
        self.held = False
        self.utterance.text = " ".join([self.utterance.text, text.strip()]).strip()
        self._wait_for(self._finish, TAIL_S)
        self._owner.changed()

    def type(self, text: str) -> None:
        """Words from the keyboard: beside what is being said, or a turn of their own."""
        if self.utterance is not None:
            self.utterance.text = " ".join([self.utterance.text, text.strip()]).strip()
        else:
            self._owner.typed(text.strip())

    def take_back(self) -> bool:
        """Forget what is being said, and what was typed beside it; whether there was anything."""
        said, self.utterance = self.utterance, None
        if said is not None:
            said.text = ""
            self._dismiss(said)
        return said is not None

    def open_microphone(self, on: bool) -> None:
        """Listen all the time, or not."""
        if on == self.open:
            return
        if not on and self.utterance is not None and self.utterance.by == "voice":
            self._dismiss(self.utterance)
        self.open = on
        if not self.held:
            self._rest()
        self._owner.changed()

    def judge(self, threshold: float, silence_ms: int) -> None:
        """What counts as speech from now on, and how much silence ends a turn; also for one that is being spoken."""
        self._threshold, self._silence_ms = threshold, silence_ms
        if self.open and not self.muted and not self.held:
            self._send(hearing(True, threshold, silence_ms))

    def mute(self, on: bool) -> None:
        """Hear nothing, or what is set."""
        if on == self.muted:
            return
        if on and self.utterance is not None:
            self._dismiss(self.utterance)
        self.muted = on
        self._rest()
        self._owner.changed()

    # From the desk

    def sound(self, chunk: AudioChunk) -> None:
        """The next 20 ms."""
        if self.muted:
            return
        if self.utterance is not None and self.utterance.by == "button":
            self.utterance.chunks.append(chunk)
            self._append(chunk)
        elif self.open:
            self._append(chunk)
            self._recent.append(AudioChunk(chunk.samples, chunk.rate_hz, self._sent_s - chunk.seconds))
            while self._recent and self._recent[0].start_s < self._sent_s - REMEMBERED_S:
                self._recent.popleft()

    def lost_microphone(self, why: str) -> None:
        """There is none any more. Who was speaking into it has ended: only silence tells the engine so, which would wait for ever."""
        self.no_microphone = why
        if self.open and (self.utterance is None or self.utterance.by == "voice"):
            for _ in range(round((max(self._silence_ms / 1000, LONGEST_HANG_S) + 2 * PIECE_S) / PIECE_S)):
                self.sound(AudioChunk(np.zeros(round(PIECE_S * WIRE_RATE_HZ), np.float32), WIRE_RATE_HZ))

    # From the engine

    def engine_gone(self) -> None:
        """Nobody says any more whether what was said into the open microphone is a turn: the next session hears it from its beginning."""
        self._lost_s = self._sent_s
        if self.utterance is not None and self.utterance.end_s is not None:
            self._wait_for(None)

    def engine_there(self) -> None:
        """A new session: it gets what is being said from its beginning, and what an open microphone heard while there was none."""
        said, typed = self.utterance, ""
        by_button = said is not None and said.by == "button"
        again: list[AudioChunk] = []
        if said is not None:
            again = said.chunks if by_button else self._since(said.start_s)
        elif self.open and not self.muted:
            again = self._since(self._lost_s)
        if said is not None and not by_button:
            typed, self.utterance = said.text, None  # the new session finds out by itself; if it does not, what fell silent goes on
            self._wait_for(self._false_alarm, FALSE_ALARM_S)
        self._sent_s = 0.0
        self._recent.clear()
        self._send(hearing(self.open and not self.held and not self.muted, self._threshold, self._silence_ms))
        for chunk in again:
            self._append(chunk)
            if not by_button:
                self._recent.append(AudioChunk(chunk.samples, chunk.rate_hz, self._sent_s - chunk.seconds))
        if typed:
            self._owner.typed(typed)

    def repeat(self, sound: list[AudioChunk], then: Callable[[], None]) -> None:
        """Give the engine sound of before, do what makes a turn of it, and listen on."""
        self._send(self.by_hand)
        self._send(InputAudioClear())
        for chunk in sound:
            self._append(chunk)
        then()
        self._rest()

    def started(self, event: SpeechStarted) -> None:
        """The engine hears somebody speak."""
        if not self.open or self.muted or (self.utterance is not None and self.utterance.by == "button"):
            return
        self.utterance = Utterance("voice", text=self._typed, start_s=event.audio_start_ms / 1000)
        self._owner.floor_wanted()
        self._wait_for(self._decide, DECIDED_S)
        self._owner.changed()

    def stopped(self, event: SpeechStopped) -> None:
        """It hears nobody any more."""
        if self.utterance is not None and self.utterance.by == "voice":
            self.utterance.end_s = event.audio_end_ms / 1000
            self._wait_for(self._false_alarm, FALSE_ALARM_S)

    def committed(self, event: InputAudioCommitted) -> bool:
        """The sound became an item; whether it was by voice, and a turn began with that."""
        said = self.utterance
        if said is None or said.by != "voice":
            return False
        self.utterance = None
        self._wait_for(None)
        said.chunks = self._since(said.start_s, said.end_s)
        self._owner.floor_taken()
        self._owner.asked(said, event.item_id)
        return True

    def _finish(self) -> None:
        """A turn by button is over."""
        said, self.utterance = self.utterance, None
        self._wait_for(None)
        if said is None:
            return
        if said.seconds >= SHORTEST_S:
            self._owner.asked(said, None)
        else:
            self._send(InputAudioClear())
            if said.text:
                self._owner.typed(said.text)
            else:
                self._owner.stumbled(self.no_microphone or "Hold the button for as long as you speak.")
        self._rest()
        self._owner.changed()

    def _decide(self) -> None:
        if self._desk.hears_itself and self.utterance is not None:
            self._dismiss(self.utterance)
        else:
            self._owner.floor_taken()

    def _false_alarm(self) -> None:
        typed, self.utterance = self._typed, None
        self._go_on_without(typed)

    @property
    def _typed(self) -> str:
        """Words beside what is being said."""
        return "" if self.utterance is None else self.utterance.text

    def _dismiss(self, said: Utterance) -> None:
        """What is being said becomes no turn."""
        self.utterance, self.held = None, False
        self._wait_for(None)
        self._send(InputAudioClear())
        if said.by == "button":
            self._rest()
        self._go_on_without(said.text)

    def _go_on_without(self, typed: str) -> None:
        """Nobody spoke, or it was not meant for us: what was typed meanwhile is a turn of its own."""
        if typed:
            self._owner.typed(typed)
        else:
            self._owner.floor_returned()
        self._owner.changed()

    def _rest(self) -> None:
        """Nobody holds the button: the microphone is as it was set, and the engine knows who finds the end of a turn."""
        if self.open and not self.muted:
            self._desk.open_microphone()
        else:
            self._desk.close_microphone()
        self._send(hearing(self.open and not self.muted, self._threshold, self._silence_ms))

    def _append(self, chunk: AudioChunk) -> None:
        self._sent_s += chunk.seconds
        self._send(InputAudioAppend(audio=wire_sound([chunk])))

    def _since(self, start_s: float, end_s: float | None = None) -> list[AudioChunk]:
        return [chunk for chunk in self._recent if chunk.start_s + chunk.seconds > start_s and (end_s is None or chunk.start_s < end_s)]

    def _wait_for(self, then: Callable[[], None] | None, seconds: float = 0.0) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if then is None else asyncio.get_running_loop().call_later(seconds, then)


def wire_sound(chunks: list[AudioChunk]) -> str:
    """Chunks as base64 of PCM16."""
    samples = np.concatenate([chunk.samples for chunk in chunks])
    return text_of_pcm((np.clip(samples, -1, 1) * 32767).round().astype("<i2").tobytes())
