"""What is made of the files that a pull brings: the small parts first, then the backbone one shard at a time."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from parley_models.backbone.config import BackboneConfig
from parley_models.backbone.convert import seal_checkpoint
from parley_models.backbone.quantize import Quantization
from parley_models.bundle import write_manifest
from parley_models.errors import BundleMissing, UsageError
from parley_models.hub.backbone_weights import (
    CONFIG_NAME,
    LONGEST_CONFIG,
    Checkpoint,
    convert_shard,
    read_json,
    shard_of,
    unknown,
    weight_shapes,
)
from parley_models.hub.catalogue import BACKBONE, EARS, VOICE, Entry
from parley_models.hub.converter import Tick
from parley_models.hub.importing import make_voices, manifest_of
from parley_models.hub.left_out import tell_left_out
from parley_models.hub.sources import VOCODER_FILES, Sources
from parley_models.hub.tensor_file import read_places
from parley_models.hub.upstream_bundle import Upstream, check_networks, look_at, make_linguistic, make_semantic, make_text, make_vocoder


class Maker(Protocol):
    """Makes a model in a folder. Whatever it does can be done again: a pull may be killed at any moment and goes on later."""

    @property
    def way(self) -> str:
        """How it makes shards; what an older Parley made of them in another way is made again."""

    def prepare(self, sources: Mapping[str, Path], target: Path) -> Sequence[Path]:
        """Make everything but the backbone's weights, before hours are spent on those.

        Args:
            sources: by role, the folder with that role's verified files, in the repository's layout; the backbone's without its shards.
            target: the model being made.

        Returns:
            What was written.
        """

    def take_shard(self, shard: Path, sources: Mapping[str, Path], target: Path, tick: Tick) -> Path | None:
        """Convert one verified shard of the backbone, which may be removed as soon as this returns; not always on the same thread.

        `tick` is told how many more bytes were read; what it raises ends the conversion.

        Returns:
            What was written for it, there whole or not at all; None if the backbone needs nothing of this shard.
        """

    def finish(self, sources: Mapping[str, Path], target: Path) -> None:
        """After the last shard: see that nothing is missing, and describe the model."""


@dataclass(frozen=True, slots=True)
class BackboneMaker:
    """A backbone alone, quantized: one that drafts."""

    quantization: Quantization

    @property
    def way(self) -> str:
        """See `Maker.way`."""
        return repr(self.quantization)

    def prepare(self, sources: Mapping[str, Path], target: Path) -> Sequence[Path]:  # noqa: ARG002 - as `Maker` has it
        """See `Maker.prepare`: there is nothing else."""
        _shapes(sources)
        return ()

    def take_shard(self, shard: Path, sources: Mapping[str, Path], target: Path, tick: Tick) -> Path | None:
        """See `Maker.take_shard`."""
        places, shapes = read_places(shard), _shapes(sources)
        needed = shard_of(shard, places, shapes)
        tell_left_out(shard, unknown(places, shapes))
        if not needed.tensors:
            return None
        made = target / BACKBONE / shard.name
        made.parent.mkdir(parents=True, exist_ok=True)  # not in `prepare`, whose work may be noted and yet be gone with its folder
        convert_shard(needed, made, self.quantization, tick)
        return made

    def finish(self, sources: Mapping[str, Path], target: Path) -> None:
        """See `Maker.finish`."""
        seal_checkpoint(target / BACKBONE, read_json(sources[BACKBONE] / CONFIG_NAME, LONGEST_CONFIG), self.quantization)


@dataclass(frozen=True, slots=True)
class BundleMaker:
    """A whole bundle: backbone, ears and voice, as `parley models import` makes it of folders."""

    entry: Entry
    backbone: BackboneMaker | None
    """None: it runs on a server."""

    @property
    def way(self) -> str:
        """See `Maker.way`."""
        return "" if self.backbone is None else self.backbone.way

    def prepare(self, sources: Mapping[str, Path], target: Path) -> Sequence[Path]:
        """See `Maker.prepare`."""
        upstream, _ = _upstream(sources)
        check_networks(upstream)
        if self.backbone is not None:
            self.backbone.prepare(sources, target)
        scratch = target / "scratch"
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir()
        made = [path for make in (make_text, make_linguistic, make_semantic, make_vocoder) for path in make(upstream, target, scratch)]
        shutil.rmtree(scratch)
        return made

    def take_shard(self, shard: Path, sources: Mapping[str, Path], target: Path, tick: Tick) -> Path | None:
        """See `Maker.take_shard`."""
        return None if self.backbone is None else self.backbone.take_shard(shard, sources, target, tick)

    def finish(self, sources: Mapping[str, Path], target: Path) -> None:
        """See `Maker.finish`."""
        if self.backbone is not None:
            self.backbone.finish(sources, target)
        upstream, checkpoint = _upstream(sources)
        voices = tuple(make_voices(upstream, target))
        manifest = manifest_of(upstream, checkpoint, self.entry.name, voices)
        write_manifest(target, replace(manifest, title=self.entry.title, licence=self.entry.licence, version="pulled"))


def maker_for(entry: Entry) -> Maker:
    """What makes a model of the catalogue. Raises UsageError for one that comes with Parley, or a precision that is not known."""
    if entry.built_in:
        raise UsageError(f"{entry.title} comes with Parley: there is nothing to make.")
    backbone = None if entry.precision is None else BackboneMaker(Quantization(entry.precision.name, entry.precision.group_size))
    return backbone if entry.drafts_for and backbone else BundleMaker(entry, backbone)


def _shapes(sources: Mapping[str, Path]) -> dict[str, tuple[int, ...]]:
    return weight_shapes(BackboneConfig.from_dict(read_json(sources[BACKBONE] / CONFIG_NAME, LONGEST_CONFIG)))


def _upstream(sources: Mapping[str, Path]) -> tuple[Upstream, Checkpoint]:
    """The small parts as looked at, and the backbone without its shards. Raises BundleMissing or BundleCorrupt."""
    backbone, ears, voice = sources[BACKBONE], sources[EARS], sources[VOICE]
    entries = read_json(backbone / CONFIG_NAME, LONGEST_CONFIG)
    folders = Sources(backbone, ears, _holder(ears, "am.mvn"), _holder(voice, VOCODER_FILES[0]))
    return look_at(folders, entries), Checkpoint(backbone, entries, BackboneConfig.from_dict(entries), ())


def _holder(folder: Path, name: str) -> Path:
    """The folder below this one that holds a file. Raises BundleMissing."""
    found = sorted(folder.rglob(name))
    if not found:
        raise BundleMissing(f"None of the files that were fetched is called {name}.")
    return found[0].parent
