"""What speculation would gain: from what passes over several ids cost here, against one id at a time."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from parley_models.backbone.backbone import Backbone
from parley_models.backbone.drafting import Drafter

HOPED_FOR = 0.8
"""Who would have to be right more often than this to be of use is not used at all."""

WORTH = 1.05
"""Less gain than this is not worth the trouble."""

LOOKS = 5
"""Times that a pass is measured; the fastest counts, because others only ever slow it down."""


@dataclass(frozen=True, slots=True)
class Costs:
    """Seconds of passes, measured with one backbone and one drafter on one machine."""

    checks: tuple[float, ...]
    """Of a pass over 1, 2, … ids, up to a group; each with logits after all of them."""

    draft: float
    """Of one draft."""

    def gain(self, acceptance: float) -> float:
        """How many times as fast groups come, if each draft is kept with this probability: 5 single steps against what is needed now.

        A draft that is not kept is replaced by the right code, and what is then left of the group is drafted anew.
        """
        needed = [self.checks[0]]  # by slots left behind a code that is drawn but not read; 0 left: it is only read
        for left in range(1, len(self.checks)):
            seconds = self.checks[left] + left * self.draft
            for kept in range(left):
                seconds += acceptance**kept * (1 - acceptance) * needed[left - kept - 1]
            needed.append(seconds)
        return len(self.checks) * self.checks[0] / needed[-1]

    def in_steps(self) -> tuple[float, float]:
        """What checking a group and what a draft costs, against a step."""
        return self.checks[-1] / self.checks[0], self.draft / self.checks[0]

    def least_acceptance(self) -> float | None:
        """The share of drafts, in steps of 0.05, that must be kept for it to be worth while; None if no hope is reasonable."""
        return next((share / 20 for share in range(round(HOPED_FOR * 20) + 1) if self.gain(share / 20) >= WORTH), None)


def measure(
    backbone: Backbone, drafter: Drafter, group: Sequence[int], *, as_steps: bool = False, clock: Callable[[], float] = time.perf_counter
) -> Costs:
    """What checks and drafts cost at a short context. The cache is empty afterwards.

    Args:
        backbone: what decides.
        drafter: drafts for it.
        group: the ids of any group.
        as_steps: how `Backbone.read` is asked to check.
        clock: gives seconds.

    Raises:
        EngineError: the context does not hold two groups.
    """
    backbone.prepare(group)
    began = backbone.length

    def check(rows: int) -> Callable[[], None]:
        def once() -> None:
            backbone.read(group[:rows], as_steps=as_steps)
            backbone.rewind(began)

        return once

    def draft() -> None:
        drafter.draft(group[0])
        drafter.forget()
        drafter.follow()

    checks = tuple(_fastest(check(rows), clock) for rows in range(1, len(group) + 1))
    drafter.keep_up()
    drafter.follow()
    seconds = _fastest(draft, clock)
    backbone.rewind(0)
    return Costs(checks, seconds)


def _fastest(work: Callable[[], None], clock: Callable[[], float]) -> float:
    work()  # a first time costs more than any later one
    seconds = []
    for _ in range(LOOKS):
        began = clock()
        work()
        seconds.append(clock() - began)
    return min(seconds)
