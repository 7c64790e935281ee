"""What tests of synthesizers measure."""

from collections.abc import Callable

import numpy as np
import pytest

from parley_training.corpus.phones import NUMBER
from parley_training.corpus.speech import Speaker, say


@pytest.fixture
def hissing() -> Callable[[Speaker], float]:
    """How many times as sharp as its vowels a speaker's s is, each where the labels put it: well above 1 if they keep time."""

    def measure(speaker: Speaker) -> float:
        utterance = say("See the sea.", speaker)
        labels = utterance.labels()
        steps = np.abs(np.diff(utterance.samples, append=0.0))
        stretches = [slice(n * 320, (n + 1) * 320) for n in range(len(labels))]
        slots = np.array([steps[stretch].mean() / (np.abs(utterance.samples[stretch]).mean() + 1e-4) for stretch in stretches])
        return float(slots[labels == NUMBER["s"]].mean() / slots[labels == NUMBER["iy"]].mean())

    return measure
