"""Holding still what a stage does not learn."""

import torch
from torch import Tensor

from parley_models.backbone.model import StepOmni
from parley_training.backbone.stages import Learns
from parley_training.parallel.sharding import local, slice_of
from parley_training.text.recipe import LAYOUT


class Held:
    """The part of a model that must not change, until another stage begins.

    No gradient is computed for a weight that is held whole. Of the embeddings only the rows of text are: they are put back after each
    step, because an optimizer that still has momentum or decays weights moves rows without any gradient.
    """

    def __init__(self, model: StepOmni, learns: Learns) -> None:
        """Hold what is not to be learned, and let go of the rest; the model may be spread over a fleet."""
        embeddings, head = model.model.embed_tokens.weight, model.lm_head.weight
        for weight in model.parameters():
            weight.requires_grad_(learns == "everything" or weight is embeddings or weight is head)
        self._weight = embeddings
        self._rows: Tensor | None = None
        if learns == "audio":
            text = torch.ones(embeddings.shape[0], 1, dtype=torch.bool, device=embeddings.device)
            text[LAYOUT.audio_offset : LAYOUT.audio_stop] = False
            self._rows = slice_of(text.expand(embeddings.shape), embeddings)
            self._values = local(embeddings.detach()).clone()

    @torch.no_grad()
    def put_back(self) -> None:
        """After a step: what is held is as it was."""
        if self._rows is not None:
            mine = local(self._weight)
            mine.copy_(torch.where(self._rows, self._values, mine))
