"""Whether what passed for a voice was the speaker's own: the last guard against an assistant that interrupts and answers itself.

The canceller and `NearVoice` both have to learn the room, and someone unplugs his headphones in the middle of an answer. This asks later
and needs nothing learned: an echo's ups and downs are those of what was played, however loud it is and however long it was on its way.
"""

from collections import deque

import numpy as np

from parley.audio.band_levels import BANDS, SILENT_DB, Bands

LOOKED_AT = 60
"""Frames that are compared."""

LATEST = 60
"""Frames by which an echo may be late: drivers, wireless speakers, the room."""

DECAY_DB = 1.0
"""A frame's decay in a room of 0.6 s."""

LOUD_DB = 20.0
"""Frames that are so much softer than the loudest are left out: silence before and after makes any two sounds alike."""

RANGE_DB = 25.0
"""What is so much below the loudest of its band is no part of the comparison either."""

ALIKE = 0.74
"""A correlation above this is an echo. Measured in four simulated rooms: echoes 0.76 to 0.94; someone who speaks over the answer as loudly
as it is 0.05 to 0.67, a single word of his 0.21 to 0.77 (one of 28 above this). Who speaks on 0.4 times as loudly is missed in
3 of 28 cases, a single word of his in 6 of 28, four of them in the room with the loudest echo."""


class OwnVoice:
    """Remembers the last second of both sides. The audio thread observes, any thread may ask."""

    def __init__(self) -> None:
        silence = np.full((LOOKED_AT + LATEST, BANDS), SILENT_DB)
        self._recent: deque[tuple[Bands, Bands]] = deque([(silence, silence)], maxlen=LOOKED_AT + LATEST + 1)
        """What was heard and what was played, a frame or more at a time: put together only when somebody asks."""

    def observe(self, heard: Bands, played: Bands) -> None:
        """Take the next frames (k, bands) of what was heard and what was played."""
        self._recent.append((heard, played))

    def is_heard(self) -> bool:
        """Whether the last 0.6 s of the microphone are an echo of what was played, and nothing else."""
        return self.likeness() > ALIKE

    def likeness(self) -> float:
        """The correlation of both sides' levels, at the delay at which it is highest: −1…1; 0 where one of them is silent."""
        heard, played = (np.concatenate(side, dtype=float)[-(LOOKED_AT + LATEST) :] for side in zip(*self._recent.copy(), strict=True))
        wanted, ringing = heard[-LOOKED_AT:], _raised(_decaying(played))
        loud = wanted.max(axis=1) > wanted.max() - LOUD_DB
        wanted = _changes(_raised(wanted)[loud])
        return max(_correlation(wanted, _changes(ringing[late : late + LOOKED_AT][loud])) for late in range(LATEST + 1))


def _decaying(levels: Bands) -> Bands:
    """What a room makes of them."""
    lasting = levels.copy()
    for frame in range(1, len(lasting)):
        lasting[frame] = np.maximum(lasting[frame], lasting[frame - 1] - DECAY_DB)
    return lasting


def _raised(levels: Bands) -> Bands:
    raised: Bands = np.maximum(levels, levels.max(axis=0) - RANGE_DB)
    return raised


def _changes(levels: Bands) -> Bands:
    changes: Bands = levels - levels.mean(axis=0)
    return changes


def _correlation(one: Bands, other: Bands) -> float:
    power = float(np.square(one).sum() * np.square(other).sum())
    return float((one * other).sum()) / np.sqrt(power) if power > 0 else 0.0
