"""Whether the microphone hears more than the speaker's echo, told before the canceller lets it through.

AEC3 holds back whoever speaks over an answer for 50 to 300 ms (measured), as it can't know yet that this is no echo. So the two streams
are compared as they are: in each band the echo is expected to be as loud as the room has made it of late, and a voice is what is louder
in several bands at once.
"""

from collections import deque

import numpy as np

from parley.audio.band_levels import BANDS, SILENT_DB, Bands

LASTS = 30
"""Frames for which a sound may still be on its way: any latency of drivers, and the room's first reflections."""

DECAY_DB = 1.0
"""A frame's decay of what was played, after that: a room of 0.6 s."""

LOUD_DB = -55.0
"""What was played must be so loud in a band for its echo to be learned from."""

LEARNED_AFTER = 80
"""Frames with such sound until a band's echo is known; before that the band does not count."""

RISE_DB, FALL_DB = 3.0, 0.05
"""How much louder a frame of echo may make what is expected, and how slowly that is forgotten: a bound that one frame in sixty is above."""

RISE_OVER_VOICE_DB = 0.08
"""The same where it may be a voice: someone who speaks must hardly be learned, but a speaker that was turned up must be, within seconds."""

NOISE_RISE_DB = 0.02
"""A frame, while nothing is played."""

MARGIN_DB, ABOVE_NOISE_DB = 3.0, 3.0
MOST_DB = 12.0
"""A single band counts no more than this."""

VOICE_DB = 14.0
"""So much above what is expected, over all bands, is a voice: more than one band's worth. Echoes of rooms, drifting clocks and loudspeakers
that distort reached 8 (measured), someone who speaks as loudly as the answer 30 to 110."""

PERHAPS_DB = 4.0
"""So much may be the beginning of a voice; echoes stay below it in 99 frames of a hundred."""

FADED_DB = 10.0
FADING = 8
"""Frames: what is so much below the loudest of them is the end of a key's click, whose beginning is the loudest."""


class NearVoice:
    """Compares what was heard with what was played, in frames of 10 ms (`BandLevels`)."""

    def __init__(self) -> None:
        self._played = np.full((LASTS, BANDS), SILENT_DB)
        self._expected = np.full(BANDS, SILENT_DB)
        self._coupling = np.full(BANDS, -60.0)
        self._noise = np.full(BANDS, -60.0)
        self._learned = np.zeros(BANDS)
        self._known = np.zeros(BANDS)
        """1 for bands that were learned, 0 for the others."""
        self._unbound = np.full(BANDS, np.inf)
        """0 for bands that were learned; what the others learn is bound by nothing."""
        self._levels: deque[float] = deque(maxlen=FADING)

    def observe(self, heard: Bands, played: Bands) -> list[bool]:
        """Take the next frames (k, bands) of what was heard and what was played; which of them hold a voice that is not the speaker's."""
        self._played = np.concatenate([self._played[-LASTS:], played])
        loudest, before = np.maximum.reduce(self._played), self._expected
        self._expected = np.maximum(loudest, before - DECAY_DB * len(played))
        echo = np.maximum(loudest, before - DECAY_DB) + self._coupling
        bound = np.maximum(echo, self._noise + ABOVE_NOISE_DB) + MARGIN_DB
        above = (np.minimum(np.maximum(heard - bound, 0), MOST_DB) @ self._known).tolist()
        self._learn(heard, RISE_DB if max(above) < PERHAPS_DB else RISE_OVER_VOICE_DB)
        return [self._is_voice(*each) for each in zip(above, np.maximum.reduce(heard, axis=1).tolist(), strict=True)]

    def _is_voice(self, above_db: float, level_db: float) -> bool:
        self._levels.append(level_db)
        return above_db >= VOICE_DB and level_db > max(self._levels) - FADED_DB

    def _learn(self, heard: Bands, rise_db: float) -> None:
        count, sounding = len(heard), self._expected > LOUD_DB
        if not sounding.any():
            lowest = np.minimum.reduce(heard)
            self._noise += np.where(lowest < self._noise, 0.1 * (lowest - self._noise), NOISE_RISE_DB * count)
            return
        louder = np.maximum.reduce(heard) - self._expected - self._coupling
        bent = np.where(louder > 0, np.minimum(louder, self._unbound + rise_db * count), -FALL_DB * count * self._known)
        self._coupling += bent * sounding
        if self._known.all():
            return
        self._learned += count * sounding
        known = self._learned >= LEARNED_AFTER
        self._known, self._unbound = known.astype(float), np.where(known, 0.0, np.inf)
