"""What is made of the files that a pull brings, one shard at a time."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from parley_models.backbone.config import BackboneConfig, read_entries
from parley_models.backbone.convert import quantize_shard, seal_checkpoint, weight_shapes
from parley_models.backbone.quantize import Quantization
from parley_models.backbone.weights import CONFIG_NAME
from parley_models.errors import UsageError
from parley_models.hub.catalogue import Entry
from parley_models.hub.footprint import Precision

BACKBONE_FOLDER = "backbone"


class Maker(Protocol):
    """Makes a model in a folder. Whatever it does can be done again: a pull may be killed at any moment and goes on later."""

    def take_shard(self, shard: Path, small: Path, target: Path) -> Path | None:
        """Convert one verified shard of the backbone.

        Args:
            shard: the file; it may be removed as soon as this returns.
            small: a folder with the backbone's small files, `config.json` among them.
            target: the model being made.

        Returns:
            What was written for it, there whole or not at all; None if the backbone needs nothing of this shard.
        """

    def finish(self, sources: Mapping[str, Path], target: Path) -> None:
        """Make everything else, after the last shard.

        Args:
            sources: by role, the folder with that role's verified files, in the repository's layout; the backbone's without its shards.
            target: the model being made; after this it is complete.
        """


@dataclass(frozen=True, slots=True)
class BackboneMaker:
    """A backbone alone, quantized: one that drafts."""

    quantization: Quantization

    @staticmethod
    def of(precision: Precision) -> "BackboneMaker":
        """For a precision of the catalogue. Raises UsageError for one that is no quantization."""
        return BackboneMaker(Quantization(precision.name))

    def take_shard(self, shard: Path, small: Path, target: Path) -> Path | None:
        """See `Maker.take_shard`."""
        folder = target / BACKBONE_FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        shapes = weight_shapes(BackboneConfig.from_file(small / CONFIG_NAME))
        return quantize_shard(shard, folder, shapes, self.quantization)

    def finish(self, sources: Mapping[str, Path], target: Path) -> None:
        """See `Maker.finish`."""
        seal_checkpoint(target / BACKBONE_FOLDER, read_entries(sources["backbone"] / CONFIG_NAME), self.quantization)


def maker_for(entry: Entry) -> Maker:
    """What makes a model of the catalogue. Raises UsageError for a precision that is not known."""
    if entry.precision is None:
        raise UsageError(f"{entry.title} comes with Parley: there is nothing to make.")
    return BackboneMaker.of(entry.precision)
