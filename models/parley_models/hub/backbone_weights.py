"""The backbone's weights on their way into a bundle: every shard looked at before any is converted, and then in blocks of rows.

No tensor is ever whole in memory as floats. What is held at once is the quantized form of one matrix: 0.9 GB for the 130B model's head.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from parley_models.backbone.config import BackboneConfig
from parley_models.backbone.mixture import EMBEDDING, HEAD
from parley_models.errors import BundleCorrupt, BundleMissing
from parley_models.hub.left_out import belongs_to_eyes, tell_left_out
from parley_models.hub.tensor_file import FLOATS, SIZES, TensorPlace, header, read_places, row_blocks

if TYPE_CHECKING:
    from torch import Tensor

    from parley_models.backbone.matrices import Matrix
    from parley_models.backbone.quantize import Quantization

CONFIG_NAME, INDEX_NAME, SINGLE_NAME = "config.json", "model.safetensors.index.json", "model.safetensors"
LONGEST_CONFIG, LONGEST_INDEX = 2**20, 16 * 2**20
PREFIX = "language_model."
"""Other exports of the family put it before every key."""

NORM = "model.norm.weight"
BLOCK_BYTES = 64 * 2**20
Tick = Callable[[int], None]
"""Told how many more bytes were read."""


@dataclass(frozen=True, slots=True)
class Shard:
    """One file of the checkpoint, and what of it is needed: by key, as the model calls it."""

    path: Path
    tensors: dict[str, TensorPlace]

    @property
    def size_bytes(self) -> int:
        """What has to be read of it."""
        return sum(place.size_bytes for place in self.tensors.values())


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A backbone's folder that was looked through and found whole."""

    folder: Path
    entries: dict[str, Any]
    """Of its `config.json`."""

    config: BackboneConfig
    shards: tuple[Shard, ...]

    @property
    def size_bytes(self) -> int:
        """Of all that is needed."""
        return sum(shard.size_bytes for shard in self.shards)


def read_checkpoint(folder: Path) -> Checkpoint:
    """Look through a checkpoint: config, index, and the header of every shard; no weights. Tensors that nobody knows are left out.

    Raises:
        BundleMissing: a file is not there.
        BundleCorrupt: a file can't be read or is cut short; a tensor is missing, twice there, or has the wrong shape or type.
    """
    entries = read_json(folder / CONFIG_NAME, LONGEST_CONFIG)
    if "quantization" in entries or "quantization_config" in entries:
        raise BundleCorrupt(f"{folder / CONFIG_NAME} describes quantized weights; only full checkpoints can be imported.")
    try:
        config = BackboneConfig.from_dict(entries)
    except BundleCorrupt as error:
        raise BundleCorrupt(f"{folder / CONFIG_NAME} does not describe a backbone: {str(error).rstrip('.')}.") from error
    index = folder / INDEX_NAME
    placed = _index(index) if index.is_file() else None
    names = sorted(set(placed.values())) if placed is not None else [path.name for path in sorted(folder.glob("*.safetensors"))]
    shapes = weight_shapes(config)
    seen: dict[str, Path] = {}
    shards, strange = [], list[str]()
    for name in names:
        places = read_places(folder / name)
        for key in places:
            if placed is not None and placed.get(key) != name and key.removeprefix(PREFIX) in shapes:
                raise BundleCorrupt(f"{folder / name} holds the tensor {key[:200]}, which {INDEX_NAME} does not place there.")
        shard = shard_of(folder / name, places, shapes)
        for key in shard.tensors:
            if key in seen:
                raise BundleCorrupt(f"{folder / name} holds the tensor {key} once more; it is in {seen[key].name} already.")
            seen[key] = folder / name
        shards.append(shard)
        strange += unknown(places, shapes)
    for key, name in (placed or {}).items():
        if (plain := key.removeprefix(PREFIX)) in shapes and plain not in seen:
            raise BundleCorrupt(f"{folder / name} lacks the tensor {key[:200]}, which {INDEX_NAME} places there.")
    absent = [key for key in shapes if key not in seen]
    if absent:
        raise BundleCorrupt(f"{folder} lacks the tensor {absent[0]}" + (f" and {len(absent) - 1} more." if absent[1:] else "."))
    tell_left_out(folder, strange)
    return Checkpoint(folder, entries, config, tuple(shard for shard in shards if shard.tensors))


