"""An answer that is there before it may be given out."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from parley_models.answer import AnswerEvent
from parley_models.delivery import Delivery
from parley_models.rehearing import Hearing


@dataclass(slots=True)
class Ahead:
    """An answer begun before its question had ended, or before it was known which hearing of it counts."""

    hearing: Hearing
    """The one that is being answered."""

    early: bool = True
    """It was begun before the turn had ended."""

    election: Iterator[None] = field(default_factory=lambda: iter(()))
    """What is left to do until it is known which hearing counts, and its answer is begun."""

    events: Iterator[AnswerEvent | None] = field(default_factory=lambda: iter(()))
    delivery: Delivery = field(init=False)
    """Of the answer, when it is begun."""

    held: list[AnswerEvent] = field(default_factory=list)
    over: bool = False
    settled: bool = False
    """The question did end there."""

    def go_on(self) -> bool:
        """One more id of the answer. False if there is none."""
        try:
            event = next(self.events)
        except StopIteration:
            self.over = True
            return False
        self.held += [] if event is None else [event]
        return True

    def given_out(self) -> Iterator[AnswerEvent | None]:
        """What was held, and what is still to come."""
        yield from self.held
        if not self.over:
            yield from self.events
