"""An answer on its way out: decoded ids become text and sound as soon as either is ready."""

from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import Future
from types import MappingProxyType

import numpy as np

from parley_models.answer import AnswerEvent, CallPiece, SoundPiece, SpokenSegment, TextPiece
from parley_models.calls import CallReader
from parley_models.interleave import Splitter
from parley_models.labels import LabelReader, Labels, labelled
from parley_models.pcm import AudioChunk
from parley_models.performance import Performer, Sounding
from parley_models.prebuffer import Pace, Progress
from parley_models.stopwatch import Stopwatch
from parley_models.style import Style
from parley_models.text_tokenizer import TextStream, TextTokenizer
from parley_models.tokens import SpeechTokens, TokenLayout

LONGEST_CHUNK_GROUPS = 12
"""1.44 s at rate 1: longer chunks gain no speed and make the end wait."""


class Delivery:
    """Takes the ids of one answer in order and gives out its text and its sound.

    Sound is made for chunks of 3, 3, 6, 12, 12, … groups: the first after the first 10:15 block, so that it leaves
    early, the later ones growing, so that the vocoder works in larger steps while enough is queued to be played. Where model and voice
    together take more than half of the time that there is, less is queued and chunks grow more slowly, or not at all.
    """

    def __init__(
        self,
        tokenizer: TextTokenizer,
        layout: TokenLayout,
        performer: Performer | None,
        style: Style,
        *,
        labels: Labels = MappingProxyType({}),
        tools: Collection[str] = (),
    ) -> None:
        """Without a performer the sound is left out; `tools` are the names that a line of text may call, `labels` the styles that may
        stand before a stretch's words.
        """
        self._tokenizer = tokenizer
        self._layout = layout
        self._performer = performer
        self._style = style
        self._labels = labels
        self._label = LabelReader(labels)
        self._styles = [style]
        """Of each stretch, with what its label says."""

        self._sounding: Sounding | None = None
        self._made: Future[Sequence[AudioChunk]] | None = None
        """Sound that is being made: one chunk at a time."""

        self._spoken_in = style
        """The style of the groups that came last."""

        self._levels_before: tuple[float, ...] = ()
        self._begins_s = 0.0
        """Where the next stretch begins in the sound."""

        self._splitter = Splitter(layout)
        self._stream = TextStream(tokenizer)
        self._calls = CallReader(tools)
        self._calls_given = 0
        self._texts = [""]
        self._stretch_begun = False
        self._groups: list[SpeechTokens] = []
        self._watch = Stopwatch(style.rate if performer is None else performer.rate(style))
        self._block_text = 0
        """Text ids since the last audio id before them."""

        self._block_groups = 0
        """Groups since the last text id."""

        self.spoken_groups = 0
        """Groups that the voice was given so far."""

        self.ids: list[int] = []
        """Everything taken so far but the stop."""

    def timed(self, ids: Iterator[int]) -> Iterator[int]:
        """Pass ids on to whoever has them taken; how long the model needs for them becomes `pace`."""
        return self._watch.ids(ids)

    def take(self, token_id: int) -> Iterator[AnswerEvent | None]:
        """Take one id. None comes before the voice is asked for sound: the last moment to stop."""
        split = self._splitter.feed(token_id)
        if not split.ended:
            self.ids.append(token_id)
        if token_id == self._layout.audio_start and self._stretch_begun:
            yield from self._next_segment()
        self._stretch_begun = self._stretch_begun or bool(split.text) or split.speech is not None
        for text_id in split.text:
            self._block_text, self._block_groups = (1, 0) if self._block_groups else (self._block_text + 1, 0)
            yield from self._read(self._stream.feed(text_id))
        if split.speech is not None:
            yield from self._read("", label_over=True)
            if self._spoken_in != self._styles[-1]:
                yield from self._fall_silent()
                self._spoken_in = self._styles[-1]
            self._groups.append(split.speech)
            self._block_groups += 1
            if len(self._groups) >= self.chunk_groups(self.spoken_groups):
                yield from self._speak()
        if self._made is not None and self._made.done():
            yield from self._given()

    def finish(self) -> Iterator[AnswerEvent | None]:
        """The answer is over: what is left of both."""
        yield from self._read(self._stream.finish(), label_over=True, last=True)
        yield from self._fall_silent()

    @property
    def text(self) -> str:
        """The answer's text so far."""
        return " ".join(text.strip() for text in self._texts if text.strip())

    @property
    def segments(self) -> tuple[SpokenSegment, ...]:
        """The answer's text by segment."""
        return tuple(SpokenSegment(text.strip(), style) for text, style in zip(self._texts, self._styles, strict=True) if text.strip())

    @property
    def levels(self) -> tuple[float, ...]:
        """How loud each group of the sound so far came out."""
        return self._levels_before if self._sounding is None else (*self._levels_before, *self._sounding.levels)

    @property
    def groups(self) -> int:
        """Complete groups of speech so far."""
        return self.spoken_groups + len(self._groups)

    @property
    def text_ids(self) -> int:
        """Text ids so far."""
        markers = {self._layout.audio_start, self._layout.audio_end}
        return sum(not self._layout.is_audio(token_id) and token_id not in markers for token_id in self.ids)

    def pace(self) -> Pace:
        """How fast model and voice were so far."""
        return self._watch.pace

    def progress(self) -> Progress:
        """How far the answer is."""
        block = self._groups_per_block
        text_done = self._block_groups > block or (self._block_groups > 0 and self._block_text < self._layout.text_per_block)
        return Progress(self.text_ids, self.groups, self.spoken_groups, text_done)

    def chunk_groups(self, spoken_groups: int) -> int:
        """After so many groups that have been spoken, how many the next chunk has."""
        pace = self._watch.pace
        load = pace.load(self._layout)
        if self._made is not None and not pace.vocoder_rtf:  # nobody knows yet how long the voice takes
            return self._groups_per_block
        # While `spoken` groups were made, load x spoken were played: so long the next chunk may take.
        in_time = int(spoken_groups * min(1.0, (1 - load) / load)) if load < 1 else 0
        return min(max(self._groups_per_block, in_time), LONGEST_CHUNK_GROUPS)

    @property
    def _groups_per_block(self) -> int:
        return self._layout.audio_per_block // self._layout.group_size

    def _speak(self) -> Iterator[AnswerEvent | None]:
        yield None
        yield from self._given()
        speech = SpeechTokens(np.concatenate([group.codes for group in self._groups]))
        self.spoken_groups += len(speech)
        self._groups = []
        if self._performer is not None:
            self._made = self._performer.workshop.submit(self._voiced, self._performer, speech)

    def _voiced(self, performer: Performer, speech: SpeechTokens) -> Sequence[AudioChunk]:
        with self._watch.voicing(len(speech)):
            if self._sounding is None:
                self._sounding = performer.begin(self._spoken_in, self._begins_s)
            return self._sounding.feed(speech)

    def _given(self) -> Iterator[SoundPiece]:
        """The sound that is being made, when it is there."""
        made, self._made = self._made, None
        for sound in () if made is None else made.result():
            yield SoundPiece(sound)

    def _fall_silent(self) -> Iterator[AnswerEvent | None]:
        """A stretch is over whose style is not that of the next: the sound of what is left of it."""
        if self._groups:
            yield from self._speak()
        yield from self._given()
        if self._sounding is not None and self._performer is not None:
            self._made = self._performer.workshop.submit(self._sounding.finish)
            yield from self._given()
            self._levels_before, self._begins_s, self._sounding = self.levels, self._sounding.ends_s, None

    def _read(self, text: str, *, label_over: bool = False, last: bool = False) -> Iterator[AnswerEvent]:
        shown = self._label.feed(text) + (self._label.finish() if label_over else "")
        self._styles[-1] = labelled(self._style, self._label.style)
        yield from self._say(shown, last=last)

    def _say(self, text: str, *, last: bool = False) -> Iterator[AnswerEvent]:
        shown = self._calls.feed(text)
        if last:
            shown += self._calls.finish()
        if shown:
            if not self._texts[-1] and any(self._texts) and not shown[0].isspace():
                shown = f" {shown}"  # stretches are spoken apart, and pieces are shown one behind the other
            self._texts[-1] += shown
            yield TextPiece(shown, len(self._texts) - 1, self._styles[-1])
        for call in self._calls.calls[self._calls_given :]:
            self._calls_given += 1
            yield CallPiece(call)

    def _next_segment(self) -> Iterator[AnswerEvent]:
        yield from self._read(self._stream.finish(), label_over=True, last=True)
        self._stream, self._label = TextStream(self._tokenizer), LabelReader(self._labels)
        self._texts.append("")
        self._styles.append(self._style)
        self._stretch_begun = False