def shard_of(path: Path, places: Mapping[str, TensorPlace], shapes: Mapping[str, tuple[int, ...]]) -> Shard:
    """What one file holds of a backbone whose tensors have these shapes.

    Raises:
        BundleCorrupt: a tensor has another shape or type, or is there twice.
    """
    kept: dict[str, TensorPlace] = {}
    for key, place in places.items():
        if (plain := key.removeprefix(PREFIX)) in kept:
            raise BundleCorrupt(f"{path} holds the tensor {plain} twice: with {PREFIX} before it, and without.")
        if plain in shapes:
            _check(path, plain, place, shapes[plain])
            kept[plain] = place
    return Shard(path, kept)


def unknown(keys: Iterable[str], shapes: Mapping[str, tuple[int, ...]]) -> list[str]:
    """Tensors that are neither of a backbone with these shapes nor of its eyes."""
    return [key for key in keys if (plain := key.removeprefix(PREFIX)) not in shapes and not belongs_to_eyes(plain)]


def read_json(path: Path, longest: int) -> dict[str, Any]:
    """A JSON object out of a file of bounded length. Raises BundleMissing or BundleCorrupt."""
    if not path.is_file():
        raise BundleMissing(f"There is no file {path}.")
    if path.stat().st_size > longest:
        raise BundleCorrupt(f"{path} is refused: {path.stat().st_size:,} bytes are too many for it.")
    try:
        entries = json.loads(path.read_text("utf-8"))
    except (ValueError, RecursionError) as error:
        raise BundleCorrupt(f"{path} is not JSON.") from error
    if not isinstance(entries, dict):
        raise BundleCorrupt(f"{path} holds no JSON object.")
    return entries


def weight_shapes(config: BackboneConfig) -> dict[str, tuple[int, ...]]:
    """Shape of every tensor that a backbone of this geometry has, by upstream's key."""
    hidden, inner, shared = config.hidden_size, config.intermediate_size, config.num_attention_groups * config.head_dim
    layer = {
        "self_attn.q_proj": (hidden, hidden), "self_attn.k_proj": (shared, hidden), "self_attn.v_proj": (shared, hidden),
        "self_attn.o_proj": (hidden, hidden), "mlp.gate_proj": (inner, hidden), "mlp.up_proj": (inner, hidden),
        "mlp.down_proj": (hidden, inner), "input_layernorm": (hidden,), "post_attention_layernorm": (hidden,),
    }  # fmt: skip
    shapes: dict[str, tuple[int, ...]] = {EMBEDDING: (config.vocab_size, hidden), HEAD: (config.vocab_size, hidden), NORM: (hidden,)}
    for number in range(config.num_hidden_layers):
        shapes |= {f"model.layers.{number}.{part}.weight": shape for part, shape in layer.items()}
    return shapes


def _index(path: Path) -> dict[str, str]:
    placed = read_json(path, LONGEST_INDEX).get("weight_map")
    if not isinstance(placed, dict) or not all(isinstance(name, str) for name in placed.values()):
        raise BundleCorrupt(f"{path} is no index of safetensors files.")
    for name in set(placed.values()):
        if Path(name).name != name or not name.endswith(".safetensors"):
            raise BundleCorrupt(f"{path} names “{name[:100]}”, which lies outside its folder.")
    return placed


def _check(path: Path, key: str, place: TensorPlace, shape: tuple[int, ...]) -> None:
    if place.shape != shape:
        raise BundleCorrupt(f"{path} holds {key} as {list(place.shape)}, but the config asks for {list(shape)}.")
    if place.dtype not in FLOATS:
        raise BundleCorrupt(f"{path} holds {key} as {place.dtype}; weights are {', '.join(FLOATS)}.")


