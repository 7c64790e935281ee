"""Attention of a few ids over a static cache on a graphics card, as Triton kernels: nothing is masked in memory and nothing is widened.

sqrt-ALiBi is computed from distances, the length of the context is read from the card's own memory, so one recording of a step (a CUDA
graph) serves every length. The context is cut into spans that are attended to beside each other and put together by a second kernel (as
in Flash-Decoding, Dao et al. 2023). Keys are read once for all heads that share them.
"""
# mypy: disallow-untyped-defs=False, disallow-incomplete-defs=False

import torch
import triton
import triton.language as tl
from torch import Tensor

SPANS = 32
"""Pieces of a context that are attended to beside each other: 8 groups of heads make 256 programs of them."""

BLOCK_KEYS = 64
MOST_ROWS = 64
"""Of a program: with more of them an RTX PRO 6000 would lack shared memory."""

INTERPRETED = triton.knobs.runtime.interpret


@triton.jit
def _attend(
    query,
    keys,
    values,
    key_scales,
    value_scales,
    slopes,
    length,
    mixed,
    highest,
    weight,
    new,
    shared,
    capacity,
    scaling,
    head_dim: tl.constexpr,
    per_scale: tl.constexpr,
    narrow: tl.constexpr,
    spans: tl.constexpr,
    block_rows: tl.constexpr,
    block_dim: tl.constexpr,
    block_keys: tl.constexpr,
):
    """Rows of one group of heads over one span: what it would give by itself, their highest scores, and their sums of weights."""
    group, span = tl.program_id(0), tl.program_id(1)
    row, dim = tl.program_id(2) * block_rows + tl.arange(0, block_rows), tl.arange(0, block_dim)
    head, nth = group * shared + row // new, row % new
    there, inside = row < shared * new, dim < head_dim
    ids = tl.load(length)
    per_span = tl.cdiv(tl.cdiv(ids, spans), block_keys) * block_keys  # all spans have something to do at any length
    asked = tl.load(query + (head * new + nth)[:, None] * head_dim + dim[None, :], mask=there[:, None] & inside[None, :], other=0.0)
    slope = tl.load(slopes + head, mask=there, other=0.0)
    own = ids - new + nth
    top = tl.full((block_rows,), -1e30, tl.float32)
    total = tl.zeros((block_rows,), tl.float32)
    gathered = tl.zeros((block_rows, block_dim), tl.float32)
    end = tl.minimum((span + 1) * per_span, ids)
    for begin in range(span * per_span, end, block_keys):
        at = begin + tl.arange(0, block_keys)
        kept = (at < end)[:, None] & inside[None, :]
        place = group.to(tl.int64) * capacity + at
        key = tl.load(keys + place[:, None] * head_dim + dim[None, :], mask=kept, other=0).to(tl.float32)
        value = tl.load(values + place[:, None] * head_dim + dim[None, :], mask=kept, other=0).to(tl.float32)
        if per_scale > 0:
            block = place[:, None] * (head_dim // per_scale) + (dim // per_scale)[None, :]
            key *= tl.load(key_scales + block, mask=kept, other=0.0).to(tl.float32)
            value *= tl.load(value_scales + block, mask=kept, other=0.0).to(tl.float32)
        far = own[:, None] - at[None, :]
        score = tl.dot(asked.to(narrow), tl.trans(key.to(narrow))) * scaling
        score -= slope[:, None] * tl.sqrt(tl.maximum(far, 0).to(tl.float32))
        score = tl.where((far >= 0) & (at < end)[None, :], score, -1e30)
        risen = tl.maximum(top, tl.max(score, axis=1))
        share = tl.where(score > -1e29, tl.exp(score - risen[:, None]), 0.0)
        before = tl.exp(top - risen)
        total = total * before + tl.sum(share, axis=1)
        gathered = gathered * before[:, None] + tl.dot(share.to(narrow), value.to(narrow))
        top = risen
    place = ((group * spans + span) * tl.num_programs(2) * block_rows + row).to(tl.int64)
    tl.store(mixed + place[:, None] * block_dim + dim[None, :], gathered)
    tl.store(highest + place, top)
    tl.store(weight + place, total)


@triton.jit
def _together(
    mixed,
    highest,
    weight,
    out,
    new,
    shared,
    head_dim: tl.constexpr,
    all_rows: tl.constexpr,
    spans: tl.constexpr,
    block_dim: tl.constexpr,
):
    """One row: the spans' results, each by the weight that it has among all."""
    group, row = tl.program_id(0), tl.program_id(1)
    span, dim = tl.arange(0, spans), tl.arange(0, block_dim)
    place = (group * spans + span) * all_rows + row
    top = tl.load(highest + place)
    share = tl.exp(top - tl.max(top, axis=0))
    total = tl.sum(tl.load(weight + place) * share, axis=0)
    each = tl.load(mixed + place[:, None].to(tl.int64) * block_dim + dim[None, :])
    result = tl.sum(each * share[:, None], axis=0) / total
    head, nth = group * shared + row // new, row % new
    tl.store(out + (head * new + nth) * head_dim + dim, result, mask=dim < head_dim)


def attend(query: Tensor, stored: Tensor, scales: Tensor | None, slopes: Tensor, length: Tensor) -> Tensor:
    """Queries of the last few ids over everything in the cache.

    Args:
        query: float32 (heads, new, head_dim).
        stored: keys and values as they are kept, (2, groups, capacity, head_dim), those of the new ids among them.
        scales: bfloat16 (2, groups, capacity, head_dim / numbers that share a scale), for a cache of 8 bits.
        slopes: of sqrt-ALiBi, float32 (heads,).
        length: ids in the cache with the new ones, int32 (1,), on the card.

    Returns:
        float32 (heads, new, head_dim).
    """
    heads, new, head_dim = query.shape
    _, groups, capacity, _ = stored.shape
    shared = heads // groups
    block_rows, block_dim = (max(16, triton.next_power_of_2(size)) for size in (min(shared * new, MOST_ROWS), head_dim))
    blocks = triton.cdiv(shared * new, block_rows)
    mixed = torch.empty(groups, SPANS, blocks * block_rows, block_dim, device=query.device)
    highest, weight = torch.empty(2, groups, SPANS, blocks * block_rows, device=query.device).unbind()
    out = torch.empty_like(query, memory_format=torch.contiguous_format)
    per_scale = 0 if scales is None else head_dim // scales.shape[3]
    key_scales, value_scales = (stored[0], stored[1]) if scales is None else (scales[0], scales[1])  # not looked at without scales
    narrow = tl.float32 if INTERPRETED else tl.bfloat16
    sizes = (new, shared, capacity, head_dim**-0.5, head_dim, per_scale, narrow, SPANS, block_rows, block_dim, BLOCK_KEYS)
    given = (query.contiguous(), stored[0], stored[1], key_scales, value_scales, slopes, length)
    _attend[groups, SPANS, blocks](*given, mixed, highest, weight, *sizes)
    _together[groups, shared * new](mixed, highest, weight, out, new, shared, head_dim, blocks * block_rows, SPANS, block_dim)
    return out
