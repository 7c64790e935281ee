"""10:15 interleaving: an answer's text and speech mixed into one stream of ids, and sorted back.

Facts: the ratio is the paper's (arXiv 2506.08967: ten text ids, then fifteen audio ids, three groups); what the paper leaves
open is decided in docs/architecture.md, "Sound, tokens, ids".
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from parley_models.tokens import SpeechTokens, TokenLayout


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of an answer in one style."""

    text: tuple[int, ...]
    """Text ids; no markers among them."""

    speech: SpeechTokens


@dataclass(frozen=True, slots=True)
class Split:
    """What one id, or a few, turned out to be."""

    text: tuple[int, ...] = ()
    speech: SpeechTokens | None = None
    """A complete group, as soon as its fifth code is there."""

    segment_ended: bool = False
    ended: bool = False
    """The id was one of the layout's stops."""


def interleave_segment(segment: Segment, layout: TokenLayout) -> Iterator[int]:
    """Blocks of up to 10 text ids and up to 15 audio ids, between the bundle's markers if it has any; nothing fills a block."""
    if layout.audio_start is not None:
        yield layout.audio_start
    text, audio = segment.text, segment.speech.ids(layout)
    while audio:
        yield from text[: layout.text_per_block]
        yield from audio[: layout.audio_per_block]
        text, audio = text[layout.text_per_block :], audio[layout.audio_per_block :]
    yield from text
    if layout.audio_end is not None:
        yield layout.audio_end


def interleave(segments: Iterable[Segment], layout: TokenLayout) -> list[int]:
    """The ids of a whole answer, `<|EOT|>` at its end. A segment without speech is plain text, without markers."""
    ids: list[int] = []
    for segment in segments:
        ids += interleave_segment(segment, layout) if len(segment.speech) else segment.text
    return [*ids, layout.eot]


class Splitter:
    """Sorts a stream of ids back into text and complete groups.

    It takes whatever a model may say: a code out of order is dropped, and so is what follows it until the next linguistic
    pair; a group cut short by a text id or a marker goes on after it only in the order the group asks for.
    """

    def __init__(self, layout: TokenLayout) -> None:
        self._layout = layout
        self._group: list[int] = []
        self.dropped = 0
        """Codes that belonged to no group, so far."""

    def feed(self, token_id: int) -> Split:
        """Take one id and say what became known by it."""
        layout = self._layout
        if layout.is_audio(token_id):
            return Split(speech=self._code(token_id))
        if token_id in layout.stops:
            self._cut()
            return Split(ended=True)
        if token_id in (layout.audio_start, layout.audio_end):
            self._cut()
            return Split(segment_ended=token_id == layout.audio_end)
        if token_id in (layout.bos, layout.bot) or not 0 <= token_id < layout.vocab_size or token_id >= layout.audio_offset:
            return Split()  # reserved: stands for nothing
        return Split(text=(token_id,))

    def segments(self, ids: Sequence[int]) -> list[Segment]:
        """A whole answer sorted back into segments; anything after its end is left alone."""
        found: list[Segment] = []
        text: list[int] = []
        groups: list[SpeechTokens] = []
        for token_id in ids:
            split = self.feed(token_id)
            opens = token_id == self._layout.audio_start
            text += split.text
            groups += [split.speech] if split.speech is not None else []
            if (opens or split.segment_ended or split.ended) and (text or groups):
                found.append(Segment(tuple(text), _joined(groups)))
                text, groups = [], []
            if split.ended:
                break
        return [*found, Segment(tuple(text), _joined(groups))] if text or groups else found

    def _code(self, token_id: int) -> SpeechTokens | None:
        layout = self._layout
        linguistic = token_id < layout.semantic_offset
        if linguistic != (len(self._group) < layout.linguistic_per_group):
            self._cut()
            if not linguistic:
                self.dropped += 1
                return None
        self._group.append(token_id - (layout.audio_offset if linguistic else layout.semantic_offset))
        if len(self._group) < layout.group_size:
            return None
        group = SpeechTokens(np.array([self._group], np.uint16))
        self._group = []
        return group

    def _cut(self) -> None:
        self.dropped += len(self._group)
        self._group = []


def _joined(groups: list[SpeechTokens]) -> SpeechTokens:
    return SpeechTokens(np.concatenate([group.codes for group in groups])) if groups else SpeechTokens.empty()
