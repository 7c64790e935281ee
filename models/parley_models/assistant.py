"""The assistant: a question in, text and sound out as they come.

assistant = Assistant.load("mini")
for event in assistant.ask("question.wav", style="rate=1.2"):
    ...  # TextPiece, SoundPiece, and Answered at the end
"""

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from parley_models.answer import Answered, AnswerEvent
from parley_models.bundle import Bundle, find_bundle
from parley_models.context import Context, SharedBrain
from parley_models.conversation import Conversation, Turn
from parley_models.delivery import Delivery
from parley_models.device import ANY, Device
from parley_models.errors import InputError, UsageError
from parley_models.live_clock import LiveClock
from parley_models.mind import Experience, Manner, Mind
from parley_models.parts import Brain, Ears, Voice
from parley_models.pcm import AudioChunk
from parley_models.performance import Performer
from parley_models.prompt import Message, Prompt, system_text
from parley_models.question import Question
from parley_models.recital import Recital
from parley_models.situation import now_text
from parley_models.sound_file import prepare_question, read_question
from parley_models.style import Style
from parley_models.text_tokenizer import TextTokenizer
from parley_models.tokens import GROUP_SECONDS
from parley_models.workshop import AT_ONCE

if TYPE_CHECKING:
    from parley_models.backbone.completions import Server

HEARING_HZ = 16_000
HEARING_S = 0.24
"""How much sound is handed to the ears at a time, as a microphone would."""

LONGEST_TYPED = 2_000
"""Characters of a typed question."""


