"""The assistant: a question in, text and sound out as they come.

assistant = Assistant.load("mini")
for event in assistant.ask("question.wav", style="rate=1.2"):
    ...  # TextPiece, SoundPiece, and Answered at the end
"""

import secrets
from collections.abc import Iterator
from pathlib import Path

from parley_models.answer import Answered, AnswerEvent, SoundPiece, Timing, TokenCounts
from parley_models.bundle import Bundle, find_bundle
from parley_models.conversation import Conversation, Turn, fit
from parley_models.delivery import Delivery
from parley_models.errors import InputError, UsageError
from parley_models.live_clock import LiveClock
from parley_models.parts import Brain, Ears, Voice
from parley_models.pcm import AudioChunk
from parley_models.prompt import Message, Prompt, system_text
from parley_models.sound_file import prepare_question, read_question
from parley_models.style import Style
from parley_models.text_tokenizer import TextTokenizer
from parley_models.tokens import GROUP_SECONDS

HEARING_HZ = 16_000
HEARING_S = 0.24
"""How much sound is handed to the ears at a time, as a microphone would."""

LONGEST_TYPED = 2_000
"""Characters of a typed question."""


class Assistant:
    """Ears, brain and voice of one bundle. One question at a time: it has one context."""

    def __init__(self, bundle: Bundle, tokenizer: TextTokenizer, ears: Ears, brain: Brain, voice: Voice) -> None:
        self.bundle = bundle
        self._manifest = bundle.manifest
        self._layout = bundle.manifest.tokens
        self._tokenizer = tokenizer
        self._prompt = Prompt(tokenizer, self._layout, self._manifest.chat)
        self._ears = ears
        self._brain = brain
        self._voice = voice

    @staticmethod
    def load(name_or_folder: str | Path = "mini") -> "Assistant":
        """Load a bundle by name or from a folder.

        Raises:
            BundleError: not there, or damaged.
        """
        return Assistant.of(Bundle.open(find_bundle(name_or_folder)))

    @staticmethod
    def of(bundle: Bundle) -> "Assistant":
        """Load what an opened bundle holds.

        Raises:
            BundleError: a file can't be used.
        """
        from parley_models.assembly import assemble

        return assemble(bundle)

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
        manner = Style.parse(style, table) if isinstance(style, str) else style or Style()
        table.check(manner)
        if (audio is None) == (text is None):
            raise UsageError("A question is either sound or text.")
        question = _typed(text) if text is not None else self._sound(audio)
        talk = conversation if conversation is not None else Conversation()
        role = self._manifest.chat.default_system if system is None else system
        head = self._head(system_text(role, " ".join(table.instructions(manner))), talk, question)
        return self._answer(question, head, manner, secrets.randbits(31) if seed is None else seed, talk)

    def _sound(self, audio: AudioChunk | Path | str | None) -> AudioChunk:
        if isinstance(audio, AudioChunk):
            return prepare_question(audio.samples, audio.rate_hz, HEARING_HZ, name="The question")
        return read_question(Path(audio or ""), HEARING_HZ)

    def _head(self, system: str, talk: Conversation, question: AudioChunk | str) -> list[int]:
        """Everything before the question: the role, and of the turns before what fits."""
        begin = self._prompt.conversation([Message("system", (system,))] if system else [])
        begin = begin[: len(begin) - len(self._prompt.opening("assistant"))]
        human = self._prompt.opening("user")
        size = len(question) if isinstance(question, str) else int(question.seconds / GROUP_SECONDS + 4) * self._layout.group_size
        room = self._manifest.context_tokens - self._manifest.sampling.max_tokens - len(begin) - len(human) - size
        if room < 0:
            raise InputError("The question is too long for this bundle's context.")
        ids = list(begin)
        for turn in fit(talk.turns, room, self._layout):
            ids += [*self._prompt.opening("user" if turn.role == "human" else "assistant"), *turn.tokens, self._layout.eot]
        return [*ids, *human]

    def _answer(self, question: AudioChunk | str, head: list[int], style: Style, seed: int, talk: Conversation) -> Iterator[AnswerEvent]:
        self._brain.resume(head)  # while nobody speaks yet
        clock = LiveClock()
        heard = self._read(question) if isinstance(question, str) else self._hear(question, clock)
        self._brain.read([self._layout.eot, *self._prompt.opening("assistant")])
        speaking = self._voice.stream(self.bundle.voice(style.voice).name, style.rate, style.pitch, seed)
        delivery = Delivery(self._tokenizer, self._layout, speaking, style)
        first_audio_ms: float | None = None
        seconds = 0.0
        for event in self._deliver(delivery, seed):
            if isinstance(event, SoundPiece):
                first_audio_ms = clock.since_question_ms if first_audio_ms is None else first_audio_ms
                seconds += event.sound.seconds
            with clock.stopped():
                yield event
        total_ms = clock.since_question_ms
        timing = Timing(first_audio_ms, total_ms, total_ms / 1000 / seconds if seconds else None)
        number = talk.next_number
        asked = Turn(number, "human", question if isinstance(question, str) else "", tuple(heard))
        answer = Turn(number + 1, "assistant", delivery.text, tuple(delivery.ids), style, seed)
        talk.add(asked, answer)
        layout, groups = self._layout, delivery.groups
        counts = TokenCounts(len(heard), delivery.text_ids, groups * layout.linguistic_per_group, groups * layout.semantic_per_group)
        yield Answered(asked, answer, delivery.segments, counts, timing)

    def _deliver(self, delivery: Delivery, seed: int) -> Iterator[AnswerEvent]:
        for token_id in self._brain.decode(seed, self._manifest.sampling.max_tokens):
            yield from delivery.take(token_id)
        yield from delivery.finish()

    def _read(self, text: str) -> list[int]:
        ids = self._tokenizer.encode(text)
        self._brain.read(ids)
        return ids

    def _hear(self, sound: AudioChunk, clock: LiveClock) -> list[int]:
        """Hear a question block by block, as it would come from a microphone; its ids are read as they become sure."""
        layout, listening = self._layout, self._ears.stream()
        marked = self._manifest.chat.marks_heard_speech and layout.audio_start is not None and layout.audio_end is not None
        heard: list[int] = [layout.audio_start] if marked and layout.audio_start is not None else []
        self._brain.read(heard)
        block = round(HEARING_S * sound.rate_hz)
        for start in range(0, len(sound.samples), block):
            clock.start_work()
            samples = sound.samples[start : start + block]
            ids = listening.feed(AudioChunk(samples, sound.rate_hz, start / sound.rate_hz)).ids(layout)
            heard += self._brain.hear(ids)
            clock.worked(len(samples) / sound.rate_hz)
        heard += self._brain.hear(listening.finish().ids(layout), last=True)
        end = [layout.audio_end] if marked and layout.audio_end is not None else []
        self._brain.read(end)
        return heard + end


def _typed(text: str) -> str:
    """Check a typed question."""
    if not text.strip():
        raise InputError("The typed question is empty.")
    if len(text) > LONGEST_TYPED:
        raise InputError(f"The typed question has {len(text):,} characters; up to {LONGEST_TYPED:,} are read.")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise InputError("The typed question holds bytes that are no text.") from None
    return text.strip()
