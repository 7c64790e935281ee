"""Products of a few rows with quantized matrices on a graphics card, as Triton kernels: codes become weights where they are multiplied.

Eight columns are a *unit*: one 32-bit word at 4 bits, two at 8, three bytes at 3 (`matrices`). A program takes some outputs and goes
through their units. Imported only where Triton is; with TRITON_INTERPRET=1 the same code runs on a processor, which is how the tests hold
it against float64.
"""
# mypy: disallow-untyped-defs=False, disallow-incomplete-defs=False

import torch
import triton
import triton.language as tl
from torch import Tensor

from parley_models.backbone.matrices import Int3Groups, Int4Groups, Int8Rows

ROWS = 16
"""Rows that the multipliers take at once: fewer are filled up with zeros, so a row's product never depends on how many there are."""

UNIT = 8
"""Columns."""

BITS = {Int8Rows.name: 8, Int4Groups.name: 4, Int3Groups.name: 3}
INTERPRETED = triton.knobs.runtime.interpret


@triton.jit
def _words(codes, place, inside, bits: tl.constexpr):
    """The codes of units, in up to three words each."""
    if bits == 4:
        first = tl.load(codes + place, mask=inside, other=0)
        second, third = first, first
    elif bits == 8:
        first = tl.load(codes + 2 * place, mask=inside, other=0)
        second = tl.load(codes + 2 * place + 1, mask=inside, other=0)
        third = first
    else:
        first = tl.load(codes + 3 * place, mask=inside, other=0).to(tl.int32)
        second = tl.load(codes + 3 * place + 1, mask=inside, other=0).to(tl.int32)
        third = tl.load(codes + 3 * place + 2, mask=inside, other=0).to(tl.int32)
    return first, second, third


@triton.jit
def _steps(first, second, third, at: tl.constexpr, bits: tl.constexpr):
    """One column of each unit as steps from the middle, float32."""
    if bits == 4:
        steps = ((first >> (4 * at)) & 15) - 8
    elif bits == 8:
        word = first if at < 4 else second
        steps = (word << (24 - 8 * (at % 4))) >> 24
    else:
        steps = ((first >> at) & 1) + ((second >> at) & 1) * 2 + ((third >> at) & 1) * 4 - 4
    return steps.to(tl.float32)


