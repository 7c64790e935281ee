"""How fast a backbone of a given shape decodes and reads on this machine's processor, with random weights: no checkpoint is needed.

What does not fit into memory whole is measured by one layer of its true shape and its head, and what a whole step takes is computed
from these two; it says so. On one thread the clock is the thread's own processor time, so that a busy machine is not measured.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from parley_models.backbone.cache import KvCache
from parley_models.backbone.cache_forms import FLOAT32, FORMS
from parley_models.backbone.config import BackboneConfig
from parley_models.backbone.gain import Costs
from parley_models.backbone.matrices import Int4Groups, Int8Rows
from parley_models.backbone.model import FusedLinear, Layer
from parley_models.backbone.quantized_layers import QuantizedLinear
from parley_models.backbone.random_matrices import random_matrix

CONTEXTS = (0, 1024, 4096, 8192, 16384)
ROWS = (1, 2, 3, 4, 5, 8, 16)
"""Ids in one pass: one is decoding, up to five is checking a drafted group."""

READ_IDS = 64
"""Ids of a prompt that are read in one pass."""

GROUP_COLUMNS = 64
COPIED_BYTES = 1 << 28
Tick = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Pass:
    """One pass over some ids at some context."""

    context: int
    """Ids in the cache before."""

    ids: int
    layer_ms: float
    """Of one layer; best of several."""

    step_ms: float
    """Of all layers and the head: computed, unless all layers were measured."""

    ids_per_s: float
    copy_share: float | None
    """Bytes that a pass over few ids must read, a second, as a share of what copying reaches; None for reading."""


@dataclass(frozen=True, slots=True)
class Paired:
    """The layer's matrices by our way and by torch's own int4 product, in turns, for one number of ids."""

    ids: int
    ours_ms: float
    torch_ms: float | None
    """None where this torch has no such product."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One id through one layer whose context is kept in one form."""

    form: str
    context: int
    layer_ms: float
    over_float32: float
    """How many times as long as with float32."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What is measured."""

    name: str
    config: BackboneConfig
    linear: str = Int4Groups.name
    layers: int = 1
    """How many are made and measured."""

    @property
    def needed_bytes(self) -> int:
        """Memory for it: the layers and the head packed, the largest matrix unpacked on the way (6 bytes a weight), the longest cache."""
        config = self.config
        shared = config.num_attention_groups * config.head_dim
        weights = 2 * config.hidden_size**2 + 2 * config.hidden_size * shared + 3 * config.hidden_size * config.intermediate_size
        largest = max(2 * config.hidden_size * config.intermediate_size, config.vocab_size * config.hidden_size // 3)
        cache = (8 + 4 + 8 + 2 + 8) * shared * (self.longest + READ_IDS)  # float32; bfloat16 and int8, each with a wide place beside it
        return self.layers * (weights + cache) + config.vocab_size * config.hidden_size + 6 * largest

    @property
    def longest(self) -> int:
        """The longest context that it has and that is measured."""
        return max(self.contexts)

    @property
    def contexts(self) -> tuple[int, ...]:
        """Those of CONTEXTS that it can hold."""
        return tuple(at for at in CONTEXTS if at + READ_IDS <= self.config.max_seq_len)


class Bench:
    """Layers and a head with random weights."""

    def __init__(self, shape: Shape, threads: int = 1) -> None:
        """Makes the weights, which takes seconds for a large shape."""
        self.shape, self.threads = shape, threads
        torch.set_num_threads(threads)
        self.clock = time.thread_time if threads == 1 else time.perf_counter
        config = shape.config
        self._layers = [random_layer(config, shape.linear) for _ in range(shape.layers)]
        self._head = QuantizedLinear(random_matrix(Int8Rows.name, config.vocab_size, config.hidden_size, 0))
        self._cache = self._filled(FLOAT32)
        self._head_bytes = _bytes([self._head])
        self._layer_bytes = _bytes(self._layers) // shape.layers
        self.copy_bytes_per_s = self._copy()

    def passes(self, tick: Tick) -> Iterator[Pass]:
        """Every number of ids at every context; `tick` is called after each."""
        heads = {ids: self._best(partial(self._head, self._input(ids)[0])) for ids in ROWS}
        one = heads[1]
        for context in self.shape.contexts:
            for ids in (*ROWS, READ_IDS):
                layers = self._best(partial(self._through, context, ids), 2 if ids == READ_IDS else 4)
                yield self._pass(context, ids, layers / self.shape.layers, heads.get(ids, one))
                tick()

    def ways(self, context: int, ids: int) -> tuple[Callable[[], object], Callable[[], object]]:
        """A pass over `ids` ids at a context through the layers that were made, and the head for the last."""
        return partial(self._through, context, ids), partial(self._head, self._input(1)[0])

    def paired(self, tick: Tick) -> Iterator[Paired]:
        """The matrices of one layer at int4, ours against torch's own product on the same packed weights."""
        matrices = [each for each in self._layers[0].modules() if isinstance(each, QuantizedLinear)]
        inputs = {ids: [torch.randn(ids, _columns(each)) for each in matrices] for ids in ROWS}
        for ids in ROWS:
            low = [x.to(torch.bfloat16) for x in inputs[ids]]
            ways = [partial(_all, matrices, inputs[ids])]
            theirs = partial(_by_torch, matrices, low)
            if _runs(theirs):
                ways.append(theirs)
            best = self._in_turns(ways)
            yield Paired(ids, best[0] * 1e3, best[1] * 1e3 if len(best) > 1 else None)
            tick()

    def caches(self, tick: Tick) -> Iterator[Kept]:
        """One id at every context, for every form in which the context can be kept."""
        forms = [self._cache, *(self._filled(form) for form in FORMS[1:])]
        for context in self.shape.contexts:
            best = self._in_turns([partial(self._through, context, 1, cache) for cache in forms])
            for cache, seconds in zip(forms, best, strict=True):
                yield Kept(cache.form, context, seconds / self.shape.layers * 1e3, seconds / best[0])
            tick()

    def _filled(self, form: str) -> KvCache:
        config = self.shape.config
        cache = KvCache(replace(config, num_hidden_layers=self.shape.layers), self.shape.longest + READ_IDS, form)
        seen = torch.randn(1, config.num_attention_groups, cache.capacity, config.head_dim)
        for each in cache.layers:
            each.extend(seen, seen)  # memory that was never written is neither read nor of this world
        return cache

    def _pass(self, context: int, ids: int, layer_s: float, head_s: float) -> Pass:
        config = self.shape.config
        step_s = layer_s * config.num_hidden_layers + head_s
        kept = 8 * config.num_attention_groups * config.head_dim * (context + ids)
        moved = config.num_hidden_layers * (self._layer_bytes + kept) + self._head_bytes
        share = None if ids == READ_IDS else moved / step_s / self.copy_bytes_per_s
        return Pass(context, ids, layer_s * 1e3, step_s * 1e3, ids / step_s, share)

    def _through(self, context: int, ids: int, cache: KvCache | None = None) -> None:
        cache = self._cache if cache is None else cache
        cache.pretend(context)
        falls = cache.falls(ids)
        x = self._input(ids)
        for layer, past in zip(self._layers, cache.layers, strict=True):
            layer(x, falls, past)

    def _input(self, ids: int) -> Tensor:
        return torch.ones(1, ids, self.shape.config.hidden_size)

    def _copy(self) -> float:
        source = torch.ones(COPIED_BYTES // 4)
        target = torch.empty_like(source)
        return 2 * COPIED_BYTES / self._best(partial(target.copy_, source))

    def _best(self, work: Callable[[], object], times: int = 4) -> float:
        return self._in_turns([work], times)[0]

    def _in_turns(self, ways: Sequence[Callable[[], object]], times: int = 4) -> list[float]:
        """Seconds of the fastest run of each; the first runs do not count."""
        best = [float("inf")] * len(ways)
        with torch.inference_mode():
            for at in range(times):
                for way, work in enumerate(ways):
                    began = self.clock()
                    work()
                    if at:
                        best[way] = min(best[way], self.clock() - began)
        return best


def record(
    shape: Shape, passes: Sequence[Pass], paired: Sequence[Paired], caches: Sequence[Kept], copy_bytes_per_s: float, threads: int
) -> dict[str, Any]:
    """Everything measured as JSON has it, and the curve of what speculation would gain (`gain.Costs`)."""
    whole = shape.layers == shape.config.num_hidden_layers
    return {
        "shape": shape.name,
        "linear": shape.linear,
        "layers_measured": shape.layers,
        "layers": shape.config.num_hidden_layers,
        "step_is": "measured, layers and head" if whole else "computed from one layer and the head",
        "threads": threads,
        "clock": "processor time of the thread" if threads == 1 else "wall time",
        "copy_gb_per_s": round(copy_bytes_per_s / 1e9, 2),
        "passes": [rounded(asdict(each)) for each in passes],
        "paired_matrices": [rounded(asdict(each)) for each in paired],
        "caches": [rounded(asdict(each)) for each in caches],
        "speculation": [curve(passes, context, share) for context in shape.contexts for share in (0.03, 0.25)],
    }


def curve(passes: Sequence[Pass], context: int, draft: float) -> dict[str, Any]:
    """Gain by acceptance, from measured passes. What a draft costs is assumed, in steps: 0.03 for a 3B beside a 130B, 0.25 for a quarter
    of the layers.
    """
    steps = {each.ids: each.step_ms for each in passes if each.context == context}
    costs = Costs(tuple(steps[ids] for ids in range(1, 6)), draft * steps[1])
    gains = {f"{share / 10:.1f}": round(costs.gain(share / 10), 3) for share in range(11)}
    return {"context": context, "draft_in_steps": draft, "gain_by_acceptance": gains, "least_acceptance": costs.least_acceptance()}


def rounded(figures: dict[str, Any]) -> dict[str, Any]:
    """Four digits are more than a clock here can tell."""
    return {name: float(f"{value:.4g}") if isinstance(value, float) else value for name, value in figures.items()}


def random_layer(config: BackboneConfig, linear: str) -> Layer:
    """A layer of a true shape with random weights, on torch's default device."""
    with torch.device("meta"):
        layer = Layer(config)
    for name, child in list(layer.named_modules()):
        if isinstance(child, nn.Linear):
            rows = sum(child.outputs.values()) if isinstance(child, FusedLinear) else child.out_features
            parent, _, own = name.rpartition(".")
            setattr(layer.get_submodule(parent), own, QuantizedLinear(random_matrix(linear, rows, child.in_features, GROUP_COLUMNS)))
    for norm in (layer.input_layernorm, layer.post_attention_layernorm):
        norm.weight = nn.Parameter(torch.ones(config.hidden_size), requires_grad=False)
    return layer.requires_grad_(requires_grad=False)


def _bytes(modules: Sequence[nn.Module]) -> int:
    return sum(tensor.nbytes for module in modules for tensor in module.state_dict().values())


def _columns(matrix: QuantizedLinear) -> int:
    codes = next(matrix.buffers())
    return codes.shape[1] * (1 if codes.dtype == torch.int8 else 2)


def _all(matrices: Sequence[QuantizedLinear], inputs: Sequence[Tensor]) -> None:
    for matrix, x in zip(matrices, inputs, strict=True):
        matrix(x)


def _by_torch(matrices: Sequence[QuantizedLinear], inputs: Sequence[Tensor]) -> None:
    for matrix, x in zip(matrices, inputs, strict=True):
        codes, scales = matrix.buffers()
        torch.ops.aten._weight_int4pack_mm_for_cpu(x, codes, x.shape[1] // scales.shape[0], scales)  # noqa: SLF001 - torch has no other name for it


def _runs(work: Callable[[], None]) -> bool:
    try:
        work()
    except (RuntimeError, AttributeError):
        return False
    return True
