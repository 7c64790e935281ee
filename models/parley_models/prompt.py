"""The chat format: turns as ids.

Every piece is encoded on its own, the way Step-Audio-TTS-3B does it (tts.py:153-199): encoding the whole string could put a
word-start piece before a marker, which the model never saw.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field

from parley_models.interleave import Segment, interleave_segment
from parley_models.text_tokenizer import TextTokenizer
from parley_models.tokens import SpeechTokens, TokenLayout
from parley_models.typed_words import as_heard
from parley_models.written_numbers import in_words


@dataclass(frozen=True, slots=True)
class Message:
    """One turn."""

    role: str
    """`system`, `user` or `assistant`."""

    content: tuple[str | SpeechTokens | Segment, ...]
    """What was typed, heard or answered, in order; an answer is kept as segments, the way it was given."""


@dataclass(frozen=True, slots=True)
class ChatTemplate:
    """How a bundle writes turns: `<|BOT|>role`, newline, content, `<|EOT|>`. The defaults are Step-Audio-Chat's (stepaudio.py:27-74)."""

    roles: dict[str, str] = field(default_factory=lambda: {"user": "human"})
    """What the model calls a role, where it differs."""

    role_end: str = "\n"
    begins_with_bos: bool = True
    default_system: str = ""
    """The role when none is given; empty = no system turn."""

    marks_heard_speech: bool = False
    """Whether what the user said stands between `<audio_start>` and `<audio_end>`; Step-Audio-Chat's does not."""

    writes_along_groups: int = 0
    """After how many heard groups the model may write the words it understood; 0 = it never does, as in the public checkpoints."""

    marks_speech_end: bool = False
    """Whether a model that writes along is told by `<audio_end>` that the speech is over; then it writes what it still owes."""

    spells_numbers: bool = False
    """Whether typed numbers are given to the model in words: one that learned from what is spoken has met no digits."""

    types_as_heard: bool = False
    """Whether typed words are given to the model as it would write them along: in small letters, without signs."""

    remembers_turns: bool = True
    """Whether the turns before a question are put before it; a model that learned from single questions alone loses its way in them."""

    remembered_questions: Annotated[int, Field(ge=0)] = 0
    """How many of the newest questions before it, with their answers; 0 = as many as fit. A small model that learned from three at most
    loses its way behind five."""


class Prompt:
    """Writes conversations as ids for one bundle."""

    def __init__(self, tokenizer: TextTokenizer, layout: TokenLayout, template: ChatTemplate | None = None) -> None:
        self._tokenizer = tokenizer
        self._layout = layout
        self._template = template or ChatTemplate()

    def conversation(self, messages: Iterable[Message]) -> list[int]:
        """All turns and the opening of the answer: what the backbone is given."""
        turns = list(messages)
        if self._template.default_system and not any(turn.role == "system" for turn in turns):
            turns.insert(0, Message("system", (self._template.default_system,)))
        begin = [self._layout.bos] if self._template.begins_with_bos else []
        return [*begin, *(token_id for turn in turns for token_id in self.turn(turn)), *self.opening("assistant")]

    def typed(self, text: str) -> list[int]:
        """Ids of what a person typed."""
        spelled = in_words(text) if self._template.spells_numbers else text
        return self._tokenizer.encode(as_heard(spelled) if self._template.types_as_heard else spelled)

    def turn(self, message: Message) -> list[int]:
        """One whole turn, `<|EOT|>` included."""
        return [*self.opening(message.role), *self.content(message), self._layout.eot]

    def opening(self, role: str) -> list[int]:
        """`<|BOT|>` and the role; what follows may come piece by piece, while the user still speaks."""
        name = self._template.roles.get(role, role)
        return [self._layout.bot, *self._tokenizer.encode(name + self._template.role_end)]

    def content(self, message: Message) -> list[int]:
        """What stands between a turn's role and its `<|EOT|>`."""
        ids: list[int] = []
        for part in message.content:
            if isinstance(part, str):
                ids += self._tokenizer.encode(part)
            elif isinstance(part, Segment):
                ids += interleave_segment(part, self._layout) if len(part.speech) else part.text
            else:
                ids += self._heard(part)
        return ids

    def _heard(self, speech: SpeechTokens) -> list[int]:
        ids, layout = speech.ids(self._layout), self._layout
        if self._template.marks_heard_speech and layout.audio_start is not None and layout.audio_end is not None:
            return [layout.audio_start, *ids, layout.audio_end]
        return ids


def system_text(role: str = "", instruction: str = "") -> str:
    """The system turn's text: who the assistant is, and on a line of its own how to speak; empty if there is neither."""
    return "\n".join(part for part in (role.strip(), instruction.strip()) if part)
