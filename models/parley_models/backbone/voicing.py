"""Sound for words that are there already: the model chooses every code, but not whether to speak."""

from collections.abc import Iterator

import numpy as np

from parley_models.backbone.decode import Reader
from parley_models.backbone.sampling import Sampler
from parley_models.manifest import Sampling
from parley_models.tokens import TokenLayout


def voiced(
    backbone: Reader, context: list[int], layout: TokenLayout, sampling: Sampling, *, seed: int, limit: int, may_end: bool
) -> Iterator[int]:
    """Yield audio ids that follow a context, in whole groups; each is computed when it is asked for.

    Args:
        backbone: what computes; between two ids it holds all of them but the last.
        context: everything so far; it ends with the words.
        layout: which ids are what.
        sampling: how codes are drawn.
        seed: same context, same seed, same ids.
        limit: how many ids at most.
        may_end: whether it ends where the model would rather end its speech than go on. Text is never an alternative.
    """
    ends = [end for end in (layout.audio_end, *layout.stops) if end is not None] if may_end else []
    closed = np.ones(layout.vocab_size, bool)  # between groups
    closed[[*range(layout.audio_offset, layout.semantic_offset), *ends]] = False
    sampler = Sampler(layout, sampling, seed)
    logits = backbone.prepare(context)
    for count in range(min(limit, backbone.capacity - len(context)) // layout.group_size * layout.group_size):
        if count % layout.group_size == 0:
            logits = np.where(closed, np.float32(-np.inf), logits[: layout.vocab_size])
        token_id = sampler.draw(logits)
        if not layout.is_audio(token_id):
            return
        yield token_id
        logits = backbone.step(token_id)