@triton.jit
def _dots(
    x,
    codes,
    lines,
    out,
    rows,
    outputs,
    units,
    group_units,
    bits: tl.constexpr,
    narrow: tl.constexpr,
    block_rows: tl.constexpr,
    block_outputs: tl.constexpr,
    block_units: tl.constexpr,
):
    """See `dots`."""
    output = tl.program_id(0) * block_outputs + tl.arange(0, block_outputs)
    row = tl.program_id(1) * block_rows + tl.arange(0, block_rows)
    wanted, given = output < outputs, row < rows
    total = tl.zeros((block_rows, block_outputs), tl.float32)
    for begin in range(0, units, block_units):
        unit = begin + tl.arange(0, block_units)
        there = unit < units
        inside = wanted[:, None] & there[None, :]
        first, second, third = _words(codes, output[:, None].to(tl.int64) * units + unit[None, :], inside, bits)
        if bits != 8:
            line = lines + 2 * ((unit // group_units)[None, :] * outputs + output[:, None])
            scale = tl.load(line, mask=inside, other=0.0).to(tl.float32)
            middle = tl.load(line + 1, mask=inside, other=0.0).to(tl.float32)
        for at in tl.static_range(8):
            weight = _steps(first, second, third, at, bits)
            if bits != 8:
                weight = weight * scale + middle
            taken = tl.load(x + row[:, None] * (8 * units) + 8 * unit[None, :] + at, mask=given[:, None] & there[None, :], other=0.0)
            total += tl.dot(taken.to(narrow), tl.trans(weight.to(narrow)))
    if bits == 8:
        total *= tl.load(lines + output, mask=wanted, other=0.0).to(tl.float32)[None, :]
    tl.store(out + row[:, None] * outputs + output[None, :], total, mask=given[:, None] & wanted[None, :])


@triton.jit
def _sums(
    x,
    codes,
    lines,
    out,
    outputs,
    units,
    group_units,
    bits: tl.constexpr,
    block_outputs: tl.constexpr,
    block_units: tl.constexpr,
):
    """See `sums`."""
    output = tl.program_id(0) * block_outputs + tl.arange(0, block_outputs)
    row = tl.program_id(1)
    wanted = output < outputs
    total = tl.zeros((block_outputs, block_units), tl.float32)
    for begin in range(0, units, block_units):
        unit = begin + tl.arange(0, block_units)
        there = unit < units
        inside = wanted[:, None] & there[None, :]
        first, second, third = _words(codes, output[:, None].to(tl.int64) * units + unit[None, :], inside, bits)
        gone = tl.zeros((block_outputs, block_units), tl.float32)
        seen = tl.zeros((block_units,), tl.float32)
        for at in tl.static_range(8):
            taken = tl.load(x + row * (8 * units) + 8 * unit + at, mask=there, other=0.0)
            gone += _steps(first, second, third, at, bits) * taken[None, :]
            seen += taken
        if bits == 8:
            total += gone
        else:
            line = lines + 2 * ((unit // group_units)[None, :] * outputs + output[:, None])
            scale = tl.load(line, mask=inside, other=0.0).to(tl.float32)
            middle = tl.load(line + 1, mask=inside, other=0.0).to(tl.float32)
            total += gone * scale + seen[None, :] * middle
    result = tl.sum(total, axis=1)
    if bits == 8:
        result *= tl.load(lines + output, mask=wanted, other=0.0).to(tl.float32)
    tl.store(out + row * outputs + output, result, mask=wanted)


def dots(x: Tensor, packed: tuple[Tensor, ...], bits: int, block_outputs: int, block_units: int) -> Tensor:
    """Rows x (rows, columns) float32 times a matrix as `matrices` stores it -> (rows, outputs) float32, on tensor cores.

    On a card x and the weights are rounded to bfloat16, as the processor's kernels round them.
    """
    (codes, lines), (rows, outputs, units, group_units) = packed, _sizes(x, packed, bits)
    out = torch.empty(rows, outputs, device=x.device)
    grid = (triton.cdiv(outputs, block_outputs), triton.cdiv(rows, ROWS))
    narrow = tl.float32 if INTERPRETED else tl.bfloat16  # Triton's interpreter has no products in bfloat16
    given = (x.contiguous(), _as_words(codes, bits), lines, out)
    _dots[grid](*given, rows, outputs, units, group_units, bits, narrow, ROWS, block_outputs, block_units)
    return out


def sums(x: Tensor, packed: tuple[Tensor, ...], bits: int, block_outputs: int, block_units: int) -> Tensor:
    """Like `dots` in float32 throughout, without tensor cores; the matrix is read anew for every row."""
    (codes, lines), (rows, outputs, units, group_units) = packed, _sizes(x, packed, bits)
    out = torch.empty(rows, outputs, device=x.device)
    grid = (triton.cdiv(outputs, block_outputs), rows)
    given = (x.contiguous(), _as_words(codes, bits), lines, out)
    _sums[grid](*given, outputs, units, group_units, bits, block_outputs, block_units)
    return out


def _sizes(x: Tensor, packed: tuple[Tensor, ...], bits: int) -> tuple[int, int, int, int]:
    """Rows, outputs, units of a row, and units that share a scale."""
    units = x.shape[1] // UNIT
    return x.shape[0], packed[0].shape[0], units, units if bits == 8 else units // packed[1].shape[0]


def _as_words(codes: Tensor, bits: int) -> Tensor:
    return codes if bits == 3 else codes.view(torch.int32)
