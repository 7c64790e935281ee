"""How much sound to hold back, so that a slow model never makes the voice stop in the middle.

While text and audio ids alternate 10:15, sound comes at 15/25 of the speed of the ids; when the text is finished, which is early (speech
carries 3 to 4.5 text ids a second), all ids are sound. So the largest deficit lies where the text ends, or at the end of the answer if the
ids come slower than 41.67 a second. Here the two rates are followed block by block instead of multiplying a factor with the length.

    events = Prebuffer(layout, expectation, delivery.pace, chunk=delivery.chunk_groups).hold(events, delivery.progress)

Arithmetic only: numbers in seconds, ids and groups.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from math import ceil

from parley_models.answer import AnswerEvent, SoundPiece
from parley_models.tokens import GROUP_SECONDS, TokenLayout

TEXT_IDS_PER_S = 3.75
"""Of speech, before any answer was measured: the middle of 3 to 4.5."""

TEXT_IDS = 40
"""Of an answer, before any was measured: 11 s of speech."""

LEARNING = 0.2
"""How much the newest answer counts."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast things are made."""

    ids_per_s: float
    vocoder_rtf: float = 0.0
    """Seconds of work for a second of sound, where it takes turns with the decoder; 0 if it has a processor of its own."""

    rate: float = 1.0
    """How fast is spoken: at 2 a group lasts 60 ms."""

    def keeps_up(self, layout: TokenLayout) -> bool:
        """Whether ids come at least as fast as text and sound together are spoken: 69.4 a second at rate 1."""
        return self._ids_load(layout) <= 1

    def load(self, layout: TokenLayout) -> float:
        """How many seconds of work a second of sound takes while text and speech alternate."""
        return self._ids_load(layout) + self.vocoder_rtf

    def _ids_load(self, layout: TokenLayout) -> float:
        block_s = layout.audio_per_block // layout.group_size * GROUP_SECONDS / self.rate
        return (layout.text_per_block + layout.audio_per_block) / self.ids_per_s / block_s


Chunking = Callable[[int], int]
"""After so many groups that have been spoken, how many the next chunk of sound has."""


def block_by_block(_: int) -> int:
    """Three groups at a time."""
    return 3


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an answer is."""

    text_ids: int = 0
    groups: int = 0
    spoken_groups: int = 0
    """Of them, those that are sound already."""

    text_done: bool = False


NOTHING = Progress()


@dataclass(frozen=True, slots=True)
class Expectation:
    """How long answers are; learnt as they come."""

    text_ids: float = TEXT_IDS
    text_ids_per_s: float = TEXT_IDS_PER_S

    def learn(self, text_ids: int, seconds: float) -> "Expectation":
        """After an answer of so many text ids and, at rate 1, so many seconds."""
        if not text_ids or seconds <= 0:
            return self
        return Expectation(
            self.text_ids + LEARNING * (text_ids - self.text_ids),
            self.text_ids_per_s + LEARNING * (text_ids / seconds - self.text_ids_per_s),
        )

    def length(self, progress: Progress) -> tuple[int, int]:
        """Text ids and groups that the whole answer will probably have: from the text itself once it is complete."""
        text = progress.text_ids if progress.text_done else max(ceil(self.text_ids), progress.text_ids)
        return text, max(ceil(text / self.text_ids_per_s / GROUP_SECONDS), progress.groups)


def arrivals(
    layout: TokenLayout, pace: Pace, text_ids: int, groups: int, chunk: Chunking = block_by_block, after: Progress = NOTHING
) -> Iterator[tuple[float, int]]:
    """When each chunk of sound that is still to come will be there, in seconds from now, and how many groups it has.

    Args:
        layout: how text and audio alternate.
        pace: how fast ids and sound are made.
        text_ids: of the whole answer.
        groups: of the whole answer.
        chunk: how many groups the vocoder takes at a time.
        after: what is there already.
    """
    text, made, spoken, now = after.text_ids, after.groups, after.spoken_groups, 0.0
    per_block = layout.audio_per_block // layout.group_size
    while spoken < groups:
        size = min(max(chunk(spoken), 1), groups - spoken)
        for group in range(made, max(made, spoken + size)):
            due = min(text_ids, (group // per_block + 1) * layout.text_per_block)
            now += (max(due - text, 0) + layout.group_size) / pace.ids_per_s
            text, made = max(text, due), group + 1
        spoken += size
        now += pace.vocoder_rtf * size * GROUP_SECONDS / pace.rate
        yield now, size


def wait_to_start(
    layout: TokenLayout,
    pace: Pace,
    text_ids: int,
    groups: int,
    chunk: Chunking = block_by_block,
    after: Progress = NOTHING,
    held_s: float = 0.0,
) -> float:
    """How long to wait yet so that, once sound has begun, there is always some left until the answer ends.

    The arguments are those of `arrivals`, and `held_s`: sound that is there and was not yet heard.
    """
    wait, played = 0.0, held_s
    for arrival, size in arrivals(layout, pace, text_ids, groups, chunk, after):
        wait = max(wait, arrival - played)
        played += size * GROUP_SECONDS / pace.rate
    return wait


class Prebuffer:
    """Holds an answer's sound back until the rest will come in time. One answer; any one thread."""

    def __init__(
        self,
        layout: TokenLayout,
        expectation: Expectation,
        pace: Callable[[], Pace],
        *,
        chunk: Chunking = block_by_block,
        margin: float = 0.1,
    ) -> None:
        """For one answer.

        Args:
            layout: how text and audio alternate.
            expectation: how long answers are.
            pace: as measured so far; asked when there is sound.
            chunk: how many groups the vocoder takes at a time.
            margin: how much slower than measured so far the rest may come.
        """
        self._layout, self._expectation, self._chunk = layout, expectation, chunk
        self._pace, self._margin = pace, margin
        self._sounding = False

    def may_sound(self, progress: Progress, held_s: float) -> bool:
        """Whether sound may begin now, of which `held_s` seconds wait; once true, always true, and at once where the model keeps up."""
        if not self._sounding and held_s > 0:
            pace = self._pace()
            slower = replace(pace, ids_per_s=pace.ids_per_s / (1 + self._margin))
            text_ids, groups = self._expectation.length(progress)
            self._sounding = (
                pace.keeps_up(self._layout) or wait_to_start(self._layout, slower, text_ids, groups, self._chunk, progress, held_s) <= 0
            )
        return self._sounding

    def hold(self, events: Iterable[AnswerEvent | None], progress: Callable[[], Progress]) -> Iterator[AnswerEvent | None]:
        """Pass everything on at once but sound, and sound as soon as it may begin; what was held leaves in order, at the latest at the end.

        Args:
            events: of one answer, as they come.
            progress: how far the answer is; asked when there is sound.
        """
        held: list[SoundPiece] = []
        for event in events:
            if not isinstance(event, SoundPiece):
                yield event
                continue
            held.append(event)
            if self.may_sound(progress(), sum(piece.sound.seconds for piece in held)):
                yield from held
                held = []
        yield from held
