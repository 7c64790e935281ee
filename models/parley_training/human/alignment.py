"""Where each phone of a known text lies in a recording: the likeliest path through a phone reader's frames (Viterbi 1967)."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

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
    emitted = log_probabilities[:, phones]
    optional = phones == _SILENT
    slots, count = emitted.shape
    score = np.full(count, -np.inf)
    score[:2] = emitted[0, :2]
    came = np.zeros((slots, count), np.int8)
    for slot in range(1, slots):
        before = np.full((3, count), -np.inf)
        before[0], before[1, 1:] = score, score[:-1]
        before[2, 2:] = np.where(optional[1:-1], score[:-2], -np.inf)  # a silence may be left out
        came[slot] = before.argmax(0)
        score = before.max(0) + emitted[slot]
    state = count - 1 if count == 1 or score[-1] >= score[-2] else count - 2
    likelihood = float(score[state]) / slots
    labels = np.zeros(slots, np.uint8)
    for slot in range(slots - 1, -1, -1):
        labels[slot] = phones[state]
        state -= int(came[slot, state])
    return labels, likelihood
