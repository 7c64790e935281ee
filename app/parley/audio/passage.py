"""Past the canceller: a voice that it holds back is heard as the microphone has it.

In the first seconds AEC3 takes all that comes while the speaker sounds for echo. Whole questions were lost to it: of seven that were spoken
into the first answer, with headphones on, it let one through within 0.7 s (simulated room).
"""

import numpy as np

from parley_models.pcm import Samples


class Passage:
    """Fades from the canceller's sound to the microphone's own and back."""

    def __init__(self) -> None:
        self._share = 0.0
        """Of the microphone's own sound, at the end of the last piece."""

    def mixed(self, near: Samples, cleaned: Samples, *, past: bool) -> Samples:
        """The next piece (n,) of both: past the canceller, or through it; in the middle of a fade for the whole of the piece."""
        wanted = 1.0 if past else 0.0
        if self._share == wanted:
            return near if past else cleaned
        fade = np.linspace(self._share, wanted, len(near), dtype=np.float32)
        self._share = wanted
        mixed: Samples = cleaned + fade * (near - cleaned)
        return mixed
