"""The backbone on a vLLM server as the assistant's brain; ears and voice stay here.

A request's sampling can't change while it runs, but what may come next changes with every id: text is drawn cold and audio warm, and
inside a group only the slot's book is open. So an answer is asked for as one long stream and every id is looked at as it comes. An id
that our own sampler (`sampling.Sampler`) could not have drawn ends the stream; that one id is drawn again from what was allowed, and a
new stream goes on behind it, over the server's prefix cache. Drawing again from the allowed rest is the same distribution as masking the
logits (but for where `top_p` cuts). A trained model hardly ever leaves its slot, so this costs a request where text and speech alternate.
"""

from collections import deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

from parley_models.backbone.completions import Completions, Draw, Drawn
from parley_models.backbone.decode import LOOPING_IDS
from parley_models.errors import EngineError, UsageError
from parley_models.manifest import Manifest, Sampling
from parley_models.tokens import TokenLayout

READ_AHEAD_IDS = 64
"""1.5 s of hearing: no more than so many are left to be read when the question ends."""

TEXT, SPEECH = "text", "speech"


class RemoteBrain:
    """One context of ids, and a server that goes on with it."""

    def __init__(self, completions: Completions, manifest: Manifest) -> None:
        """Talk with a server.

        Raises:
            UsageError: the bundle's brain writes along while it hears, which the protocol does not allow.
        """
        if manifest.chat.writes_along_groups:
            raise UsageError(f"{manifest.title} writes along while it hears: its backbone can't be on a server.")
        self._completions, self._layout, self._sampling = completions, manifest.tokens, manifest.sampling
        self._ids: list[int] = []
        self._read_ahead: list[int] = []

    def resume(self, ids: Sequence[int]) -> None:
        """Make the context exactly these ids."""
        self._ids = list(ids)
        self._let_read()

    def read(self, ids: Sequence[int]) -> None:
        """Add ids to the context."""
        self._ids += ids

    def hear(self, ids: Sequence[int], *, last: bool = False) -> Sequence[int]:
        """Add groups of a question that is being heard; the server reads them while the rest is still being said."""
        self.read(ids)
        if not last:
            self._let_read()
        return ids

    @property
    def question_complete(self) -> float | None:
        """Not known."""
        return None

    @property
    def said_likelihood(self) -> float:
        """Not asked for: one hearing is not weighed against another."""
        return 0.0

    def decode(self, seed: int, limit: int) -> Iterator[int]:
        """Answer what is in the context. Closing the generator closes the connection, and the server stops."""
        limit = min(limit, (self._completions.context_ids or len(self._ids) + limit) - len(self._ids))
        for token_id in _Answer(self._completions, self._layout, self._sampling, list(self._ids), seed, limit).ids():
            self._ids.append(token_id)
            yield token_id

    def voice(self, seed: int, limit: int, *, may_end: bool) -> Iterator[int]:
        """Sound for the words at the end of the context. Every id is a request of its own, as each may be of one book only."""
        layout, sampling = self._layout, self._sampling
        books = tuple(range(layout.audio_offset, layout.semantic_offset)), tuple(range(layout.semantic_offset, layout.audio_stop))
        ends = tuple(end for end in (layout.audio_end, *layout.stops) if end is not None)
        room = (self._completions.context_ids or len(self._ids) + limit) - len(self._ids)
        for count in range(min(limit, room) // layout.group_size * layout.group_size):
            place = count % layout.group_size
            if may_end and not place and self._completions.draw(self._ids, Draw(allowed=books[0] + ends)) in ends:
                return
            book = books[place >= layout.linguistic_per_group]
            how = Draw(sampling.audio_temperature, sampling.top_p, (seed * 1_000_003 + len(self._ids)) % 2**31, book)
            token_id = self._completions.draw(self._ids, how)
            self._ids.append(token_id)
            yield token_id

    def _let_read(self) -> None:
        """Ask for one id and forget it: what that took to read stays in the server's prefix cache."""
        known = min(len(self._read_ahead), len(self._ids))
        if len(self._ids) - known >= READ_AHEAD_IDS or self._read_ahead[:known] != self._ids[:known]:
            self._completions.read(self._ids)
            self._read_ahead = list(self._ids)


@dataclass(frozen=True, slots=True)
class _Again:
    """Draw this id again, so, and begin a new stream behind it."""

    how: Draw


class _Answer:
    """One answer, id by id, by the rules of `sampling.Sampler`."""

    def __init__(
        self, completions: Completions, layout: TokenLayout, sampling: Sampling, context: list[int], seed: int, limit: int
    ) -> None:
        self._completions, self._layout, self._sampling = completions, layout, sampling
        self._context, self._begin, self._limit, self._seed = context, len(context), limit, seed
        self._kind = TEXT
        self._place = 0
        self._decided_at = -1
        """The length of the context at which `kind` was decided; it is not asked twice."""

        self._recent: deque[int] = deque(maxlen=max(sampling.repetition_window, 1))
        self._linguistic = tuple(range(layout.audio_offset, layout.semantic_offset))
        self._semantic = tuple(range(layout.semantic_offset, layout.audio_stop))
        speaks = {layout.audio_start, layout.audio_end, *layout.stops}
        reserved = [layout.bos, layout.bot, *range(layout.audio_stop, layout.vocab_size)]
        self._never = tuple(token_id for token_id in reserved if token_id not in speaks) + self._semantic
        """Outside groups."""

    def ids(self) -> Generator[int]:
        """All of it, its end not among them."""
        while self._count < self._limit:
            again: _Again | None = None
            with closing(self._stream()) as stream:
                for drawn in stream:
                    ruling = self._rule(drawn)
                    if not isinstance(ruling, int):
                        again = ruling
                        break
                    if ruling in self._layout.stops or self._circles():
                        return
                    self._take(ruling)
                    yield ruling
                else:
                    return  # all that were asked for, or the server's own limit
            if again is not None:
                token_id = self._completions.draw(self._context, again.how)
                if token_id in self._layout.stops or self._circles():
                    return
                self._take(token_id)
                yield token_id

    @property
    def _count(self) -> int:
        return len(self._context) - self._begin

    def _stream(self) -> Generator[Drawn]:
        return self._completions.stream(
            self._context, self._draw(self._temperature), limit=self._limit - self._count, stops=self._layout.stops
        )

    @property
    def _temperature(self) -> float:
        return self._sampling.audio_temperature if self._kind == SPEECH else self._sampling.text_temperature

    def _draw(
        self, temperature: float, *, allowed: tuple[int, ...] | None = None, banned: tuple[int, ...] = (), whole: bool = False
    ) -> Draw:
        top_p = 1.0 if whole or temperature <= 0 else self._sampling.top_p
        # Every request of an answer has a seed of its own: the same one would draw the same number again.
        return Draw(max(temperature, 0.0), top_p, (self._seed * 1_000_003 + len(self._context)) % 2**31, allowed, banned)

    def _rule(self, drawn: Drawn) -> int | _Again | None:
        """The id, or how to draw it again; None = ask for a new stream of the other kind.

        Raises:
            EngineError: no model of this bundle has such an id.
        """
        if drawn.token_id is not None and not 0 <= drawn.token_id < self._layout.vocab_size:
            raise EngineError(f"{self._completions.model} on the server has ids that this bundle does not: it is another model.")
        if self._place:
            book = self._linguistic if self._place < self._layout.linguistic_per_group else self._semantic
            return self._spoken(drawn.token_id, book)
        if self._decided_at != len(self._context):
            kind = self._kind_of(drawn.likeliest)
            if kind is None:
                return self._decide()
            self._decided_at, before, self._kind = len(self._context), self._temperature, kind
            if self._temperature != before:
                return None
        if self._kind == SPEECH:
            return self._spoken(drawn.token_id, self._linguistic)
        if drawn.token_id is None:
            return self._layout.eot
        if self._kind_of(drawn.token_id) == TEXT:
            return drawn.token_id
        return _Again(self._draw(self._temperature, banned=self._never + self._linguistic))

    def _kind_of(self, token_id: int | None) -> str | None:
        """What an id outside groups begins; None if it may not stand there."""
        layout = self._layout
        if token_id is None:
            return TEXT  # an end
        if layout.audio_offset <= token_id < layout.semantic_offset:
            return SPEECH
        return None if token_id in self._never else TEXT

    def _decide(self) -> int | _Again | None:
        """The likeliest id may not stand here: ask which of the others is."""
        likeliest = self._completions.draw(self._context, Draw(banned=self._never))
        if self._kind_of(likeliest) == SPEECH:
            self._kind = SPEECH
            return _Again(self._draw(self._temperature, allowed=self._linguistic))
        self._kind = TEXT
        return _Again(self._draw(self._temperature, banned=self._never + self._linguistic))

    def _spoken(self, token_id: int | None, book: tuple[int, ...]) -> int | _Again:
        """An audio id, unless it is of another book or has been said too often."""
        temperature, window = self._sampling.audio_temperature, self._sampling.repetition_window
        if token_id is None or not book[0] <= token_id <= book[-1]:
            return _Again(self._draw(temperature, allowed=book))
        if window and temperature > 0 and self._recent.count(token_id) / window > self._sampling.repetition_share:
            return _Again(self._draw(temperature, allowed=book, whole=True))
        return token_id

    def _take(self, token_id: int) -> None:
        self._context.append(token_id)
        if self._layout.is_audio(token_id):
            self._place = (self._place + 1) % self._layout.group_size
            if self._sampling.repetition_window:
                self._recent.append(token_id)

    def _circles(self) -> bool:
        tail = self._context[self._begin :][-LOOPING_IDS:]
        size = self._layout.group_size
        return len(tail) == LOOPING_IDS and all(old == new for old, new in zip(tail, tail[size:], strict=False))
