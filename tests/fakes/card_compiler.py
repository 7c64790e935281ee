"""Compiles every kernel for a graphics card that is not here: `python -m tests.fakes.card_compiler 90` names those that are fit.

Of a compute capability: 80 is an A100, 90 an H100 or H200, 120 an RTX PRO 6000. Needs neither a card nor a driver, and no TRITON_INTERPRET.
"""

import sys
from collections.abc import Iterator, Mapping
from typing import Any

import triton
import triton.language as tl
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource

from parley_models.backbone import card_attention, card_products
from parley_models.backbone.card_kernels import DOT_BLOCKS, SUM_BLOCKS

SHARED_BYTES = {80: 166_912, 90: 232_448, 120: 101_376}
"""What a program may have of a card's shared memory, by capability (CUDA's programming guide, technical specifications)."""

FLOATS = dict.fromkeys(("x", "out", "query", "slopes", "mixed", "highest", "weight"), "*fp32")
TYPES = FLOATS | dict.fromkeys(("lines", "key_scales", "value_scales"), "*bf16") | {"length": "*i32", "scaling": "fp32"}
CODES = {3: "*u8", 4: "*i32", 8: "*i32"}


def kernels() -> Iterator[tuple[str, Any, Mapping[str, str], Mapping[str, Any]]]:
    """Name, function, types of what differs, and constants of each."""
    for bits, codes in CODES.items():
        for blocks in DOT_BLOCKS:
            sizes = dict(zip(("block_outputs", "block_units"), blocks, strict=True))
            constants = {"bits": bits, "narrow": tl.bfloat16, "block_rows": card_products.ROWS, **sizes}
            yield f"dots {bits} {blocks}", card_products._dots, {"codes": codes}, constants
        for blocks in SUM_BLOCKS:
            sizes = dict(zip(("block_outputs", "block_units"), blocks, strict=True))
            yield f"sums {bits} {blocks}", card_products._sums, {"codes": codes}, {"bits": bits, **sizes}
    spans = {"head_dim": 128, "spans": card_attention.SPANS, "block_dim": 128}
    attend = {**spans, "narrow": tl.bfloat16, "block_keys": card_attention.BLOCK_KEYS}
    for kept, per_scale in ("*bf16", 0), ("*i8", 32):
        for rows in (16, card_attention.MOST_ROWS):
            constants = {**attend, "per_scale": per_scale, "block_rows": rows}
            yield f"attend {kept} {rows}", card_attention._attend, {"keys": kept, "values": kept}, constants
    yield "together", card_attention._together, {}, {**spans, "all_rows": 64}


def fit(function: Any, types: Mapping[str, str], constants: Mapping[str, Any], capability: int) -> bool:  # noqa: ANN401 - Triton has no name for it
    """Whether a kernel compiles, and finds room on the card."""
    names = [parameter.name for parameter in function.params]
    signature = {name: "constexpr" if name in constants else {**TYPES, **types}.get(name, "i32") for name in names}
    source = ASTSource(fn=function, signature=signature, constexprs=dict(constants))
    compiled = triton.compile(source, target=GPUTarget("cuda", capability, 32))
    return bool(compiled.metadata.shared <= SHARED_BYTES[capability]) and bool(compiled.asm["cubin"])


if __name__ == "__main__":
    wanted = sys.argv[2:]
    for name, function, types, constants in kernels():
        if (not wanted or name in wanted) and fit(function, types, constants, int(sys.argv[1])):
            sys.stdout.write(f"{name}\n")
