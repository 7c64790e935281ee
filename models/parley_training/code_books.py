"""From one code book to the next: rows that belong to codes follow the sounds that the codes stood for.

Retrained ears give most frames another number. What was learned about a code is not lost by that: frames that both books have named say
which old codes a new one came from.
"""

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

SEEN = 5
"""A new code met fewer times keeps the row that stood under its number."""


def carried_over(rows: Tensor, before: npt.NDArray[np.integer], after: npt.NDArray[np.integer]) -> Tensor:
    """The rows (codes, width) of an old book as a new one's: means of old rows, weighted by the square of how often they were meant.

    Args:
        rows: what was learned, a row for each code.
        before: codes (n,) of some frames in the old book.
        after: codes (n,) of the same frames in the new one.
    """
    codes = len(rows)
    met = np.zeros((codes, codes))
    np.add.at(met, (after.astype(np.int64), before.astype(np.int64)), 1)
    seen = torch.from_numpy(met.sum(1) >= SEEN)
    weight = torch.from_numpy(np.square(met / np.maximum(1, met.sum(1, keepdims=True)))).to(rows.dtype)
    mixed = (weight / weight.sum(1, keepdim=True).clamp(min=1e-9)) @ rows
    # A mean of several is shorter than each of them; layers above know rows of the usual length.
    longer = (rows.norm(dim=1).mean() / mixed.norm(dim=1, keepdim=True).clamp(min=1e-6)).clamp(1, 3)
    return torch.where(seen[:, None], mixed * longer, rows)
