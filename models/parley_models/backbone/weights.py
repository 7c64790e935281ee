"""Reading a backbone's folder: config, then safetensors shard by shard."""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from parley_models.errors import BundleCorrupt, BundleMissing

CONFIG_NAME = "config.json"
SINGLE_NAME = "model.safetensors"
INDEX_NAME = "model.safetensors.index.json"
_SKIPPED = re.compile(r"vision_model\.|vit_downsampler2?\.|vit_large_projector\.")  # AQAA's eyes: 9.4 GB that no answer needs
_PREFIX = "language_model."  # seen in other exports of the same family


def shards(folder: Path) -> list[Path]:
    """The files that hold a folder's weights. Raises BundleMissing or BundleCorrupt."""
    index = folder / INDEX_NAME
    if not index.is_file():
        names = [SINGLE_NAME]
    else:
        try:
            names = sorted(set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()))
            if not all(isinstance(name, str) for name in names):
                raise TypeError(names)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise BundleCorrupt(f"{index} is not an index of safetensors files.") from None
    for name in names:
        if Path(name).name != name:
            raise BundleCorrupt(f"{index} names {name}, which lies outside its folder.")
        if not (folder / name).is_file():
            raise BundleMissing(f"The backbone lacks {folder / name}.")
    return [folder / name for name in names]


def files(folder: Path) -> list[Path]:
    """All that is opened of a folder; the index may not be there. Raises BundleMissing or BundleCorrupt."""
    return [folder / CONFIG_NAME, folder / INDEX_NAME, *shards(folder)]


def tensors(files: Iterable[Path], device: str = "cpu") -> Iterator[tuple[Path, str, Tensor]]:
    """File, key and tensor of everything the backbone needs, one at a time so that no more than one is held. Raises BundleCorrupt."""
    for path in files:
        try:
            with safe_open(path, framework="pt", device=device) as shard:
                for key in shard.keys():  # noqa: SIM118 - safe_open is no mapping
                    name = key.removeprefix(_PREFIX)
                    if not _SKIPPED.match(name):
                        yield path, name, shard.get_tensor(key)
        except (SafetensorError, OSError) as error:
            raise BundleCorrupt(f"{path} can't be read as safetensors: {error}.") from None


def checked(path: Path, key: str, tensor: Tensor, shape: torch.Size, dtype: torch.dtype | None = None) -> Tensor:
    """A tensor of the shape that the config asks for, and of the type (any float if None).

    Raises:
        BundleCorrupt: it is not; names file and tensor.
    """
    if tensor.shape != shape:
        raise BundleCorrupt(f"{path} holds {key} as {tuple(tensor.shape)}, but the config asks for {tuple(shape)}.")
    if tensor.dtype != dtype and (dtype is not None or not tensor.is_floating_point()):
        raise BundleCorrupt(f"{path} holds {key} as {tensor.dtype}, but the config asks for {dtype or 'floats'}.")
    return tensor
