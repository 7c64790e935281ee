"""The backbone of a bundle as the assistant's brain."""

import logging
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from parley_models.backbone.along import Along
from parley_models.backbone.backbone import Backbone
from parley_models.backbone.decode import Decoder
from parley_models.backbone.drafting import Drafter, LowLayers, SmallModel
from parley_models.backbone.gain import measure
from parley_models.backbone.speculation import Speculation
from parley_models.backbone.voicing import voiced
from parley_models.bundle import drafts_place
from parley_models.errors import BundleCorrupt, BundleError, DeviceError
from parley_models.manifest import Manifest
from parley_models.tokens import TokenLayout

logger = logging.getLogger(__name__)


class BackboneBrain:
    """One model, one context, on one torch thread or on a card."""

    def __init__(self, backbone: Backbone, manifest: Manifest, speculation: Speculation | None = None) -> None:
        """`speculation` is of the same backbone; without one every id is a step of its own."""
        self._backbone, self._manifest, self._speculation = backbone, manifest, speculation
        self._decoder = Decoder(backbone, manifest.tokens, manifest.sampling, speculation)
        self._layout, self._groups_per_block = manifest.tokens, manifest.chat.writes_along_groups
        self._sampling = manifest.sampling
        self._along: Along | None = None

    @staticmethod
    def load(folder: Path, manifest: Manifest, device: str = "cpu") -> "BackboneBrain":
        """Load `backbone/` onto a device, named as torch does. Raises BundleError or DeviceError."""
        backbone = Backbone.load(folder, context=manifest.context_tokens, device=device)
        ids, needed = backbone.config.vocab_size, manifest.tokens.vocab_size
        if ids < needed:
            raise BundleCorrupt(f"{folder} has {ids} ids, fewer than the manifest's {needed}.")
        return BackboneBrain(backbone, manifest, speculation(backbone, folder, manifest))

    def twin(self) -> "BackboneBrain":
        """The same model with a context of its own; it drafts nothing."""
        return BackboneBrain(self._backbone.twin(), self._manifest)

    def resume(self, ids: Sequence[int]) -> None:
        """Make the context exactly these ids."""
        logits = self._backbone.prepare(ids)
        if self._groups_per_block:
            marked = self._manifest.chat.marks_speech_end
            self._along = Along(self._backbone, self._layout, self._groups_per_block, logits, ends_marked=marked)
        self._keep_up()

    def read(self, ids: Sequence[int]) -> None:
        """Add ids to the context."""
        if ids:
            self._backbone.prefill(ids)
            self._keep_up()

    def hear(self, ids: Sequence[int], *, last: bool = False) -> Sequence[int]:
        """Add groups of a question that is being heard, and the words that become clear by them if the bundle writes along."""
        if self._along is None:
            self.read(ids)
            return ids
        heard = self._along.hear(ids, last=last)
        self._keep_up()
        return heard

    @property
    def question_complete(self) -> float | None:
        """The model's own probability that what it heard is whole; None where it can't tell, or was not asked (`Along.complete`)."""
        return self._along.complete if self._along is not None else None

    @property
    def said_likelihood(self) -> float:
        """Log probability of the text of the last answer so far."""
        return self._decoder.text_likelihood

    def decode(self, seed: int, limit: int) -> Iterator[int]:
        """Answer what is in the context."""
        return self._decoder.answer(self._backbone.ids, seed=seed, max_ids=limit)

    def voice(self, seed: int, limit: int, *, may_end: bool) -> Iterator[int]:
        """Sound for the words at the end of the context."""
        return voiced(self._backbone, list(self._backbone.ids), self._layout, self._sampling, seed=seed, limit=limit, may_end=may_end)

    def _keep_up(self) -> None:
        if self._speculation is not None:
            self._speculation.keep_up()


def speculation(backbone: Backbone, folder: Path, manifest: Manifest) -> Speculation | None:
    """Speculation as the manifest has it, `folder` being the backbone's; None where it has none, or where it would not pay.

    Raises:
        BundleError: there is no such drafter.
    """
    drafter = _drafter(backbone, folder, manifest)
    if drafter is None:
        return None
    if manifest.drafting.always:
        return Speculation(backbone, drafter)
    certain, group = manifest.sampling.audio_temperature <= 0, _any_group(manifest.tokens)
    clock = time.thread_time if backbone.device == "cpu" else time.perf_counter  # of this thread alone, however busy others are
    costs = measure(backbone, drafter, group, as_steps=certain, clock=clock)
    least = costs.least_acceptance()
    verdict = "does not pay" if least is None else f"pays from {least:.2f} of its drafts kept on"
    logger.info("speculation %s: a group checked at once takes %.2f steps, a draft %.2f", verdict, *costs.in_steps())
    return None if least is None else Speculation(backbone, drafter, least)


def _drafter(backbone: Backbone, folder: Path, manifest: Manifest) -> Drafter | None:
    drafting = manifest.drafting
    if drafting.folder is not None:
        small = Backbone.load(folder.parent / drafting.folder, context=manifest.context_tokens, device=backbone.device)
        return SmallModel(backbone, small)
    if drafting.pulled is not None and (pulled := drafts_place() / drafting.pulled / "backbone").is_dir():
        try:
            return SmallModel(backbone, Backbone.load(pulled, context=manifest.context_tokens, device=backbone.device))
        except (BundleError, DeviceError) as error:  # answers come without it too, only more slowly
            logger.warning("%s can't draft: %s", drafting.pulled, error)
    return LowLayers(backbone, drafting.layers) if drafting.layers else None


def _any_group(layout: TokenLayout) -> list[int]:
    return [layout.audio_offset] * layout.linguistic_per_group + [layout.semantic_offset] * layout.semantic_per_group
