"""Products with quantized matrices: a table of kernels, the fastest right one taken by measurement at load."""

import functools
import logging
import time
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from importlib.util import find_spec

import torch
import torch.nn.functional as F
from torch import Tensor

from parley_models.backbone.kernel import PROCESSOR, Kernel, Packed, Product
from parley_models.backbone.matrices import Groups, Int3Groups, Int4Groups, Int8Rows, Matrix
from parley_models.backbone.random_matrices import random_matrix

logger = logging.getLogger(__name__)
WIDE_ROWS = 16
"""From this many rows on, an input is a question being read rather than an answer being made; on a card from one more on."""

TOLERANCE = 0.02
"""How far a kernel may be from `widened`, as a share of the largest output; bfloat16 rounding takes a quarter of it."""

_INT8_PRODUCT = getattr(torch.ops.aten, "_weight_int8pack_mm", None)
_INT4_PRODUCT = getattr(torch.ops.aten, "_weight_int4pack_mm_for_cpu", None)
_INT4_PACK = getattr(torch.ops.aten, "_convert_weight_to_int4pack_for_cpu", None)
"""None where torch does not have them; kernels that need them are then not taken."""


def _int8_in_bfloat16(x: Tensor, packed: Packed) -> Tensor:
    return F.linear(x.to(torch.bfloat16), packed[0].to(torch.bfloat16)).float() * packed[1].float()  # codes to 127 are exact


def _int8_op(x: Tensor, packed: Packed) -> Tensor:
    # In bfloat16 it takes a quarter of a float32 product's time at one row, in float32 twice as much (Zen 5, AVX-512, torch 2.13).
    out: Tensor = _INT8_PRODUCT(x.to(torch.bfloat16), packed[0], packed[1]).float()  # type: ignore[misc]
    return out


def _pack_int4_op(matrix: Groups) -> Packed:
    # Only steps from the middle count: codes of three bits lie in the midst of those of four.
    nibbles = matrix.unpacked().to(torch.int32) + (8 - 2 ** (matrix.bits - 1))
    codes: Tensor = _INT4_PACK(nibbles, 1)  # type: ignore[misc]  # the 1 belongs to the GPU's layout and means nothing here
    return codes, matrix.scale_middle


def _int4_op(x: Tensor, packed: Packed) -> Tensor:
    group = x.shape[1] // packed[1].shape[0]
    out: Tensor = _INT4_PRODUCT(x.to(torch.bfloat16), packed[0], group, packed[1]).float()  # type: ignore[misc]
    return out


KERNELS: dict[str, dict[str, Kernel]] = {
    Int8Rows.name: {
        "int8pack": Kernel(Int8Rows.tensors, _int8_op, 16, PROCESSOR),
        "bfloat16": Kernel(Int8Rows.tensors, _int8_in_bfloat16),
        "widened": Kernel(Int8Rows.tensors, lambda x, packed: F.linear(x, packed[0].float()) * packed[1].float()),
    },
    Int4Groups.name: {
        "int4pack": Kernel(_pack_int4_op, _int4_op, devices=PROCESSOR),
        "widened": Kernel(Int4Groups.tensors, lambda x, packed: F.linear(x, Int4Groups(*packed).weight())),
    },
    Int3Groups.name: {
        "int4pack": Kernel(_pack_int4_op, _int4_op, devices=PROCESSOR),  # takes the memory of four bits
        "widened": Kernel(Int3Groups.tensors, lambda x, packed: F.linear(x, Int3Groups(*packed).weight())),
    },
}
"""In order of preference. `widened` multiplies with float weights made anew each time: always right, seldom fast."""

MARGIN = {"cpu": 1.5, "cuda": 1.05}
"""How much faster a kernel must be than one before it. Kernels round differently: a choice by luck would change answers from run to run.
On a card nearly all of them round alike, and its clock is steady.
"""

SAMPLED_OUTPUTS = 960
SAMPLED_WEIGHTS_ON_A_CARD = 2**27
"""What is timed of a larger matrix; on a card more than its cache holds."""

RUNS = 3
"""Products that are timed together."""

READ_ROWS = {"cpu": 64, "cuda": 256}
"""Rows at which kernels for reading are compared."""


def kernels_for(kind: str, device: str) -> Mapping[str, Kernel]:
    """By name, those that a kind of matrix has on a kind of device, in order of preference."""
    rows = KERNELS[kind]
    if device != "cpu" and find_spec("triton"):
        from parley_models.backbone.card_kernels import CARD_KERNELS

        own = CARD_KERNELS[kind]
        rows = own | {name: kernel for name, kernel in rows.items() if name not in own}
    return {name: kernel for name, kernel in rows.items() if device in kernel.devices}


