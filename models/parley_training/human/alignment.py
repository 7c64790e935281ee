"""Where each phone of a known text lies in a recording, for a corpus."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from parley_models.tokenizers import forced_alignment
from parley_training.corpus.phones import NUMBER, SILENCE
from parley_training.corpus.pronunciation import pronounced

_SILENT = NUMBER[SILENCE]


def align(log_probabilities: npt.NDArray[np.float32], words: Sequence[str]) -> tuple[npt.NDArray[np.uint8], float]:
    """Phone labels (slots,) and how likely they are: mean log probability a slot.

    Silence may lie before, after and between words. A text with more phones than the recording has slots is impossible: -inf.

    Args:
        log_probabilities: (slots, phones) of every 20 ms slot.
        words: what is said.
    """
    states = [_SILENT]
    for word in words:
        states += [*pronounced(word), _SILENT]
    phones = np.array(states, np.uint8)
    path, likelihood = forced_alignment.align(log_probabilities[:, phones], phones == _SILENT)
    return phones[path], likelihood / len(path)
