"""Matrices of random codes, for measuring: nothing has to be quantized, and no float weights ever exist."""

import torch

from parley_models.backbone.matrices import GROUPED, Int8Rows, Matrix


def random_matrix(kind: str, rows: int, columns: int, group: int, draw: torch.Generator | None = None) -> Matrix:
    """A matrix whose products with vectors of unit size are of unit size, about.

    Args:
        kind: its name in `matrices`.
        rows: outputs.
        columns: inputs.
        group: columns that share a scale; int8 has none.
        draw: where the numbers come from, and the device; None = torch's own, on the default device.
    """
    device = draw.device if draw is not None else torch.get_default_device()
    if kind == Int8Rows.name:
        codes = torch.randint(-127, 128, (rows, columns), dtype=torch.int8, generator=draw, device=device)
        return Int8Rows(codes, torch.full((rows,), columns**-0.5 / 74, dtype=torch.bfloat16, device=device))
    grouped = GROUPED[kind]
    codes = torch.randint(0, 256, (rows, columns * grouped.bits // 8), dtype=torch.uint8, generator=draw, device=device)
    step = columns**-0.5 * 3.4 / 2**grouped.bits
    return grouped(codes, torch.full((columns // group, rows, 2), step, dtype=torch.bfloat16, device=device))