def convert_shard(shard: Shard, target: Path, quantization: "Quantization | None", tick: Tick = lambda _: None) -> str:
    """Write one shard again, quantized or (None) as it is, under the same name; it is there whole or not at all.

    Returns:
        The new file's SHA-256.

    Raises:
        BundleCorrupt: the file ends before it should, or holds what is no number.
    """
    forms = {name: form for key, place in shard.tensors.items() for name, form in _forms(key, place, quantization).items()}
    digest = hashlib.sha256()
    draft = target.with_name(f".{target.name}.part")
    with shard.path.open("rb") as file, draft.open("wb") as out:

        def write(content: bytes | memoryview) -> None:
            digest.update(content)
            out.write(content)

        write(header(forms))
        for key, place in shard.tensors.items():
            if quantization is not None and quantization.covers(key, place.shape):
                blocks = []
                for rows, content in row_blocks(file, place, BLOCK_BYTES):
                    blocks.append(quantization.quantize(key, _floats(content, place, rows, shard.path, key)))
                    tick(len(content))
                for tensor in _below_each_other(blocks):
                    write(_bytes_of(tensor))
            else:
                for rows, content in row_blocks(file, place, BLOCK_BYTES):
                    if quantization is None:
                        write(content)
                    else:
                        write(_bytes_of(quantization.kept(_floats(content, place, rows, shard.path, key))))
                    tick(len(content))
        out.flush()
        os.fsync(out.fileno())
    draft.replace(target)
    return digest.hexdigest()


def written_bytes(shard: Shard, quantization: "Quantization | None") -> int:
    """What a shard will take when it is converted, its header aside."""
    total = 0
    for key, place in shard.tensors.items():
        for dtype, shape in _forms(key, place, quantization).values():
            size = SIZES[dtype]
            for length in shape:
                size *= length
            total += size
    return total


def seal(checkpoint: Checkpoint, target: Path, quantization: "Quantization | None") -> None:
    """After the last shard: write the index and, last, `config.json`."""
    places: dict[str, str] = {}
    size_bytes = 0
    for shard in checkpoint.shards:
        places |= dict.fromkeys(read_places(target / shard.path.name), shard.path.name)
        size_bytes += written_bytes(shard, quantization)
    if len(checkpoint.shards) > 1 or checkpoint.shards[0].path.name != SINGLE_NAME:
        write_json(target / INDEX_NAME, {"metadata": {"total_size": size_bytes}, "weight_map": places})
    entries = dict(checkpoint.entries)
    if quantization is not None:
        entries["quantization"] = asdict(quantization)
    write_json(target / CONFIG_NAME, entries)


def write_json(path: Path, entries: Mapping[str, Any]) -> None:
    """Write a JSON file in one step."""
    draft = path.with_name(f".{path.name}.part")
    draft.write_text(json.dumps(entries, indent=1) + "\n", "utf-8")
    draft.replace(path)


def _forms(key: str, place: TensorPlace, quantization: "Quantization | None") -> dict[str, tuple[str, tuple[int, ...]]]:
    """What becomes of a tensor: type and shape of each that is written, in order."""
    if quantization is None:
        return {key: (place.dtype, place.shape)}
    import torch

    names = {torch.int8: "I8", torch.uint8: "U8", torch.bfloat16: "BF16", torch.float16: "F16", torch.float32: "F32", torch.int32: "I32"}
    stored = quantization.stored(key, torch.Size(place.shape))
    return {name: (names[dtype], tuple(shape)) for name, (shape, dtype) in stored.items()}


def _floats(content: bytes, place: TensorPlace, rows: int, path: Path, key: str) -> "Tensor":
    import torch

    kinds = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16, "F64": torch.float64}
    tensor = torch.frombuffer(bytearray(content), dtype=kinds[place.dtype]).reshape(rows, *place.shape[1:])
    if not bool(torch.isfinite(tensor).all()):
        raise BundleCorrupt(f"{path} holds {key} with values that are no numbers.")
    return tensor


def _below_each_other(blocks: "list[Matrix]") -> "list[Tensor]":
    from parley_models.backbone.matrices import stack

    return list(stack(blocks).tensors())


def _bytes_of(tensor: "Tensor") -> memoryview:
    import torch

    return tensor.contiguous().reshape(-1).view(torch.uint8).numpy().data
