"""Several lines of thought over one brain: each knows its own ids, and whoever needs the brain puts them back (DESIGN §2)."""

from collections.abc import Callable, Generator, Iterator, Sequence

from parley_models.parts import Brain


class SharedBrain:
    """A brain, and whose ids it holds. One thread at a time."""

    def __init__(self, brain: Brain, twins: Sequence[Brain] = ()) -> None:
        """`twins` think the same, each in a context of its own."""
        self.brain = brain
        self.holder: Context | None = None
        self._twins = [SharedBrain(twin) for twin in twins]

    def context(self) -> "Context":
        """A new line of thought that holds nothing."""
        return Context(self, tuple(twin.context() for twin in self._twins))


class Context:
    """One line of thought. What the brain has in common with it is not read again when it is taken back."""

    def __init__(self, shared: SharedBrain, twins: "tuple[Context, ...]" = ()) -> None:
        self._shared = shared
        self.twins = twins
        """Lines of thought beside it, each over a brain of its own."""

        self.ids: list[int] = []
        self.ids_read = 0
        """How many ids the brain was made to read for this context; ids read again because others used the brain are not among them."""

        self.question_complete: float | None = None
        """What the brain made of what it heard last (`Brain.question_complete`)."""

    def beside(self) -> "Context":
        """Another line of thought over the same brain; it holds nothing."""
        return Context(self._shared)

    @property
    def brain(self) -> Brain:
        """What thinks it. Of several contexts over one brain only one can be thought on without being read again."""
        return self._shared.brain

    def apart_from(self, taken: "Context") -> "Context":
        """A line of thought that holds nothing, over a twin that `taken` does not use, if there is one."""
        free = next((context for context in (*self.twins, self) if context.brain is not taken.brain), self)
        return free.beside()

    def become(self, ids: Sequence[int]) -> None:
        """Hold exactly these ids."""
        common = next((at for at, (old, new) in enumerate(zip(self.ids, ids, strict=False)) if old != new), min(len(self.ids), len(ids)))
        self.ids_read += len(ids) - common
        self.ids = list(ids)
        self._shared.brain.resume(ids)
        self._shared.holder = self

    def read(self, ids: Sequence[int]) -> None:
        """Add ids."""
        if ids:
            self._take()
            self._shared.brain.read(ids)
            self.ids += ids
            self.ids_read += len(ids)

    def hear(self, ids: Sequence[int], *, last: bool = False) -> list[int]:
        """Add heard groups; see `Brain.hear`."""
        self._take()
        heard = list(self._shared.brain.hear(ids, last=last))
        self.question_complete = self._shared.brain.question_complete
        self.ids += heard
        self.ids_read += len(heard)
        return heard

    def rewind(self, length: int) -> None:
        """Forget all but the first `length` ids."""
        if length < len(self.ids):
            del self.ids[length:]
            self.let_go()

    def let_go(self) -> None:
        """The brain may hold something else from now on; it is put right when it is needed."""
        if self._shared.holder is self:
            self._shared.holder = None

    @property
    def said_likelihood(self) -> float:
        """How sure the brain is of the text of its answer so far (`Brain.said_likelihood`)."""
        return self._shared.brain.said_likelihood

    def decode(self, seed: int, limit: int) -> Generator[int]:
        """Answer; see `Brain.decode`. Others may use the brain between two ids: what it must hold then is put back."""
        yield from self._given(lambda: self._shared.brain.decode(seed, limit))

    def voice(self, seed: int, limit: int, *, may_end: bool) -> Generator[int]:
        """Sound for the last words; see `Brain.voice`."""
        yield from self._given(lambda: self._shared.brain.voice(seed, limit, may_end=may_end))

    def _given(self, ids: Callable[[], Iterator[int]]) -> Generator[int]:
        self._take()
        try:
            for token_id in ids():
                self.ids.append(token_id)
                yield token_id
                if self._shared.holder is not self:
                    self._shared.brain.resume(self.ids[:-1])
                    self._shared.holder = self
        finally:
            self.let_go()

    def _take(self) -> None:
        if self._shared.holder is not self:
            if self.ids:
                self._shared.brain.resume(self.ids)
            self._shared.holder = self
