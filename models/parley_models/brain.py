"""The backbone of a bundle as the assistant's brain."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from parley_models.backbone.along import Along
from parley_models.backbone.backbone import Backbone
from parley_models.backbone.decode import Decoder
from parley_models.backbone.voicing import voiced
from parley_models.errors import BundleCorrupt
from parley_models.manifest import Manifest


class BackboneBrain:
    """One model, one context, on one torch thread."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        """Load `backbone/`. Raises BundleError."""
        self._backbone = Backbone.load(folder, context=manifest.context_tokens)
        ids, needed = self._backbone.config.vocab_size, manifest.tokens.vocab_size
        if ids < needed:
            raise BundleCorrupt(f"{folder} has {ids} ids, fewer than the manifest's {needed}.")
        self._decoder = Decoder(self._backbone, manifest.tokens, manifest.sampling)
        self._layout, self._groups_per_block = manifest.tokens, manifest.chat.writes_along_groups
        self._sampling = manifest.sampling
        self._along: Along | None = None

    def resume(self, ids: Sequence[int]) -> None:
        """Make the context exactly these ids."""
        logits = self._backbone.prepare(ids)
        if self._groups_per_block:
            self._along = Along(self._backbone, self._layout, self._groups_per_block, logits)

    def read(self, ids: Sequence[int]) -> None:
        """Add ids to the context."""
        if ids:
            self._backbone.prefill(ids)

    def hear(self, ids: Sequence[int], *, last: bool = False) -> Sequence[int]:
        """Add groups of a question that is being heard, and the words that become clear by them if the bundle writes along."""
        if self._along is not None:
            return self._along.hear(ids, last=last)
        self.read(ids)
        return ids

    @property
    def question_complete(self) -> float | None:
        """The model's own probability that nothing more follows; None where the bundle does not write along."""
        return self._along.complete if self._along is not None else None

    def decode(self, seed: int, limit: int) -> Iterator[int]:
        """Answer what is in the context."""
        return self._decoder.answer(self._backbone.ids, seed=seed, max_ids=limit)

    def voice(self, seed: int, limit: int, *, may_end: bool) -> Iterator[int]:
        """Sound for the words at the end of the context."""
        return voiced(self._backbone, list(self._backbone.ids), self._layout, self._sampling, seed=seed, limit=limit, may_end=may_end)
