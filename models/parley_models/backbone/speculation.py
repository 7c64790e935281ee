"""Speculation: the rest of a started group is drafted cheaply and checked by the backbone in one pass.

What comes out is what the backbone alone would say. At temperature 0 the same ids, because the check is then computed as steps are, to
the last bit: attention of several rows rounds otherwise by 1e-7, which the next bfloat16 kernel makes a whole step of bfloat16 of (4e-3),
and two of five answers of Mini turned on that. Otherwise ids of the same distribution, because a draft is kept with probability min(1,
wanted / offered) and replaced by a draw from what is wanted above what was offered (Leviathan et al., arXiv 2211.17192; Chen et al.,
arXiv 2302.01318). "Wanted" is everything that the sampler does: book of the slot, temperature, top_p, repetition rule. Nothing is drafted
over the end of a group: whether text or speech follows is the backbone's own likeliest id.
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from parley_models.backbone.drafting import Drafter
from parley_models.backbone.sampling import Logits, Sampler, Shares

JUDGED_AT_LEAST = 40
"""Drafts of an answer after which it shows whether they are right often enough."""


class Checker(Protocol):
    """What checking needs of a backbone."""

    @property
    def length(self) -> int:
        """Ids read so far."""
        ...

    @property
    def capacity(self) -> int:
        """Ids that fit."""
        ...

    def read(self, ids: Sequence[int], *, as_steps: bool = False) -> Logits:
        """Read ids; logits (ids, vocab) after each, to the last bit those of single steps if so wanted."""
        ...

    def rewind(self, length: int) -> None:
        """Forget all but the first ids."""
        ...


class Speculation:
    """Drafts and checks for one backbone."""

    def __init__(self, backbone: Checker, drafter: Drafter, least_acceptance: float = 0.0) -> None:
        """`least_acceptance`: an answer whose drafts are kept less often goes on without."""
        self._backbone, self._drafter = backbone, drafter
        self._least = least_acceptance
        self.judged = self.kept = 0
        """Drafts of this answer that the backbone looked at, and those that it kept."""

    def begin(self) -> None:
        """Another answer: the counts begin anew, so that it does not depend on those before."""
        self.judged = self.kept = 0

    def keep_up(self) -> None:
        """Let the drafter read what the backbone has read, now that nobody waits."""
        self._drafter.keep_up()

    def pays(self, sampler: Sampler) -> bool:
        """Whether the rest of the group that the sampler is in should be drafted."""
        if not sampler.left or (self.judged >= JUDGED_AT_LEAST and self.kept < self._least * self.judged):
            return False
        return self._backbone.length + 1 + sampler.left <= min(self._backbone.capacity, self._drafter.capacity)

    def go_on(self, sampler: Sampler, token_id: int) -> tuple[list[int], Logits | None]:
        """Draft what follows a code within its group, and check it.

        The sampler has taken what comes back, and the backbone has read `token_id` and all of it but a last one that was replaced.

        Args:
            sampler: inside a group.
            token_id: its last code, not yet read.

        Returns:
            The codes that follow, at least one; and logits for the id after them if every draft was kept.

        Raises:
            EngineError: they do not fit into the context.
        """
        drafts, offers = self._draft(sampler, token_id)
        before = self._backbone.length
        rows = self._backbone.read([token_id, *drafts], as_steps=sampler.certain)
        for at, (code, offered) in enumerate(zip(drafts, offers, strict=True)):
            first, wanted = sampler.chances(rows[at])
            self.judged += 1
            if sampler.chance() * offered[code - first] >= wanted[code - first]:
                right = first + sampler.throw(np.maximum(wanted - offered, 0))
                sampler.take(right)
                self._backbone.rewind(before + 1 + at)
                return [*drafts[:at], right], None
            self.kept += 1
            sampler.take(code)
        return drafts, rows[-1]

    def _draft(self, sampler: Sampler, token_id: int) -> tuple[list[int], list[Shares]]:
        """A code for each slot that is left, and the shares that each was drawn by."""
        drafts: list[int] = []
        offers: list[Shares] = []
        self._drafter.follow()
        try:
            for _ in range(sampler.left):
                logits = self._drafter.draft(drafts[-1] if drafts else token_id)
                first, offered = sampler.chances(logits, drafts)
                drafts.append(first + sampler.throw(offered))
                offers.append(offered)
        finally:
            self._drafter.forget()
        return drafts, offers