class Assistant:
    """Ears, brain and voice of one bundle. One thread at a time; each conversation has a context of its own."""

    def __init__(
        self,
        bundle: Bundle,
        tokenizer: TextTokenizer,
        ears: Ears,
        brain: Brain,
        voice: Voice,
        now: Callable[[], datetime] = datetime.now,
        twins: Sequence[Brain] = (),
        workshop: Executor = AT_ONCE,
    ) -> None:
        """Put the parts together.

        Args:
            bundle: what they were made of.
            tokenizer: its text pieces.
            ears: sound to tokens.
            brain: one context of ids.
            voice: tokens to sound.
            now: the date and the time here, for a bundle that wants to be told.
            twins: brains that think the same, so that a question can be heard in that many more of the ears' views.
            workshop: where sound is made; it does one piece of work after the other.
        """
        self.bundle = bundle
        self.tokenizer = tokenizer
        self._manifest = bundle.manifest
        self._layout = bundle.manifest.tokens
        self._prompt = Prompt(tokenizer, self._layout, self._manifest.chat)
        self._ears = ears
        self._brain = SharedBrain(brain, twins)
        self._context = self._brain.context()
        self._voice = voice
        self._experience = Experience()
        self._now = now
        self._workshop = workshop

    @staticmethod
    def load(name_or_folder: str | Path = "mini") -> "Assistant":
        """Load a bundle by name or from a folder.

        Raises:
            BundleError: not there, or damaged.
        """
        return Assistant.of(Bundle.open(find_bundle(name_or_folder)))

    @staticmethod
    def of(bundle: Bundle, server: "Server | None" = None, device: Device = ANY) -> "Assistant":
        """Load what an opened bundle holds; with a server, its backbone is not loaded but asked for there.

        Raises:
            BundleError: a file can't be used.
            EngineError: the server can't be used.
            DeviceError: the device can't be had.
        """
        from parley_models.assembly import assemble

        return assemble(bundle, server, device)

    @property
    def rate_hz(self) -> int:
        """Of the answers' sound."""
        return self._voice.rate_hz

    def ask(
        self,
        audio: AudioChunk | Path | str | None = None,
        *,
        text: str | None = None,
        style: Style | str | None = None,
        system: str | None = None,
        seed: int | None = None,
        conversation: Conversation | None = None,
    ) -> Iterator[AnswerEvent]:
        """Answer a spoken or typed question.

        Args:
            audio: sound of any rate, or a sound file; up to 30 s.
            text: a typed question instead.
            style: how to speak, as `Style` or as `rate=1.2,pitch=2`.
            system: who the assistant is to be; None = what the bundle says.
            seed: the same question, style and seed give the same answer; None = another one each time.
            conversation: what was said before. Question and answer are added to it when the answer is complete.

        Raises:
            InputError: no usable question.
            UsageError: a style that the bundle does not offer.
        """
        table = self._manifest.control_table
        wish = Style.parse(style, table) if isinstance(style, str) else style or Style()
        if (audio is None) == (text is None):
            raise UsageError("A question is either sound or text.")
        asked = typed(text) if text is not None else self._sound(audio)
        talk = conversation if conversation is not None else Conversation()
        groups = 0 if isinstance(asked, str) else int(asked.seconds / GROUP_SECONDS + 4)
        room = len(asked) if isinstance(asked, str) else groups * self._layout.group_size
        question = self.open(self.manner(wish, system=system, seed=seed), talk.turns, room_ids=room)
        return self._answer(asked, question, talk)

    def context(self) -> Context:
        """A line of thought for one more conversation."""
        return self._brain.context()

    def manner(
        self,
        style: Style,
        *,
        system: str | None = None,
        seed: int | None = None,
        tools: Mapping[str, str] | None = None,
        silent: bool = False,
        longest: int | None = None,
    ) -> Manner:
        """How a question is to be answered; `tools` are names and descriptions.

        Raises:
            UsageError: a style that the bundle does not offer.
            BundleMissing: a voice that it does not have.
        """
        table = self._manifest.control_table
        table.check(style)
        role = self._manifest.chat.default_system if system is None else system
        told = self._manifest.tools.replace("{tools}", "; ".join(f"{name}: {what}" for name, what in (tools or {}).items()))
        now = now_text(self._now()) if self._manifest.told_time else ""
        words = system_text(role, " ".join(part for part in (*table.instructions(style), now, told if tools else "") if part))
        begin = self._prompt.conversation([Message("system", (words,))] if words else [])
        begin = begin[: len(begin) - len(self._prompt.opening("assistant"))]
        seeded = secrets.randbits(31) if seed is None else seed
        in_role = role not in {"", self._manifest.chat.default_system}
        return Manner(style, self.bundle.voice(style.voice).name, seeded, begin, tuple(tools or ()), silent, longest, in_role)

    def open(
        self,
        manner: Manner,
        turns: Sequence[Turn] = (),
        heard: Sequence[int] = (),
        *,
        context: Context | None = None,
        room_ids: int | None = None,
    ) -> Question:
        """Begin a turn of the human's side; sound and text are then put into it as they come.

        Args:
            manner: how it is to be answered.
            turns: what was said before.
            heard: ids of the turn that are known already.
            context: the conversation's own line of thought; None = that of `ask`.
            room_ids: how long the turn will be, if it is known; else it gets room as it grows.

        Raises:
            InputError: it does not fit into the context.
        """
        own = self._context if context is None else context
        mind = Mind(self._manifest, self.tokenizer, self._prompt, self._ears, self._voice, own, self._experience, self._workshop)
        return Question(mind, manner, turns, heard, room_ids=room_ids)

    def hear(self, sound: AudioChunk) -> tuple[int, ...]:
        """The ids of a recording at 16 kHz, without the model having read them. Raises EngineError."""
        return tuple(self._ears.tokens(sound).ids(self._layout))

    def read(self, text: str) -> tuple[int, ...]:
        """The ids of what a person typed, without the model having read them."""
        return tuple(self._prompt.typed(text))

    def say(self, tokens: Sequence[int], style: Style, seed: int) -> Iterator[AnswerEvent | None]:
        """Say an answer again from its ids: the same words, and in the same style and with the same seed the same sound."""
        delivery = self._delivery(style, seed)
        for token_id in tokens:
            yield from delivery.take(token_id)
        yield from delivery.finish()

    def recite(self, words: Sequence[int], style: Style, seed: int, *, context: Context) -> Recital:
        """Say words that nobody has said yet, from their text ids: the model makes the sound for them.

        Raises:
            UsageError: a style that the bundle does not offer, or words that it can't read out.
            BundleMissing: a voice that it does not have.
        """
        markers = {self._layout.audio_start, self._layout.audio_end}
        written = [token_id for token_id in words if token_id not in markers]
        if not self._manifest.can_recite(self.tokenizer.decode(written)):
            raise UsageError(f"{self._manifest.title} can't read this out: it speaks words of its own, and greetings that it was taught.")
        manner = self.manner(style, seed=seed)
        opening = [*manner.system, *self._prompt.opening("assistant")]
        return Recital(self._layout, context, opening, written, self._delivery(style, seed))

    def _delivery(self, style: Style, seed: int) -> Delivery:
        performer = Performer(self._voice, self._manifest, self.bundle.voice(style.voice).name, seed, self._workshop)
        return Delivery(self.tokenizer, self._layout, performer, style, labels=self._manifest.labels)

    def _sound(self, audio: AudioChunk | Path | str | None) -> AudioChunk:
        if isinstance(audio, AudioChunk):
            return prepare_question(audio.samples, audio.rate_hz, HEARING_HZ, name="The question")
        return read_question(Path(audio or ""), HEARING_HZ)

    def _answer(self, asked: AudioChunk | str, question: Question, talk: Conversation) -> Iterator[AnswerEvent]:
        question.begin()  # while nobody speaks yet
        clock = LiveClock()
        if isinstance(asked, str):
            question.write(asked)
        else:
            block = round(HEARING_S * asked.rate_hz)
            for start in range(0, len(asked.samples), block):
                samples = asked.samples[start : start + block]
                clock.start_work()
                question.hear(AudioChunk(samples, asked.rate_hz, start / asked.rate_hz))
                clock.worked(len(samples) / asked.rate_hz)
        for event in question.answer(clock, talk.next_number):
            if isinstance(event, Answered):
                written = asked if isinstance(asked, str) else event.question.text
                event = replace(event, question=replace(event.question, text=written))  # noqa: PLW2901 - the same event, its words as typed
                talk.add(event.question, event.answer)
            if event is not None:
                with clock.stopped():
                    yield event


def typed(text: str) -> str:
    """A typed question, checked and trimmed. Raises InputError."""
    if not text.strip():
        raise InputError("The typed question is empty.")
    if len(text) > LONGEST_TYPED:
        raise InputError(f"The typed question has {len(text):,} characters; up to {LONGEST_TYPED:,} are read.")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise InputError("The typed question holds bytes that are no text.") from None
    return text.strip()
