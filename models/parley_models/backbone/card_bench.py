"""How fast a backbone of a true shape is on a graphics card: all layers, random weights made there, steps recorded and not."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import torch

from parley_models.backbone.bench import GROUP_COLUMNS, ROWS, Shape, Tick, random_layer, rounded
from parley_models.backbone.cache_forms import BFLOAT16, bytes_per_id
from parley_models.backbone.card_cache import CardCache
from parley_models.backbone.card_steps import RecordedSteps
from parley_models.backbone.kernels import shares
from parley_models.backbone.matrices import Int8Rows
from parley_models.backbone.model import StepOmni
from parley_models.backbone.quantized_layers import QuantizedEmbedding, QuantizedLinear
from parley_models.backbone.random_matrices import random_matrix

READ_IDS = 256
TIMES = 5
COPIED_BYTES = 1 << 30
AT_CONTEXT = 4096
"""Where other cards are computed from what was measured."""


@dataclass(frozen=True, slots=True)
class CardPass:
    """One pass over some ids at some context, head included."""

    context: int
    ids: int
    eager_ms: float
    recorded_ms: float | None
    """Played as a CUDA graph; None for reading, which is not recorded."""

    ids_per_s: float
    copy_share: float | None
    """Bytes that a recorded pass must read, a second, as a share of what copying reaches."""


class CardBench:
    """A whole backbone on a card."""

    def __init__(self, shape: Shape, device: torch.device) -> None:
        """Makes the weights. Raises torch.cuda.OutOfMemoryError if they do not fit."""
        self.shape, config = shape, shape.config
        with torch.device("meta"):
            self._model = StepOmni(config)
        with torch.device(device):
            for number in range(config.num_hidden_layers):
                self._model.model.layers[number] = random_layer(config, shape.linear)
            self._model.model.norm.weight = torch.nn.Parameter(torch.ones(config.hidden_size), requires_grad=False)
            book = random_matrix(Int8Rows.name, config.vocab_size, config.hidden_size, 0)
            assert isinstance(book, Int8Rows)
            self._model.model.embed_tokens = QuantizedEmbedding(book)  # type: ignore[assignment]  # as loading does it
            head = random_matrix(Int8Rows.name, config.vocab_size, config.hidden_size, 0)
            self._model.lm_head = QuantizedLinear(head)  # type: ignore[assignment]
        self._cache = CardCache(config, shape.longest + READ_IDS, BFLOAT16, device)
        seen = torch.randn(1, config.num_attention_groups, self._cache.capacity, config.head_dim, device=device)
        for each in self._cache.layers:
            each.extend(seen, seen)
        self._recorded = RecordedSteps(self._model, self._cache)
        self._device = device
        held = [*self._model.model.layers, self._model.lm_head]
        self.weight_bytes = sum(tensor.nbytes for module in held for tensor in module.state_dict().values())
        self.copy_bytes_per_s = self._copy()

    def passes(self, tick: Tick) -> Iterator[CardPass]:
        """Every number of ids at every context; `tick` is called after each."""
        for context in self.shape.contexts:
            for ids in (*ROWS, READ_IDS):
                with torch.inference_mode():
                    given = [0] * ids
                    eager = self._best(partial(self._eager, context, given))
                    recorded = self._best(partial(self._played, context, given)) if ids in ROWS else None
                yield self._pass(context, ids, eager, recorded)
                tick()

    def kernels(self) -> dict[str, dict[str, float]]:
        """For each matrix of a layer and for the head, what each row of the table reaches at one id: a share of copying."""
        config, linear = self.shape.config, self.shape.linear
        shared = config.num_attention_groups * config.head_dim
        sizes = {
            "qkv": (linear, config.hidden_size + 2 * shared, config.hidden_size, GROUP_COLUMNS),
            "o": (linear, config.hidden_size, config.hidden_size, GROUP_COLUMNS),
            "gate_up": (linear, 2 * config.intermediate_size, config.hidden_size, GROUP_COLUMNS),
            "down": (linear, config.hidden_size, config.intermediate_size, GROUP_COLUMNS),
            "head": (Int8Rows.name, config.vocab_size, config.hidden_size, 0),
        }
        return {name: shares(*size, self._device, self.copy_bytes_per_s) for name, size in sizes.items()}

    def _pass(self, context: int, ids: int, eager_s: float, recorded_s: float | None) -> CardPass:
        moved = self.weight_bytes + bytes_per_id(self.shape.config, BFLOAT16) * (context + ids)
        share = None if recorded_s is None else moved / recorded_s / self.copy_bytes_per_s
        best = eager_s if recorded_s is None else recorded_s
        return CardPass(context, ids, eager_s * 1e3, None if recorded_s is None else recorded_s * 1e3, ids / best, share)

    def _eager(self, context: int, ids: Sequence[int]) -> None:
        self._cache.pretend(context)
        self._model.logits(self._model.extend(torch.tensor(ids, device=self._device), self._cache)[-len(ROWS) :])

    def _played(self, context: int, ids: Sequence[int]) -> None:
        self._cache.pretend(context)
        self._recorded.logits(ids)

    def _copy(self) -> float:
        source = torch.ones(COPIED_BYTES // 4, device=self._device)
        target = torch.empty_like(source)
        return 2 * COPIED_BYTES / self._best(partial(target.copy_, source))

    def _wait(self) -> None:
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)

    def _best(self, work: Callable[[], object]) -> float:
        """Seconds of the fastest run; the first does not count."""
        seconds = []
        for _ in range(TIMES + 1):
            self._wait()
            began = time.perf_counter()
            work()
            self._wait()
            seconds.append(time.perf_counter() - began)
        return min(seconds[1:])


def card_record(bench: CardBench, passes: Sequence[CardPass], others: Mapping[str, float]) -> dict[str, Any]:
    """Everything measured as JSON has it.

    Args:
        bench: what was measured.
        passes: its passes.
        others: cards that were not measured, by name: bytes that copying in their memory reaches, a second.
    """
    step = next(each for each in passes if (each.context, each.ids) == (min(AT_CONTEXT, bench.shape.longest), 1))
    assert step.recorded_ms is not None
    bytes_a_step = step.recorded_ms / 1e3 * bench.copy_bytes_per_s
    return {
        "shape": bench.shape.name,
        "linear": bench.shape.linear,
        "layers": bench.shape.config.num_hidden_layers,
        "step_is": "measured, all layers and the head",
        "copy_gb_per_s": round(bench.copy_bytes_per_s / 1e9, 1),
        "weights_gb": round(bench.weight_bytes / 1e9, 2),
        "memory_gb": round(torch.cuda.max_memory_allocated() / 1e9, 2) if torch.cuda.is_available() else None,
        "passes": [rounded(asdict(each)) for each in passes],
        "kernels": {name: rounded(dict(found)) for name, found in bench.kernels().items()},
        "other_cards_are": f"ids a second at a context of {step.context}, computed from the share of copying that was measured here",
        "other_cards": {name: float(f"{speed / bytes_a_step:.3g}") for name, speed in others.items()},
    }
