"""The backbone of a bundle as the assistant's brain."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from parley_models.backbone.backbone import Backbone
from parley_models.backbone.decode import Decoder
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

    def resume(self, ids: Sequence[int]) -> None:
        """Make the context exactly these ids."""
        self._backbone.prepare(ids)

    def read(self, ids: Sequence[int]) -> None:
        """Add ids to the context."""
        if ids:
            self._backbone.prefill(ids)

    def hear(self, ids: Sequence[int], *, last: bool = False) -> Sequence[int]:
        """Add groups of a question that is being heard."""
        self.read(ids)
        return ids

    @property
    def question_complete(self) -> float | None:
        """Not known."""
        return None

    def decode(self, seed: int, limit: int) -> Iterator[int]:
        """Answer what is in the context."""
        return self._decoder.answer(self._backbone.ids, seed=seed, max_ids=limit)
