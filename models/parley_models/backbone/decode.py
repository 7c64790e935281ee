"""An answer, id by id."""

from collections.abc import Generator, Sequence
from contextlib import closing
from typing import Protocol

from parley_models.backbone.sampling import Logits, Sampler
from parley_models.backbone.speculation import Speculation
from parley_models.errors import EngineError
from parley_models.manifest import Sampling
from parley_models.tokens import TokenLayout

LOOPING_IDS = 125
"""A group repeated for 25 groups, 3 s, is no speech."""


class Reader(Protocol):
    """What decoding needs of a backbone; `Backbone` is one, a backbone on another machine may be."""

    @property
    def length(self) -> int:
        """Ids read so far."""
        ...

    @property
    def capacity(self) -> int:
        """Ids that fit."""
        ...

    def prepare(self, ids: Sequence[int]) -> Logits:
        """Hold exactly these ids; logits for the next."""
        ...

    def step(self, token_id: int) -> Logits:
        """Read one more id; logits for the next."""
        ...


class Decoder:
    """Makes a backbone answer. The thread that iterates is the one that computes."""

    def __init__(
        self, backbone: Reader, layout: TokenLayout, sampling: Sampling | None = None, speculation: Speculation | None = None
    ) -> None:
        """`speculation` is of the same backbone; without one every id is a step of its own."""
        self._backbone = backbone
        self._layout = layout
        self._sampling = sampling or Sampling()
        self._speculation = speculation
        self._sampler: Sampler | None = None

    @property
    def text_likelihood(self) -> float:
        """Log probability of the text that the last answer has so far."""
        return self._sampler.text_likelihood if self._sampler is not None else 0.0

    def answer(self, prompt: Sequence[int], *, seed: int = 0, max_ids: int | None = None) -> Generator[int]:
        """Yield the ids of an answer, its end (`<|EOT|>`) not among them.

        An id is computed when it is asked for: who stops asking stops the model. An answer ends by a stop id, after
        `max_ids` (the sampling's own limit unless given), when the context is full, or when it runs in a circle.

        Between two ids the backbone holds all of them but the last, with speculation perhaps the rest of a started group too. Who used
        it in between puts it back to at least all but the last.

        Args:
            prompt: everything up to and including the opening of the answer; what the cache already holds of it is not read again.
            seed: same prompt, same seed, same ids.
            max_ids: how many ids at most.

        Raises:
            EngineError: the prompt does not fit, or somebody else used the backbone between two ids.
        """
        self._sampler = sampler = Sampler(self._layout, self._sampling, seed)
        limit = self._sampling.max_tokens if max_ids is None else max_ids
        answer: list[int] = []
        with closing(self._ids(prompt, sampler)) as ids:
            while len(answer) < limit:
                token_id = next(ids)
                if token_id in self._layout.stops:
                    return
                answer.append(token_id)
                yield token_id
                if len(prompt) + len(answer) >= self._backbone.capacity or self._circles(answer):
                    return

    def _ids(self, prompt: Sequence[int], sampler: Sampler) -> Generator[int]:
        """The ids without end, the last one not yet read."""
        speculation = self._speculation
        if speculation:
            speculation.begin()
        logits: Logits | None = self._backbone.prepare(prompt)
        read = len(prompt)
        while True:
            if logits is not None:
                token_id = sampler.draw(logits)
                yield token_id
                self._make_whole(read, read, ())
            if speculation and speculation.pays(sampler):
                codes, logits = speculation.go_on(sampler, token_id)
                known = [token_id, *codes] if logits is not None else [token_id, *codes[:-1]]
                token_id = codes[-1]
                yield from codes
                self._make_whole(read, read + len(known), known)
                read += len(known)
            else:
                logits = self._backbone.step(token_id)
                read += 1

    def _make_whole(self, fewest: int, read: int, known: Sequence[int]) -> None:
        """Have the backbone hold what it had read, after others may have used it: `read` ids, the last of them `known`."""
        held = self._backbone.length
        if not fewest <= held <= read:
            raise EngineError("Another answer was begun before this one was finished.")
        for token_id in known[len(known) - (read - held) :] if held < read else ():
            self._backbone.step(token_id)

    def _circles(self, answer: Sequence[int]) -> bool:
        tail = answer[-LOOPING_IDS:]
        size = self._layout.group_size
        return len(tail) == LOOPING_IDS and all(old == new for old, new in zip(tail, tail[size:], strict=False))
