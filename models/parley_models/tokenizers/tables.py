"""Tables of floats in npy files, as a bundle holds them."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from parley_models.errors import BundleCorrupt, BundleMissing


def read_table(path: Path, holds: str) -> npt.NDArray[np.floating[Any]]:
    """Read a table of finite numbers, (rows, columns), of which `holds` is the name: "centroids".

    Raises:
        BundleMissing: no such file.
        BundleCorrupt: no table of finite numbers.
    """
    try:
        table = np.load(path, allow_pickle=False)
        if table.ndim != 2 or table.dtype.kind != "f" or not np.isfinite(table).all():
            raise ValueError(table.shape)
    except FileNotFoundError:
        raise BundleMissing(f"There is no file {path}.") from None
    except Exception as error:  # numpy fails in many ways
        raise BundleCorrupt(f"{path} is damaged: it holds no {holds}.") from error
    return np.asarray(table)
