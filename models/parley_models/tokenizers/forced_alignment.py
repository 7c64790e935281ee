"""Phones of a known text laid along a sound: the likeliest path through them (Viterbi 1967)."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt


class Alignment(NamedTuple):
    """Where each state of a text lies."""

    states: npt.NDArray[np.int64]
    """(slots,) which of the text's states each slot is in."""

    log_likelihood: float
    """Of the whole path; -inf if the text has more states than the sound has slots."""


def align(emitted: npt.NDArray[np.floating], optional: npt.NDArray[np.bool_]) -> Alignment:
    """The likeliest way through all states in their order, each for one slot or more.

    Args:
        emitted: (slots, states) log probability of each slot in each state; at least one slot.
        optional: (states,) which may be left out; no two of these lie side by side.
    """
    slots, count = emitted.shape
    score = np.full(count, -np.inf)
    first = 2 if optional[0] else 1
    score[:first] = emitted[0, :first]
    skipped = np.where(optional[1:-1], 0.0, -np.inf)  # what it costs to come from two states before
    came = np.zeros((slots, count), np.int8)
    before = np.full((3, count), -np.inf)
    for slot in range(1, slots):
        before[0], before[1, 1:] = score, score[:-1]
        before[2, 2:] = score[:-2] + skipped
        came[slot] = before.argmax(0)
        score = before.max(0) + emitted[slot]
    state = count - 2 if count > 1 and optional[-1] and score[-2] > score[-1] else count - 1
    log_likelihood = float(score[state])
    states = np.zeros(slots, np.int64)
    for slot in range(slots - 1, -1, -1):
        states[slot] = state
        state -= int(came[slot, state])
    return Alignment(states, log_likelihood)