def choose(matrix: Matrix) -> tuple[Kernel, Kernel]:
    """The fastest kernels for one row and for many, over the same packed tensors; of the first, a row is the same beside others."""
    sample = _sampled(matrix.name, *matrix.shape, matrix.group, matrix.tensors()[0].device)
    device = sample[-1].type
    table = kernels_for(matrix.name, device)
    at_one, at_many = (_times(*sample, rows) for rows in (1, READ_ROWS[device]))
    name = _fastest(at_one, MARGIN[device])
    one = table[name]
    wide = table[_fastest({name: seconds for name, seconds in at_many.items() if table[name].pack == one.pack}, MARGIN[device])]
    return one if _rows_alike(name, *sample) else replace(one, product=partial(_each_row, one.product)), wide


def _fastest(times: dict[str, float], margin: float) -> str:
    return next(name for name, seconds in times.items() if seconds <= margin * min(times.values()))


def shares(kind: str, outputs: int, columns: int, group: int, device: torch.device, copy_bytes_per_s: float) -> dict[str, float]:
    """What each kernel reads of such a matrix, a second, at one row, as a share of what copying reaches."""
    sample = _sampled(kind, outputs, columns, group, device)
    size_bytes = sum(tensor.nbytes for tensor in _example(*sample, 1)[0].tensors())
    return {name: size_bytes / seconds / copy_bytes_per_s for name, seconds in _times(*sample, 1).items()}


def _sampled(kind: str, outputs: int, columns: int, group: int, device: torch.device) -> tuple[str, int, int, int, torch.device]:
    most = SAMPLED_OUTPUTS if device.type == "cpu" else SAMPLED_WEIGHTS_ON_A_CARD // columns // 64 * 64
    return kind, min(outputs, most + outputs % 64), columns, group, device  # kernels ask for multiples: the remainder stays


@functools.cache
def _rows_alike(name: str, kind: str, outputs: int, columns: int, group: int, device: torch.device) -> bool:
    """Whether a row's product is the same, to the last bit, whatever rows stand beside it: then a draft's check says what steps say."""
    matrix, x = _example(kind, outputs, columns, group, device, WIDE_ROWS - 1)
    kernel = kernels_for(kind, device.type)[name]
    packed = kernel.pack(matrix)
    alone = _each_row(kernel.product, x, packed)
    return all(torch.equal(kernel.product(x[:rows], packed), alone[:rows]) for rows in range(2, WIDE_ROWS))


def _each_row(product: Product, x: Tensor, packed: Packed) -> Tensor:
    return torch.cat([product(row, packed) for row in x.split(1)])


def _example(kind: str, outputs: int, columns: int, group: int, device: torch.device, rows: int) -> tuple[Matrix, Tensor]:
    draw = torch.Generator(device).manual_seed(0)
    return random_matrix(kind, outputs, columns, group, draw), torch.randn(rows, columns, generator=draw, device=device)


@functools.cache
def _times(kind: str, outputs: int, columns: int, group: int, device: torch.device, rows: int) -> dict[str, float]:
    """Seconds a product takes, for every kernel that runs here and is right."""
    matrix, x = _example(kind, outputs, columns, group, device, rows)
    right = F.linear(x, matrix.weight())
    times: dict[str, float] = {}
    for name, kernel in kernels_for(kind, device.type).items():
        if columns % kernel.columns:
            continue
        try:
            packed = kernel.pack(matrix)
            wrong_by = float((kernel.product(x, packed) - right).abs().max() / right.abs().max())
            seconds = min(_seconds(kernel.product, x, packed) for _ in range(5))
        except Exception:  # not for this device or shape; not in this torch; not to be compiled here
            logger.info("kernel %s does not run here", name, exc_info=True)
            continue
        if wrong_by < TOLERANCE:
            times[name] = seconds
        else:
            logger.warning("kernel %s is off by %.3f and is not used", name, wrong_by)
    return times


def _seconds(product: Product, x: Tensor, packed: Packed) -> float:
    if x.is_cuda:
        return _recorded_seconds(product, x, packed)
    # On one thread its own time: on two busy cores the clock on the wall said 230 times as much of one kernel as of another that is slower.
    clock = time.thread_time if torch.get_num_threads() == 1 else time.perf_counter
    began = clock()
    for _ in range(RUNS):
        product(x, packed)
    return (clock() - began) / RUNS


def _recorded_seconds(product: Product, x: Tensor, packed: Packed) -> float:
    """Played from a recording, as steps are: what launching them one by one takes is not counted."""
    graph, begun, ended = torch.cuda.CUDAGraph(), torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    with torch.cuda.graph(graph):
        for _ in range(RUNS):
            product(x, packed)
    graph.replay()
    begun.record()
    graph.replay()
    ended.record()
    ended.synchronize()
    return begun.elapsed_time(ended) / 1e3 / RUNS
