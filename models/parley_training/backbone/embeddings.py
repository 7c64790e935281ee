"""Where the embeddings of audio ids begin: at what the tokenizers know of their codes, so that like sounds are alike from the first step.

Drawn at random, 5,120 embeddings have to be told apart by examples alone; a first Mini heard nothing after 26 minutes of that.
"""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from parley_models.backbone.model import StepOmni
from parley_models.networks.semantic import DETAIL_LEVELS, F0_LEVELS
from parley_training.text.recipe import LAYOUT

F0_WAVES = 6
UNVOICED_SHARE = 3.0
"""How far an unvoiced code lies from the voiced ones, in deviations of a wave."""


def embed_codes(model: StepOmni, linguistic: Path, semantic: Path, *, seed: int = 0) -> None:
    """Set the embeddings of all audio ids from both recipes' code books, at the deviation of the text embeddings."""
    generator = torch.Generator().manual_seed(seed)
    weight = model.model.embed_tokens.weight
    scale = float(weight.detach()[LAYOUT.bot : LAYOUT.audio_offset].std())
    details = torch.from_numpy(np.load(semantic / "detail.npy"))
    pitches = _pitches()
    pairs = torch.cat([_standard(pitches).repeat_interleave(DETAIL_LEVELS, 0), _standard(details).repeat(F0_LEVELS, 1)], dim=1)
    books = (torch.from_numpy(np.load(linguistic / "codebook.npy")), pairs)
    with torch.no_grad():
        for book, first in zip(books, (LAYOUT.audio_offset, LAYOUT.semantic_offset), strict=True):
            weight[first : first + len(book)] = scale * _standard(_turned(book, weight.shape[1], generator))


def _pitches() -> Tensor:
    """A smooth code of the pitch level (48, 13): neighbours are alike, unvoiced is apart."""
    height = torch.linspace(0, np.pi, F0_LEVELS - 1)
    waves = torch.cat(
        [torch.cos(height[:, None] * torch.arange(1, F0_WAVES + 1)), torch.sin(height[:, None] * torch.arange(1, F0_WAVES + 1))], dim=1
    )
    voiced = torch.cat([waves, torch.zeros(len(waves), 1)], dim=1)
    unvoiced = torch.zeros(1, voiced.shape[1])
    unvoiced[0, -1] = UNVOICED_SHARE
    return torch.cat([unvoiced, voiced])


def _standard(rows: Tensor) -> Tensor:
    """Rows about zero, of deviation 1 over all."""
    centred = rows - rows.mean(0)
    return centred / centred.std()


def _turned(rows: Tensor, width: int, generator: torch.Generator) -> Tensor:
    """Rows (n, d) at any angle in a wider space (n, width); distances stay what they were."""
    turn, _ = torch.linalg.qr(torch.randn(width, rows.shape[1], generator=generator))
    return rows @ turn.T
