"""An answer on its way out: decoded ids become text and sound as soon as either is ready."""

from collections.abc import Iterator

import numpy as np

from parley_models.answer import AnswerEvent, SoundPiece, SpokenSegment, TextPiece
from parley_models.interleave import Splitter
from parley_models.parts import Speaking
from parley_models.style import Style
from parley_models.text_tokenizer import TextStream, TextTokenizer
from parley_models.tokens import SpeechTokens, TokenLayout

LONGEST_CHUNK_GROUPS = 12
"""1.44 s at rate 1: longer chunks gain no speed and make the end wait."""


class Delivery:
    """Takes the ids of one answer in order and gives out its text and its sound.

    Sound is made for chunks of 3, 3, 6, 9, 12, 12, … groups: the first after the first 10:15 block, so that it leaves
    early, the later ones growing, so that the vocoder works in larger steps while enough is queued to be played.
    """

    def __init__(self, tokenizer: TextTokenizer, layout: TokenLayout, speaking: Speaking, style: Style) -> None:
        self._tokenizer = tokenizer
        self._layout = layout
        self._speaking = speaking
        self._style = style
        self._splitter = Splitter(layout)
        self._stream = TextStream(tokenizer)
        self._texts = [""]
        self._groups: list[SpeechTokens] = []
        self._spoken_groups = 0
        self.ids: list[int] = []
        """Everything taken so far but the stop."""

    def take(self, token_id: int) -> Iterator[AnswerEvent]:
        """Take one id."""
        split = self._splitter.feed(token_id)
        if not split.ended:
            self.ids.append(token_id)
        if token_id == self._layout.audio_start and self._texts[-1]:
            yield from self._next_segment()
        for text_id in split.text:
            yield from self._say(self._stream.feed(text_id))
        if split.speech is not None:
            self._groups.append(split.speech)
            if len(self._groups) >= self._chunk_groups:
                yield from self._speak()

    def finish(self) -> Iterator[AnswerEvent]:
        """The answer is over: what is left of both."""
        yield from self._say(self._stream.finish())
        if self._groups:
            yield from self._speak()
        for sound in self._speaking.finish():
            yield SoundPiece(sound)

    @property
    def text(self) -> str:
        """The answer's text so far."""
        return " ".join(text.strip() for text in self._texts if text.strip())

    @property
    def segments(self) -> tuple[SpokenSegment, ...]:
        """The answer's text by segment."""
        return tuple(SpokenSegment(text.strip(), self._style) for text in self._texts if text.strip())

    @property
    def groups(self) -> int:
        """Complete groups of speech so far."""
        return self._spoken_groups + len(self._groups)

    @property
    def text_ids(self) -> int:
        """Text ids so far."""
        markers = {self._layout.audio_start, self._layout.audio_end}
        return sum(not self._layout.is_audio(token_id) and token_id not in markers for token_id in self.ids)

    @property
    def _chunk_groups(self) -> int:
        """How many groups make the next chunk."""
        block = self._layout.audio_per_block // self._layout.group_size
        return min(max(block, self._spoken_groups), LONGEST_CHUNK_GROUPS)

    def _speak(self) -> Iterator[AnswerEvent]:
        speech = SpeechTokens(np.concatenate([group.codes for group in self._groups]))
        self._spoken_groups += len(speech)
        self._groups = []
        for sound in self._speaking.feed(speech):
            yield SoundPiece(sound)

    def _say(self, text: str) -> Iterator[AnswerEvent]:
        if text:
            self._texts[-1] += text
            yield TextPiece(text, segment=len(self._texts) - 1)

    def _next_segment(self) -> Iterator[AnswerEvent]:
        yield from self._say(self._stream.finish())
        self._stream = TextStream(self._tokenizer)
        self._texts.append("")
