"""Examples of like length as one batch, and how much each of the ids to be said weighs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from parley_training.backbone.listening import LISTEN, SLOTS_PER_GROUP
from parley_training.backbone.stretch import UNLEARNED, Stretch
from parley_training.text.recipe import LAYOUT

VITAL_WEIGHT, TEXT_WEIGHT, LISTEN_WEIGHT, AUDIO_WEIGHT = 3.0, 1.0, 0.4, 0.25
"""Audio ids are many and, given the text, easy: at full weight they drown the words. So do decisions to listen on; and the frame of a
sentence its one word that must be right."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Examples of like length, padded on the right."""

    ids: Tensor
    """int64 (B, T): what goes in."""

    at: Tensor
    """int64 (n,): flat positions of `ids` after which something is learned."""

    following: Tensor
    """int64 (n,): what is to be said there."""

    weight: Tensor
    """float32 (n,)."""

    sounding: Tensor
    """int64 (m,): flat positions of `ids` where heard groups end."""

    phones: Tensor
    """int64 (m, 6): what sounded in the group before."""


def collate(examples: Sequence[Stretch], audio_weight: float = AUDIO_WEIGHT) -> Batch:
    """Pad to a multiple of 32, so that a compiled model meets few shapes. `audio_weight` is what each audio id to be said weighs."""
    longest = -(-max(len(example.ids) for example in examples) // 32) * 32
    ids = np.zeros((len(examples), longest), np.int64)
    learned = np.full((len(examples), longest), UNLEARNED, np.int64)
    vital = np.zeros((len(examples), longest), bool)
    sounds = dict[int, npt.NDArray[np.uint8]]()
    for row, example in enumerate(examples):
        ids[row, : len(example.ids)] = example.ids
        learned[row, : len(example.ids)] = example.following
        vital[row, list(example.vital)] = True
        sounds |= {row * longest + place: phones for place, phones in example.phones.items()}
    at = np.flatnonzero(learned != UNLEARNED)
    following: npt.NDArray[np.int64] = learned.reshape(-1)[at]
    weight = np.where(following >= LAYOUT.audio_offset, audio_weight, TEXT_WEIGHT)
    deciding = (following == LISTEN) & (ids.reshape(-1)[at] >= LAYOUT.audio_offset)
    weight = np.where(deciding, LISTEN_WEIGHT, np.where(vital.reshape(-1)[at], VITAL_WEIGHT, weight)).astype(np.float32)
    phones = np.array(list(sounds.values()), np.int64).reshape(-1, SLOTS_PER_GROUP)
    sounding = np.array(list(sounds), np.int64)
    return Batch(*map(torch.from_numpy, (ids, at, following, weight, sounding, phones)))
