"""Our backbone and llama.cpp at equal dimensions, on as many threads and by the same clock, in turns: which one decodes and reads faster.

Neither side's sampling is counted. llama.cpp is as its package comes, with its own defaults (flash attention, repacked matrices, a cache in
float16). Its positions are rotary, ours ALiBi.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch

from parley_models.backbone.bench import READ_IDS, Bench, Shape, Tick, rounded
from parley_models.backbone.llama_cpp import LlamaCpp, build
from parley_models.backbone.random_gguf import LIKE, Q8_0, file_bytes, write_random_gguf
from parley_models.errors import EngineError

TURNS = {1: 8, READ_IDS: 5}
"""By ids in a pass. The first turn does not count."""

IN_A_ROW = {1: 3, READ_IDS: 1}
"""Passes of a turn: the first finds the processor's caches full of the other side's weights, the others as in decoding."""

PAUSE_S = 0.02
"""Between turns on several threads: those of the other side wait for work by spinning, for some milliseconds."""

BUFFER_BYTES = 500_000_000
"""Room for what llama.cpp makes for a pass over 512 ids: counted for the largest of our shapes, not measured."""


@dataclass(frozen=True, slots=True)
class Against:
    """One pass of llama.cpp and one of ours, measured in turns."""

    context: int
    ids: int
    layer_ms: float | None
    """Of llama.cpp; None where the whole model was measured."""

    step_ms: float
    """Of llama.cpp, all layers and the head."""

    ids_per_s: float
    ours_step_ms: float
    ours_over_theirs: float
    """Our ids a second divided by theirs: above 1 ours is faster."""


class Peer:
    """llama.cpp with random weights of a shape: whole, or with one and with two layers."""

    def __init__(self, shape: Shape, threads: int, folder: Path) -> None:
        """Write the files into `folder` and load them; seconds for a large shape.

        Raises:
            EngineError: llama.cpp can't be used.
            OSError: the files can't be written.
        """
        self.shape = shape
        self._models: list[LlamaCpp] = []
        try:
            for layers in _depths(shape):
                path = folder / f"{layers}.gguf"
                write_random_gguf(path, shape.config, layers, LIKE[shape.linear])
                self._models.append(LlamaCpp(path, shape.longest + READ_IDS, threads))
                self._models[-1].fill(shape.longest)
        except BaseException:
            self.close()
            raise

    @staticmethod
    def file_bytes(shape: Shape) -> int:
        """Room on the disk; the same again is the most that its weights take in memory."""
        return sum(file_bytes(shape.config, layers, LIKE[shape.linear]) for layers in _depths(shape))

    @staticmethod
    def needed_bytes(shape: Shape) -> int:
        """Memory: the weights repacked, their caches in float16, and what a pass needs."""
        shared = shape.config.num_attention_groups * shape.config.head_dim
        cache = 4 * shared * (shape.longest + READ_IDS) * sum(_depths(shape))
        return Peer.file_bytes(shape) + 2 * cache + BUFFER_BYTES  # twice: once more while it is doubled

    def ways(self, ids: int) -> list[Callable[[], object]]:
        """A pass over `ids` ids by each model."""
        return [partial(model.read, ids) for model in self._models]

    def rewind(self, context: int) -> None:
        """Leave the first `context` ids; contexts are measured from the longest down."""
        for model in self._models:
            model.rewind(context)

    def close(self) -> None:
        """Give the memory back."""
        for model in self._models:
            model.close()
        self._models = []


def against(bench: Bench, peer: Peer, tick: Tick) -> Iterator[Against]:
    """One id and READ_IDS ids at every context, from the longest down; `tick` is called after each.

    Raises:
        EngineError: two layers of llama.cpp took no longer than one, so that nothing can be told.
    """
    for context in reversed(peer.shape.contexts):
        for ids in TURNS:
            ways = [*bench.ways(context, ids), *peer.ways(ids)]
            layers_s, head_s, *theirs_s = _in_turns(bench, ways, ids, partial(peer.rewind, context))
            yield compare(peer.shape, context, ids, layers_s / peer.shape.layers * peer.shape.config.num_hidden_layers + head_s, theirs_s)
            tick()


def compare(shape: Shape, context: int, ids: int, ours_s: float, theirs_s: Sequence[float]) -> Against:
    """Our whole step beside theirs: measured, or of one layer and of two.

    llama.cpp leaves out of its last layer what only ids need whose logits nobody wants, so the difference of two layers and one is a whole
    layer, and a step is the one-layer model and that difference for each layer more. Raises EngineError where it is not above 0.
    """
    step_s, layer_s = theirs_s[0], None
    if len(theirs_s) > 1:
        layer_s = theirs_s[1] - theirs_s[0]
        if layer_s <= 0:
            raise EngineError(f"Two layers of llama.cpp took no longer than one at context {context}: this machine is too busy to tell.")
        step_s += (shape.config.num_hidden_layers - 1) * layer_s
    return Against(context, ids, None if layer_s is None else layer_s * 1e3, step_s * 1e3, ids / step_s, ours_s * 1e3, step_s / ours_s)


def peer_record(shape: Shape, rows: Sequence[Against]) -> dict[str, Any]:
    """The rows, and what was measured, as JSON has it."""
    name, instructions = build()
    blocks = LIKE[shape.linear]
    ours = "a scale a row" if blocks is Q8_0 else "groups of 64"
    layers = f"layers {blocks.name}, groups of 32, {blocks.bits} bits a weight (ours {shape.linear}, {ours})"
    whole = len(_depths(shape)) == 1
    return {
        "llama_cpp": [rounded(asdict(each)) for each in sorted(rows, key=lambda each: (each.context, each.ids))],
        "llama_cpp_is": {
            "version": name,
            "compiled_for": instructions,
            "quantization": f"{layers}; head {Q8_0.name}",
            "positions": "rotary (ours ALiBi)",
            "cache": "float16 (ours float32)",
            "step_is": "measured, layers and head" if whole else "computed from models of one and of two layers",
        },
    }


def _depths(shape: Shape) -> tuple[int, ...]:
    """How many layers the measured models have."""
    return (shape.layers,) if shape.layers == shape.config.num_hidden_layers else (1, 2)


def _in_turns(bench: Bench, ways: Sequence[Callable[[], object]], ids: int, before: Callable[[], None]) -> list[float]:
    """Seconds of the fastest pass of each; `before` runs before each pass, off the clock."""
    best = [float("inf")] * len(ways)
    with torch.inference_mode():
        for turn in range(TURNS[ids]):
            for way, work in enumerate(ways):
                if bench.threads > 1:
                    time.sleep(PAUSE_S)
                for _ in range(IN_A_ROW[ids]):
                    before()
                    began = bench.clock()
                    work()
                    taken = bench.clock() - began
                    if turn:
                        best[way] = min(best[way], taken)
    return best
