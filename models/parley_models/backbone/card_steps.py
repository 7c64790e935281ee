"""Whole passes over few ids as recordings (CUDA graphs): one launch in place of a thousand, which would take an eighth of a step."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from parley_models.backbone.card_cache import CardCache
from parley_models.backbone.model import StepOmni

WARM_UPS = 2
"""Kernels are compiled and libraries allocate what they need before anything can be recorded."""


def passed(model: StepOmni, cache: CardCache, ids: Tensor, layers: int | None = None, *, as_steps: bool = False) -> Tensor:
    """Logits (ids, vocab) after each of ids (new,) that follow `cache.start`; depends on nothing but what the card holds."""
    distances = cache.distances(len(ids), as_steps=as_steps)
    return model.logits(model.follow(ids, distances, cache, layers))


class RecordedSteps:
    """Passes over up to `model.FEW_IDS` ids, each recorded when it is first wanted."""

    def __init__(self, model: StepOmni, cache: CardCache) -> None:
        self._model, self._cache = model, cache
        self._played: dict[tuple[int, int | None, bool], Callable[[Sequence[int]], Tensor]] = {}

    def logits(self, ids: Sequence[int], layers: int | None = None, *, as_steps: bool = False) -> Tensor:
        """What `StepOmni.extend` and the head would give, (ids, vocab), on the card; valid until the same pass is made again.

        Raises:
            EngineError: the ids do not fit.
        """
        cache, key = self._cache, (len(ids), layers, as_steps)
        before = cache.length
        cache.advance(len(ids))
        cache.start.fill_(before)
        if key not in self._played:
            self._played[key] = self._record(*key)
        return self._played[key](ids)

    def _record(self, count: int, layers: int | None, as_steps: bool) -> Callable[[Sequence[int]], Tensor]:
        given = torch.zeros(count, dtype=torch.int64, device=self._cache.start.device)
        if not given.is_cuda:  # nothing can be recorded there, so the pass is made each time; tests follow it so
            return lambda ids: passed(self._model, self._cache, given.copy_(torch.tensor(ids)), layers, as_steps=as_steps)
        beside = torch.cuda.Stream()
        beside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(beside):
            for _ in range(WARM_UPS):
                passed(self._model, self._cache, given, layers, as_steps=as_steps)
        torch.cuda.current_stream().wait_stream(beside)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, capture_error_mode="thread_local"):  # ears and voice may be busy on the same card
            found = passed(self._model, self._cache, given, layers, as_steps=as_steps)

        def play(ids: Sequence[int]) -> Tensor:
            given.copy_(torch.tensor(ids))
            graph.replay()
            return found

        return play
